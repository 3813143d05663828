"""What the simulation counts, and how it tells it in one line."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What happened, for the one line of counts."""

    seeds: int = 0
    steps: int = 0
    acts: int = 0
    deliveries: int = 0
    tickets: int = 0
    cases: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        for name in ("seeds", "steps", "acts", "deliveries", "tickets", "cases"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults.update(other.faults)


@dataclass(frozen=True)
class Broken:
    """A seed that broke a promise, with the last that happened."""

    seed: int
    what: str
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = "\n    ".join(("", *self.trace))
        return f"seed {self.seed} breaks promise {self.what}{told}\n  replay: {replay(self.seed)}"


@dataclass
class Outcome:
    """What many seeds came to."""

    tally: Tally = field(default_factory=Tally)
    broken: list[Broken] = field(default_factory=list)

    def as_json(self) -> str:
        """The counts, to be told from one process to another."""
        return json.dumps({"tally": vars(self.tally), "broken": [(one.seed, one.what) for one in self.broken]})

    def line(self) -> str:
        """The counts, in one line."""
        one, by = self.tally, dict.fromkeys("12345", 0)
        for failure in self.broken:
            by[failure.what[:1]] = by.get(failure.what[:1], 0) + 1
        faults = ", ".join(f"{name} {count}" for name, count in sorted(one.faults.items()) if count)
        return (
            f"machine: seeds {one.seeds}, steps {one.steps}, acts {one.acts}, deliveries {one.deliveries}, "
            f"faults {sum(one.faults.values())} ({faults}), cases {one.cases}, tickets {one.tickets}, "
            f"duplicates {by['1']}, lost {by['2']}, disagreements {by['3']}, "
            f"stuck {by['4']}, unexplained {by['5']}, overruled {by.get('9', 0)}"
        )


def counted(told: Iterable[str]) -> Outcome:
    """Many outcomes that were told as JSON, as one."""
    whole = Outcome()
    for text in told:
        part = json.loads(text)
        faults = Counter(part["tally"].pop("faults"))
        whole.tally.add(Tally(**part["tally"], faults=faults))
        whole.broken += [Broken(seed, what) for seed, what in part["broken"]]
    return whole


def replay(seed: int) -> str:
    """The command that shows a seed step by step."""
    return f"python -m tests.machine --seed {seed} --trace"
