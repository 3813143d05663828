"""Loads mapping files into a book, or refuses them with every problem at once. Nothing runs on half a mapping."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from worker.mapping.bases import extended
from worker.mapping.book import MappingBook, Rule
from worker.mapping.channels import channels, leads
from worker.mapping.condition import Condition, Uncompilable, asks, compile_when
from worker.mapping.draft import TicketPlan, TrackerSpec
from worker.mapping.earned import WaitFor
from worker.mapping.edition import Edition
from worker.mapping.examples import Example, examples
from worker.mapping.facts import ONLY_IN_CONDITIONS, declared
from worker.mapping.groups import grouping
from worker.mapping.people import people
from worker.mapping.policy import Policy
from worker.mapping.policy_words import closings, inherited, policy
from worker.mapping.problem import MappingRefused, Problem
from worker.mapping.report_facts import declared_in_reports
from worker.mapping.route import Clause
from worker.mapping.schema import MappingFile, RuleEntry, StatusWords, TrackerEntry
from worker.mapping.schema_conditions import When
from worker.mapping.schema_policy import PolicyEntry
from worker.mapping.source import Loc, Source, mapping_files, parse, shaped
from worker.mapping.status import StatusMap
from worker.mapping.teams import teams
from worker.mapping.ticket_owners import beside, owners
from worker.mapping.tickets import Tickets
from worker.mapping.updates import unfit
from worker.mapping.words import Complaint, complaints, overlaid, status_map, unknown_words
from worker.model import Status, TrackerKind


def load_mapping(paths: Sequence[Path]) -> MappingBook:
    """Load files, and folders of `*.yaml` by name, in order. Raises MappingRefused with all that is wrong."""
    return load_with_examples(paths)[0]


def load_with_examples(paths: Sequence[Path]) -> tuple[MappingBook, tuple[Example, ...]]:
    """The mapping and the examples beside its rules, not yet run. Raises MappingRefused as `load_mapping` does."""
    problems: list[Problem] = []
    files = list(shaped(extended(parse(paths, problems), problems), problems))
    book = _Build(files, problems).book()
    if problems:
        raise MappingRefused(problems)
    return replace(book, digest=_digest(paths, book.beside)), examples(files)


def _digest(paths: Sequence[Path], beside: Sequence[Path]) -> str:
    """Of what stands in the files. One that is changed while it is read is read again by whoever watches it."""
    files = [*(file for path in paths for file in mapping_files(path)), *beside]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


class _Build:
    """Compiles and checks, file by file; what is wrong goes to `problems` and the work goes on."""

    def __init__(self, files: Sequence[tuple[Source, MappingFile]], problems: list[Problem]) -> None:
        self._files, self._problems = files, problems
        self._names = declared()
        printed = {name: fields for name, fields in self._names.items() if name not in ONLY_IN_CONDITIONS}
        self._policy = PolicyEntry()
        self._trackers: dict[str, TrackerEntry] = {}
        self._tickets = Tickets(printed, self._trackers, self._wrong)
        self._maps: dict[str, StatusMap] = {}

    def book(self) -> MappingBook:
        for source, entry in self._files:
            self._policy = inherited(self._policy, entry.defaults)
            self._tickets.take(source, entry.defaults.ticket)
            self._take_trackers(entry)
        self._check_trackers()
        self._check_defaults()
        rules = tuple(self._rules())
        self._check_update(rules)
        owned = owners(self._files, self._problems)
        specs = {
            name: TrackerSpec(
                name,
                entry.kind,
                entry.place,
                owned.get(name),
                public=entry.allow_public,
                edition=entry.edition or Edition.CLOUD,
            )
            for name, entry in self._trackers.items()
        }
        defaults = {name: policy(self._policy, status) for name, status in self._maps.items()}
        asked = any(asks(rule.clause.condition, "triage") for rule in rules)
        told = channels(self._files, self._problems, self._condition)
        known_teams = teams(self._files, self._problems)
        return MappingBook(
            specs, rules, defaults, people(self._files, self._problems), asked, beside(self._files),
            channels=told, leads=leads(self._files, self._problems, self._report_condition, told, known_teams),
            teams=known_teams,
            grouping=grouping(self._files, self._problems),
            asks_deploy=any(asks(rule.clause.condition, "deploy") for rule in rules),
        )  # fmt: skip

    # ------------------------------------------------------------ trackers

    def _take_trackers(self, entry: MappingFile) -> None:
        for name, later in entry.trackers.items():
            known = self._trackers.get(name)
            update = {key: getattr(later, key) for key in later.model_fields_set}
            same = known is not None and known.kind is later.kind
            self._trackers[name] = known.model_copy(update=update) if known is not None and same else later

    def _check_trackers(self) -> None:
        for source, entry in self._files:
            for name in entry.trackers:
                tracker = self._trackers[name]
                one_way = frozenset(tracker.one_way)
                self._maps[name] = self._status(source, ("trackers", name), name, tracker.status, one_way, self._policy)

    def _status(
        self,
        source: Source,
        loc: Loc,
        tracker: str,
        words: StatusWords,
        one_way: frozenset[Status],
        said: PolicyEntry,
    ) -> StatusMap:
        """The reading and writing for a tracker, with the words that stand at `loc` (of a tracker or of a rule)."""
        kind = self._trackers[tracker].kind
        built = status_map(kind, words, one_way, closings(said.closed_as))
        for status, word in unknown_words(kind, words):
            hint = "GitHub knows open, completed, not planned and duplicate."
            self._wrong(source, (*loc, "status", status.value), f"GitHub has no status “{word}”", hint)
        for complaint in complaints(built, tracker):
            self._wrong(*self._at_fault(source, loc, complaint), complaint.message, complaint.hint)
        return built

    def _at_fault(self, source: Source, loc: Loc, complaint: Complaint) -> tuple[Source, Loc]:
        """Where the word stands that reads a status otherwise than it is written."""
        if complaint.closing is not None:
            said = ("closed_as", complaint.closing.value)
            if source.written((*loc, *said)) == (*loc, *said):
                return source, (*loc, *said)
            for defaults in self._defaults(*said):
                return defaults, ("defaults", *said)
        return source, (*loc, "status", complaint.status.value)

    def _defaults(self, *keys: str) -> Iterator[Source]:
        """The files whose defaults say this, the one that holds first."""
        loc = ("defaults", *keys)
        yield from (source for source, _ in reversed(self._files) if source.written(loc) == loc)

    # ------------------------------------------------------------ defaults

    def _check_defaults(self) -> None:
        self._tickets.check_defaults()
        kinds = {tracker.kind for tracker in self._trackers.values()}
        if self._policy.on_escalation.priority is not None and kinds == {TrackerKind.GITHUB}:
            source = next(self._defaults("on_escalation", "priority"))
            self._no_priorities(source, ("defaults", "on_escalation", "priority"), "the mapping has no Jira tracker")

    def _check_update(self, rules: Sequence[Rule]) -> None:
        """Whether what all inherit of `update` can come true for any."""
        kinds = {tracker.kind for tracker in self._trackers.values()}
        boards = any(rule.ticket and rule.ticket.projects for rule in rules)
        if kinds == {TrackerKind.GITHUB}:
            where = "the mapping has no Jira tracker"
            for misfit in unfit(self._policy.update, TrackerKind.GITHUB, where, boards=boards):
                for source in islice(self._defaults(*misfit.loc), 1):
                    self._wrong(source, ("defaults", *misfit.loc), misfit.message, misfit.hint)

    # ------------------------------------------------------------ rules

    def _rules(self) -> Iterator[Rule]:
        names: dict[str, str] = {}
        seen: dict[When | None, str] = {}
        for source, entry in self._files:
            for index, rule in enumerate(entry.rules):
                loc: Loc = ("rules", index)
                self._check_name(source, loc, rule, names)
                self._check_reach(source, loc, rule, seen)
                yield self._rule(source, loc, rule)

    def _check_name(self, source: Source, loc: Loc, rule: RuleEntry, names: dict[str, str]) -> None:
        if rule.name in names:
            self._wrong(
                source, (*loc, "name"), f"there are two rules “{rule.name}”; the first is in {names[rule.name]}"
            )
        names.setdefault(rule.name, source.file)

    def _check_reach(self, source: Source, loc: Loc, rule: RuleEntry, seen: dict[When | None, str]) -> None:
        when = None if rule.when == When(cel="true") else rule.when
        earlier = seen.get(None) or seen.get(when)
        if earlier is not None:
            what = "takes everything" if None in seen else "has the same condition"
            self._wrong(
                source, (*loc, "name"), f"rule “{rule.name}” is never reached: “{earlier}” before it {what}",
                "Put it before that rule, or take it out.",
            )  # fmt: skip
        seen.setdefault(when, rule.name)

    def _rule(self, source: Source, loc: Loc, rule: RuleEntry) -> Rule:
        condition = self._condition(source, (*loc, "when"), rule.when) if rule.when else None
        ticket = self._tickets.plan(source, (*loc, "ticket"), rule.ticket) if rule.ticket else None
        tracker = ticket.tracker if ticket else None
        clause = Clause(rule.name, condition, rule.skip, tracker)
        wait_for = WaitFor(**rule.wait_for.model_dump()) if rule.wait_for else None
        if ticket is not None and ticket.tracker in self._trackers:
            where = f"its tracker “{tracker}” is on GitHub"
            kind, boards = self._trackers[ticket.tracker].kind, bool(ticket.projects)
            for misfit in unfit(rule.update, kind, where, ticket.priority, boards=boards):
                self._wrong(source, (*loc, *misfit.loc), misfit.message, misfit.hint)
        return Rule(clause, ticket, self._policies(source, loc, rule, ticket), wait_for)

    def _policies(self, source: Source, loc: Loc, rule: RuleEntry, ticket: TicketPlan | None) -> dict[str, Policy]:
        said, tracker = inherited(self._policy, rule), ticket.tracker if ticket else None
        maps = dict(self._maps)
        if tracker in maps:
            under = self._trackers[tracker]
            if {"status", "one_way", "closed_as"} & rule.model_fields_set:
                words = overlaid(under.status, rule.status)
                one_way = frozenset(under.one_way) | frozenset(rule.one_way)
                maps[tracker] = self._status(source, loc, tracker, words, one_way, said)
            if under.kind is TrackerKind.GITHUB and rule.on_escalation.priority is not None:
                self._no_priorities(
                    source, (*loc, "on_escalation", "priority"), f"its tracker “{tracker}” is on GitHub"
                )
        boards = bool(ticket and ticket.projects)
        return {name: policy(said, status, boards=boards) for name, status in maps.items()}

    def _no_priorities(self, source: Source, loc: Loc, why: str) -> None:
        message = f"`priority`: {why}, and GitHub has no priorities"
        self._wrong(source, loc, message, "Use `on_escalation: comment`, or a tracker of kind jira.")

    def _condition(self, source: Source, loc: Loc, when: When) -> Condition | None:
        return self._compiled(source, loc, when, self._names)

    def _report_condition(self, source: Source, loc: Loc, when: When) -> Condition | None:
        return self._compiled(source, loc, when, declared_in_reports())

    def _compiled(self, source: Source, loc: Loc, when: When, names: Mapping[str, frozenset[str]]) -> Condition | None:
        """Compile leaf by leaf, so that every wrong expression is told with its own place."""
        sound = True
        for leaf_loc, leaf in _expressions(loc, when):
            try:
                compile_when(leaf, names)
            except Uncompilable as error:
                sound = False
                self._wrong(source, leaf_loc, str(error), error.hint, error.line, error.column)
        return compile_when(when, names) if sound else None

    def _wrong(
        self, source: Source, loc: Loc, message: str, hint: str | None = None, line: int = 1, column: int = 1
    ) -> None:
        problem = source.problem(loc, message, hint, line=line, column=column)
        if problem not in self._problems:  # what several trackers or rules inherit is told once
            self._problems.append(problem)


def _expressions(loc: Loc, when: When) -> Iterator[tuple[Loc, When]]:
    if when.cel is not None:
        yield loc, When(cel=when.cel)
    listed: Mapping[str, tuple[When, ...] | None] = {"all": when.all, "any": when.any, "none": when.none}
    for mode, parts in listed.items():
        for index, part in enumerate(parts or ()):
            yield from _expressions((*loc, mode, index), part)
