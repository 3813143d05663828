"""How often the cause that production would print is the one a person wrote down."""

from collections import Counter
from collections.abc import Iterable, Mapping

from worker.event import Event
from worker.model import Issue
from worker.triage.cause import Cause, Verdict, judge

Judged = tuple[Issue, Verdict]


def run(samples: Iterable[tuple[Issue, Event]]) -> list[Judged]:
    """Judge every sample, without its label."""
    return [(issue, judge(issue, event)) for issue, event in samples]


def figures(judged: Iterable[Judged], labels: Mapping[str, str]) -> dict[str, object]:
    """Accuracy of the leading cause, and what was mistaken for what. `labels`: issue id to label."""
    rows = [(labels[issue.id], verdict, issue) for issue, verdict in judged if issue.id in labels]
    confusion = Counter((label, verdict.leading.value) for label, verdict, _ in rows)
    real_noise = [issue for label, verdict, issue in rows if label == Cause.CODE_BUG and verdict.leading is Cause.NOISE]
    named = sorted({label for label, _, _ in rows})
    return {
        "accuracy": _part(sum(label == verdict.leading for label, verdict, _ in rows), len(rows)),
        "recall_by_label": {one: _part(confusion[one, one], _labelled(confusion, one)) for one in named},
        "confusion": {
            one: {said: n for (label, said), n in sorted(confusion.items()) if label == one} for one in named
        },
        "real_called_noise": len(real_noise),
        "real_called_noise_most_users": max((issue.user_count for issue in real_noise), default=0),
        "unsure": _part(sum(verdict.cause is Cause.UNSURE for _, verdict, _ in rows), len(rows)),
        "samples": len(rows),
    }


def _labelled(confusion: Mapping[tuple[str, str], int], label: str) -> int:
    return sum(count for (named, _), count in confusion.items() if named == label)


def _part(some: int, of: int) -> float:
    return round(some / of, 4) if of else 1.0
