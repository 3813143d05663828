"""Whose fault an issue is, with every reason that was weighed: ours, the infrastructure's, a vendor's, or nobody's.

Noise lowers priority and keeps quiet; it never drops an issue. What only makes noise likely (one user, a crawler, an
old browser) counts for nothing as soon as more than three users are hit, and a lead by a hair is no noise then.
"""

from collections.abc import Callable, Iterator, Mapping

from worker.event import Event
from worker.model import Issue
from worker.triage.cause_code import LOOKS as CODE_LOOKS
from worker.triage.cause_noise import LOOKS as NOISE_LOOKS
from worker.triage.cause_outage import LOOKS as OUTAGE_LOOKS
from worker.triage.cause_scene import Cause, Clue, Scene, Verdict, scene_of
from worker.triage.cause_visitors import LOOKS as VISITOR_LOOKS

__all__ = ["DOUBT", "FEW_USERS", "LOOKS", "MARGIN", "Cause", "Clue", "Verdict", "heard", "judge"]

FEW_USERS = 3
"""More users than this, and an issue is noise only where its text or frames prove it."""
MARGIN = 0.8
"""Weight by which the leading cause must lead; below it the answer is unsure."""
DOUBT = 1.0
"""Weight by which noise must lead once more than a few users are hit; below it the next cause is taken."""
LOOKS: tuple[Callable[[Scene], Iterator[Clue]], ...] = (*NOISE_LOOKS, *VISITOR_LOOKS, *OUTAGE_LOOKS, *CODE_LOOKS)
_ORDER = (Cause.CODE_BUG, Cause.INFRASTRUCTURE, Cause.THIRD_PARTY, Cause.NOISE)


def heard(verdict: Verdict) -> Verdict:
    """What is left of a verdict once a person said that the issue is no noise."""
    if Cause.NOISE not in {verdict.cause, verdict.leading}:
        return verdict
    word = Clue(Cause.UNSURE, 0.0, "a person says that it is no noise")
    return Verdict(Cause.UNSURE, Cause.UNSURE, verdict.margin, (word, *verdict.clues))


def judge(issue: Issue, event: Event) -> Verdict:
    """Weigh every clue. Ties go to the code: a bug shown costs less than a bug hidden."""
    scene = scene_of(issue, event)
    many = issue.user_count > FEW_USERS
    clues = tuple(clue for look in LOOKS for clue in look(scene) if not (many and clue.faint))
    weights = {cause: sum(clue.weight for clue in clues if clue.cause is cause) for cause in _ORDER}
    first, margin = _leader(weights, many=many)
    ordered = tuple(sorted(clues, key=lambda clue: (clue.cause is not first, -clue.weight)))
    return Verdict(first if margin >= MARGIN else Cause.UNSURE, first, margin, ordered)


def _leader(weights: Mapping[Cause, float], *, many: bool) -> tuple[Cause, float]:
    """The heaviest cause and by how much it leads; a doubtful noise that many meet gives way to what comes next."""
    first, second = sorted(_ORDER, key=lambda cause: -weights[cause])[:2]
    margin = weights[first] - weights[second]
    if first is Cause.NOISE and many and margin < DOUBT:
        return second, 0.0
    return first, margin
