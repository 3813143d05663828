"""How refitted thresholds read on a terminal."""

from collections.abc import Sequence

from rich.text import Text

from worker.cli.eval_fit import mapping_lines
from worker.cli.screen import out, table
from worker.triage.fit import ENOUGH, Asked, Fitted

SHOWN = 20


def show_fit(fitted: Fitted, answers: Sequence[Asked], groups: Sequence[str]) -> None:
    """Print both thresholds with what they make of the answers, what ends otherwise, and the lines to paste."""
    same = sum(one.same for one in answers)
    out.print(f"{len(answers)} answers: {same} of one bug, {len(answers) - same} of two.")
    made = table("thresholds", "join", "suggest", "joins", "wrong", "suggestions", "wrong", "one bug, left apart")
    for name, at, counts in (("now", fitted.now, fitted.counts_now), ("refitted", fitted.then, fitted.counts_then)):
        figures = (
            counts.joins, counts.wrong_joins, counts.suggestions, counts.wrong_suggestions, counts.missed,
        )  # fmt: skip
        made.add_row(*map(Text, (name, f"{at.join:g}", f"{at.suggest:g}", *map(str, figures))))
    out.print(made)
    if not fitted.enough:
        out.print(f"Too few to refit anything: it takes {ENOUGH} of each kind.")
        return
    for one, before, after in fitted.otherwise[:SHOWN]:
        kind = "one bug" if one.same else "two bugs"
        line = f"  {one.issue} and {one.other} ({kind}, {one.score:.0%}): {before} now, {after} then"
        wrong = one.same is not (after != "left apart")
        out.print(Text(line, style="yellow" if wrong else ""))
    if len(fitted.otherwise) > SHOWN:
        out.print(f"  … and {len(fitted.otherwise) - SHOWN} more; --json names all.")
    out.print("\nNothing was changed. To have it so, paste into the mapping:\n")
    out.print(mapping_lines(fitted, groups), markup=False)
