"""How the simulation says that a promise is broken."""


class Violation(AssertionError):
    """A promise of DESIGN section 9 is broken; the message begins with its number."""
