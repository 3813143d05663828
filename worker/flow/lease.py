"""The right to work on a key: renewed before each call that could outlive it, checked by each commit."""

from datetime import timedelta

from worker.flow.context import Context
from worker.flow.services import Gate
from worker.store.work import Claim

MARGIN = timedelta(seconds=5)
"""What a commit may take after a call has used all of its time."""


class Lease:
    """A claim that keeps itself long enough; raises `LeaseLost` once another worker has it."""

    def __init__(self, ctx: Context, claim: Claim) -> None:
        self.claim = claim
        self.gate = Gate(ctx, claim.key)
        self._ctx = ctx

    def cover(self, timeout_s: float, service: str) -> None:
        """Make sure that the service may be called and the lease outlives a call of at most `timeout_s` seconds."""
        self.gate.cover(timeout_s, service)
        now, needed = self._ctx.now(), timedelta(seconds=timeout_s) + MARGIN
        if self.claim.lease_until - now < needed:
            self.claim = self._ctx.store.renew(self.claim, now, max(self._ctx.timing.lease, needed))
