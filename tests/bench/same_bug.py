"""`python -m tests.bench.same_bug`: what one new issue costs against many earlier cases, postings in memory."""

import random
import resource
import statistics
import sys
import time
from collections.abc import Callable

from worker.event import Event, Frame, Thrown
from worker.triage.casebook import Casebook
from worker.triage.signature import Signature, sign

SIZES = (1_000, 10_000, 100_000)
ASKED = 400
STEMS = ("cart", "order", "tax", "user", "mail", "stock", "price", "login")
WORDS = [f"{stem}{letter}" for stem in STEMS for letter in "abcdefghijklmnopqrst"]
TYPES = ("KeyError", "TypeError", "ValueError", "AttributeError", "TimeoutError")


def event(rng: random.Random) -> Event:
    """An error of a made-up program: shared entry frames, telling ones on top, 20 frames deep."""
    shared = [Frame(f"dispatch_{n}", "framework.core", in_app=False) for n in range(12)]
    own = [own_frame(*rng.choices(WORDS, k=5)) for _ in range(8)]
    value = f"'{rng.choice(WORDS)}_{rng.choice(WORDS)}' of {rng.randint(1, 99999)}"
    thrown = Thrown(rng.choice(TYPES), value, frames=(*shared, *own))
    return Event("0" * 32, platform="python", release="shop@1", exceptions=(thrown,))


def own_frame(verb: str, noun: str, module: str, row: str, key: str) -> Frame:
    return Frame(f"{verb}_{noun}", f"shop.{module}", in_app=True, context_line=f"return {row}[{key}]")


def measure(book: Casebook, asked: list[Signature], clock: Callable[[], float]) -> tuple[float, float]:
    """Median and 99th percentile of one look-up with its scoring, in ms."""
    took = []
    for signature in asked:
        began = clock()
        book.rank(signature)
        took.append((clock() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def main() -> None:
    rng, book, kept = random.Random(7), Casebook(), 0
    for size in SIZES:
        while kept < size:
            book.keep(kept, f"I-{kept}", sign(event(rng)))
            kept += 1
        asked = [sign(event(rng)) for _ in range(ASKED)]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for name, clock in (("by the clock", time.perf_counter), ("of CPU", time.thread_time)):
            median, p99 = measure(book, asked, clock)
            sys.stdout.write(f"{size:>8} cases: median {median:6.2f} ms, p99 {p99:6.2f} ms {name}, {memory:.0f} MB\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
