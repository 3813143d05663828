"""What can go wrong, by what it asks of us: wait, give up on this item, or call its owner."""


class BugferryError(Exception):
    """Every message says what happened, to what, and what to do.

    `service`: which outside service it came from (`sentry` or a tracker's name); None when from none.
    """

    service: str | None = None


class Transient(BugferryError):
    """Later may work: the service was busy, unreachable or failing, and nothing was changed by this call."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        """`retry_after_s`: how long the service asked us to wait, in seconds; None when it did not say."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Ambiguous(Transient):
    """A write whose request may have arrived (timeout, dropped connection, 5xx): look before doing it again."""


class Permanent(BugferryError):
    """The service refused this item and will refuse it again: park it with this reason."""


class Gone(Permanent):
    """The thing was deleted: proved, not merely out of reach."""


class Moved(BugferryError):
    """The thing lives under another name now (merged issue, renamed or moved ticket)."""

    def __init__(self, message: str, to: str) -> None:
        """`to`: the id or key it has now."""
        super().__init__(message)
        self.to = to


class Unauthorized(Transient):
    """The service refuses us altogether (token revoked, place not readable): all work for it waits for a person."""


class NoRelease(Permanent):
    """The project has no release that a resolution or a deploy could be tied to."""


class UserFault(BugferryError):
    """A setting, a mapping or a command line is wrong: refuse it before anything runs."""


class LeaseLost(BugferryError):
    """Another worker holds this work now: stop at once and write nothing."""


class Malformed(BugferryError):
    """A delivery that is rightly signed but cannot be read."""
