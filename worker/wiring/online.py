"""Asks the live services whether a mapping fits them. Reads only, and needs no database.

Each service by itself: one that cannot be asked is a finding of its own, and the others are still asked.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from worker.ends import github_offer, jira_offer
from worker.ends.budget import Boundless
from worker.ends.github_site import GithubSite
from worker.ends.jira_server import JiraServerSite
from worker.ends.jira_site import JiraSite
from worker.ends.retry import utc_now
from worker.ends.sentry_offer import read_sentry_offer
from worker.ends.sentry_site import SentrySite
from worker.errors import BugferryError
from worker.mapping.book import MappingBook
from worker.mapping.draft import TrackerSpec
from worker.mapping.edition import Edition
from worker.mapping.online import Finding, Level, Places, Wants, accounts_wanted
from worker.mapping.online_github import compare_github, projects_wanted, types_named
from worker.mapping.online_jira import compare_jira, parents_wanted, types_wanted
from worker.mapping.online_sentry import SERVICE, compare_sentry
from worker.model import TrackerKind
from worker.settings import Access, Settings, access_of, hook_secrets

CONNECT_S = 5.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """One service that can be asked. `whom`: as people read it; `ask` never raises what a service can cause."""

    service: str
    whom: str
    ask: Callable[[], Iterable[Finding]]


def ask_services(settings: Settings, book: MappingBook, places: Places, say: Say) -> Iterator[Finding]:
    """Everything that does not fit, service by service; `say` is told whom we are asking."""
    for question in questions(settings, book, places):
        say(question.whom)
        yield from question.ask()


def questions(settings: Settings, book: MappingBook, places: Places) -> Iterator[Question]:
    """Sentry, then each tracker of the mapping; nobody is asked yet."""
    whom = f"{SERVICE} ({settings.sentry_org})"
    yield Question(SERVICE, whom, lambda: _ask_sentry(settings, book, places))
    for spec in book.trackers.values():
        wants = Wants(book, places, spec.name)
        whom = f"{spec.name} ({spec.kind.value} {spec.place})"
        yield Question(spec.name, whom, lambda spec=spec, wants=wants: _ask_tracker(settings, spec, wants))  # type: ignore[misc] # bound per turn


def _ask_sentry(settings: Settings, book: MappingBook, places: Places) -> Iterator[Finding]:
    org, token = settings.sentry_org, settings.sentry_token
    if not org or not token:
        yield Finding(Level.PROBLEM, SERVICE, "it is not set up: set BUGFERRY_SENTRY_ORG and BUGFERRY_SENTRY_TOKEN.")
        return
    site = SentrySite(
        settings.sentry_url,
        token.get_secret_value(),
        connect_s=CONNECT_S,
        read_s=settings.call_timeout_s,
        sleep=time.sleep,
        now=utc_now,
        monotonic=time.monotonic,
        budget=Boundless(),
    )
    try:
        offer = read_sentry_offer(site, org)
    except BugferryError as error:
        yield Finding(Level.PROBLEM, SERVICE, str(error))
        return
    finally:
        site.close()
    yield from compare_sentry(book, places, offer, _public_url(settings, "sentry"))


def _ask_tracker(settings: Settings, spec: TrackerSpec, wants: Wants) -> tuple[Finding, ...]:
    try:
        return _compared(settings, spec, wants)
    except BugferryError as error:
        return (wants.problem(str(error)),)


def _compared(settings: Settings, spec: TrackerSpec, wants: Wants) -> tuple[Finding, ...]:
    access, hook = access_of(settings, spec.name, spec.kind, spec.edition), _public_url(settings, spec.kind.value)
    people = accounts_wanted(wants)
    match spec.kind:
        case TrackerKind.JIRA:
            screens = jira_offer.Asked(types_wanted(wants), people, parents_wanted(wants))
            jira = jira_offer.read_jira_offer(_jira_site(settings, spec, access), spec.place, screens)
            return compare_jira(wants, jira, hook)
        case TrackerKind.GITHUB:
            asked = github_offer.Asked(people, types_named(wants), projects_wanted(wants))
            github = github_offer.read_github_offer(_github_site(settings, spec, access), spec.place, asked)
            return compare_github(wants, github, hook)
        case _:
            assert_never(spec.kind)


def _jira_site(settings: Settings, spec: TrackerSpec, access: Access) -> JiraSite:
    return (JiraSite if spec.edition is Edition.CLOUD else JiraServerSite)(
        spec.name,
        access.url,
        access.email or "",
        access.token,
        connect_s=CONNECT_S,
        read_s=settings.call_timeout_s,
        sleep=time.sleep,
        now=utc_now,
        budget=Boundless(),
    )


def _github_site(settings: Settings, spec: TrackerSpec, access: Access) -> GithubSite:
    return GithubSite(
        spec.name,
        spec.place,
        access.url,
        access.token,
        connect_s=CONNECT_S,
        read_s=settings.call_timeout_s,
        sleep=time.sleep,
        now=utc_now,
        budget=Boundless(),
    )


def _public_url(settings: Settings, source: str) -> str | None:
    """Where webhooks of a service reach us; None where they are switched off, for want of an address or a secret."""
    return settings.public_url if source in hook_secrets(settings) else None
