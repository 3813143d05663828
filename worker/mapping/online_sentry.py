"""Compares what a mapping and a sync want of Sentry with what the organisation offers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from worker.mapping.book import MappingBook
from worker.mapping.condition import Condition, Leaf
from worker.mapping.online import Finding, Level, Places, likeliest, once, unhooked

SERVICE = "sentry"
_READS = frozenset({"event:read", "event:write", "event:admin"})
_WRITES = frozenset({"event:write", "event:admin"})
_SLUG = re.compile(r"""project\.slug\s*==\s*(?:'([^']*)'|"([^"]*)")""")
_SLUGS = re.compile(r"project\.slug\s+in\s+\[([^\]]*)\]")
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")


@dataclass(frozen=True, slots=True)
class SentryOffer:
    """What an organisation offers our token. None: what it does not show us.

    `scopes`: of the token; `projects`: slugs; `hooks`: the addresses that its internal integrations send to.
    """

    scopes: frozenset[str] | None = None
    projects: tuple[str, ...] | None = None
    hooks: tuple[str, ...] | None = None


def compare_sentry(
    book: MappingBook, places: Places, offer: SentryOffer, public_url: str | None
) -> tuple[Finding, ...]:
    """Everything that does not fit, each once."""
    return once([*_scopes(offer), *_projects(book, places, offer), *_hooks(offer, public_url)])


def _scopes(offer: SentryOffer) -> Iterator[Finding]:
    wanted = "Give the internal integration Issue & Event: Read & Write."
    if offer.scopes is None:
        yield Finding(Level.NOTE, SERVICE, f"the rights of our token could not be seen. {wanted}")
    elif not offer.scopes & _READS:
        yield Finding(Level.PROBLEM, SERVICE, f"our token may not read issues (event:read). {wanted}")
    elif not offer.scopes & _WRITES:
        said = "our token may not change issues (event:write): no closed ticket would resolve anything."
        yield Finding(Level.PROBLEM, SERVICE, f"{said} {wanted}")


def _projects(book: MappingBook, places: Places, offer: SentryOffer) -> Iterator[Finding]:
    """A note only: a project may be still to come, or be one that our token does not see."""
    if offer.projects is None:
        if any(slugs_in(rule.clause.condition) for rule in book.rules):
            said = "the projects could not be listed with our rights, so slugs in conditions were not compared."
            yield Finding(Level.NOTE, SERVICE, said)
        return
    for rule in book.rules:
        for slug in slugs_in(rule.clause.condition):
            if slug not in offer.projects:
                message = f"there is no project “{slug}”, for which this asks. {likeliest(slug, offer.projects)}"
                yield Finding(Level.NOTE, SERVICE, message, places.condition(rule.clause.name))


def slugs_in(condition: Condition | None) -> tuple[str, ...]:
    """The slugs that a condition compares `project.slug` with, in order."""
    if condition is None:
        return ()
    if isinstance(condition, Leaf):
        listed = " ".join(_SLUGS.findall(condition.text))
        found = [*_SLUG.findall(condition.text), *_QUOTED.findall(listed)]
        return tuple(dict.fromkeys(one or other for one, other in found))
    return tuple(dict.fromkeys(slug for part in condition.parts for slug in slugs_in(part)))


def _hooks(offer: SentryOffer, public_url: str | None) -> Iterator[Finding]:
    found = unhooked(offer.hooks, public_url, f"{public_url}/hooks/sentry, in the internal integration")
    if found is not None:
        yield Finding(found[0], SERVICE, found[1])
