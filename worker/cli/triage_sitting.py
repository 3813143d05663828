"""A sitting: one decision after the other, each answered with a letter. Whatever is answered is done at once."""

import time
from collections.abc import Callable, Sequence

from rich.text import Text

from worker.cli.deciding import case_named, patiently
from worker.cli.screen import out
from worker.cli.triage_keys import Keys
from worker.cli.triage_screen import clusters, show_evidence, show_one
from worker.cli.triage_until import HOW, until
from worker.errors import BugferryError, UserFault
from worker.flow.context import Context
from worker.flow.people import answers
from worker.flow.people.answers import Answered
from worker.flow.people.decisions import Decision, Why, about, nearest
from worker.flow.people.named import ticket_named
from worker.flow.people.undo import last_answers, undo

ASKED = (
    ("o", "open a ticket"),
    ("l", "link a ticket"),
    ("i", "ignore until"),
    ("n", "not noise"),
    ("j", "join"),
    ("d", "different bug"),
    ("s", "split"),
    ("e", "evidence"),
    ("u", "undo"),
    ("enter", "skip"),
    ("q", "quit"),
)
Doing = Callable[[], str]
"""Carries an answer out; it gives the sentence that is printed."""
SKIP, QUIT = ("\r", "\n", "k", " "), ("q", "", "\x04")


class Sitting:
    """A person going through what waits."""

    def __init__(self, ctx: Context, who: str, keys: Keys, waiting: Sequence[Decision]) -> None:
        self._ctx, self._who, self._keys = ctx, who, keys
        self._cases = [decision.case.id for decision in waiting]
        self._at = self.answered = 0

    def run(self) -> None:
        """Go through them to the end, or until the person leaves; then say what came of it."""
        began = time.monotonic()
        while self._at < len(self._cases):
            decision = about(self._ctx, self._cases[self._at])
            if decision is None or not decision.issues or not decision.whys:
                self._at += 1
            elif not self._ask(decision):
                break
        took = time.monotonic() - began
        left = len(self._cases) - self._at
        out.print(f"\n{self.answered} answered in {took // 60:.0f}:{took % 60:02.0f}, {left} not looked at.")

    def _ask(self, decision: Decision) -> bool:
        """Show one and take keys until it is answered or passed over; False when the person leaves."""
        near = nearest(self._ctx, decision)
        show_one(decision, near, f"{self._at + 1}/{len(self._cases)}", self._ctx.now())
        self._offer(decision)
        while True:
            key = self._keys.key().lower()
            if key in QUIT:
                return False
            if key in SKIP:
                self._at += 1
                return True
            if key == "e":
                show_evidence(decision, near)
                self._offer(decision)
            elif key == "u":
                if self._try(lambda: self._undo):
                    return True
            elif way := self._ways(decision).get(key):
                if self._try(way):
                    self._at += 1
                    self.answered += 1
                    return True
            elif key.strip():
                self._offer(decision)

    def _ways(self, decision: Decision) -> dict[str, Callable[[], Doing]]:
        """What each letter asks back, and then does."""
        case_id, ctx, who = decision.case.id, self._ctx, self._who
        return {
            "o": lambda: lambda: _told(answers.open_ticket(ctx, case_id, who)),
            "l": lambda: self._link(case_id),
            "i": lambda: self._ignore(case_id),
            "n": lambda: lambda: _told(answers.not_noise(ctx, case_id, who)),
            "j": lambda: self._join(decision),
            "d": lambda: self._different(decision),
            "s": lambda: self._split(decision),
        }

    def _offer(self, decision: Decision) -> None:
        """Name the letters that make sense here."""
        here = {
            "o": decision.case.ticket is None,
            "l": decision.case.ticket is None,
            "n": decision.cause == "noise",
            "d": bool(decision.suggestions),
            "s": len(decision.case.members) > 1 or Why.SPLIT in decision.whys,
        }
        line = Text()
        for key, word in ASKED:
            if here.get(key, True):
                line.append(f"[{key}]", style="bold").append(f" {word}  ")
        out.print(line)

    def _try(self, way: Callable[[], Doing]) -> bool:
        """Ask back once, then carry it out, after a worker that has the case; a refusal is told, the question stays."""
        try:
            said = patiently(way())
        except BugferryError as error:
            out.print(Text(f"  {error}", style="red"))
            return False
        out.print(Text(f"  → {said}", style="green"))
        return True

    # ------------------------------------------------------------ answers that ask back

    def _link(self, case_id: int) -> Doing:
        words = self._keys.line("  which ticket (its key or address)?")
        if not words:
            raise UserFault("no ticket was named.")
        ticket = ticket_named(self._ctx, words)
        return lambda: _told(answers.link(self._ctx, case_id, ticket, self._who))

    def _ignore(self, case_id: int) -> Doing:
        words = self._keys.line(f"  until ({HOW}; enter: escalates)?")
        meant = until(words, self._ctx.now())
        return lambda: _told(answers.ignore(self._ctx, case_id, meant, self._who))

    def _join(self, decision: Decision) -> Doing:
        asked = next((one for one in decision.suggestions if one.kind == "join"), None)
        words = self._keys.line(f"  join which case{f' (enter: {asked.other_case_id})' if asked else ''}?")
        if not words and asked is None:
            raise UserFault("nothing is suggested: name a case, by its number or a short id.")
        with self._ctx.store.read() as tx:
            into = case_named(tx, words) if words or not asked else asked.other_case_id
        return lambda: _told(answers.join(self._ctx, decision.case.id, into, self._who))

    def _different(self, decision: Decision) -> Doing:
        if not decision.suggestions:
            raise UserFault("nothing is suggested about it, so there is nothing to refuse.")
        asked = decision.suggestions
        return lambda: "; ".join(answers.different(self._ctx, one.id, self._who).said for one in asked)

    def _split(self, decision: Decision) -> Doing:
        mixed = next((one for one in decision.suggestions if one.kind == "split"), None)
        issues = decision.case.members
        if len(issues) > 1:
            for issue in issues:
                out.print(f"    {issue.short_id}  {issue.title}", markup=False)
            words = self._keys.line("  which of them are another bug (short ids)?").upper().replace(",", " ").split()
            chosen = [issue.id for issue in issues if issue.short_id in words or issue.id in words]
            return lambda: _told(answers.split(self._ctx, decision.case.id, chosen, self._who))
        if mixed is None:
            raise UserFault("it has one issue, and that one looks like one bug: there is nothing to split.")
        for events, told_by in clusters(mixed):
            out.print(f"    {events} events: {told_by}", markup=False)
        number = mixed.id
        return lambda: _told(answers.several(self._ctx, number, self._who))

    def _undo(self) -> str:
        """Take the latest answer back and ask about that case again."""
        last = last_answers(self._ctx, self._who)
        if not last:
            raise UserFault("there is no answer of yours to take back.")
        said = undo(self._ctx, last[0], self._who)
        back = last[0].detail.get("from", last[0].case_id)
        if isinstance(back, int):
            self._at -= back in self._cases[: self._at]
            self._cases = [one for one in self._cases if one != back]
            self._cases.insert(self._at, back)
        self.answered -= 1
        return f"took back “{last[0].new}”: {said}"


def _told(answer: Answered) -> str:
    return f"case {answer.case}: {answer.said}"
