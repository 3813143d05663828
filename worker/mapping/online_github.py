"""Compares what a mapping wants of a GitHub repository with what the repository offers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from worker.mapping.draft import ProjectPlan
from worker.mapping.online import Finding, Wants, constant, hooked, likeliest, once, unassignable
from worker.mapping.template import Template


@dataclass(frozen=True, slots=True)
class ProjectAsked:
    """A project that tickets are put on. `fields`: by name, what is always said there; None: depends on the issue.

    `counts`: our word for each count that follows there, and its field.
    """

    owner: str
    number: int
    fields: tuple[tuple[str, object], ...] = ()
    counts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GithubOffer:
    """What a repository offers our account.

    `name`: it goes by now; `push`: whether labels and people stick; `assignable`: of the logins that were asked for;
    `milestones`, `labels`: by title; `hooks`: addresses, None where they could not be seen; `types`: the same, or where
    nobody asked; `refused`: why a project, or a field of it, cannot be had; `uncounted`: the same of counts to follow.
    """

    name: str
    public: bool = False
    has_issues: bool = True
    archived: bool = False
    push: bool = True
    milestones: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    assignable: Mapping[str, bool] = field(default_factory=dict)
    hooks: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    refused: Mapping[tuple[ProjectAsked, str | None], str] = field(default_factory=dict)
    uncounted: Mapping[tuple[ProjectAsked, str], str] = field(default_factory=dict)


def compare_github(wants: Wants, offer: GithubOffer, public_url: str | None) -> tuple[Finding, ...]:
    """Everything that does not fit, each once."""
    return once(
        [
            *_repository(wants, offer),
            *unassignable(wants, offer.assignable),
            *_milestones(wants, offer),
            *_labels(wants, offer),
            *_types(wants, offer),
            *_projects(wants, offer),
            *hooked(wants, offer.hooks, public_url, f"{public_url}/hooks/github, in the repository's settings"),
        ]
    )


def _repository(wants: Wants, offer: GithubOffer) -> Iterator[Finding]:
    place, at = wants.place, wants.places.tracker(wants.tracker, "repo")
    if offer.name.lower() != place.lower():
        yield wants.note(f"{place} was renamed to {offer.name}. Write the new name.", at)
    if offer.archived:
        yield wants.problem(f"{place} is archived, so nothing can be written there. Take it out of the archive.", at)
    if not offer.has_issues:
        yield wants.problem(f"issues are switched off in {place}. Switch them on in its settings.", at)
    if not offer.push:
        said = (
            f"our account has no push access to {place}: GitHub then drops labels, assignees and milestones silently."
        )
        yield wants.problem(f"{said} Give it the role Write.", at)
    if offer.public and not wants.book.tracker(wants.tracker).public:
        said = f"everybody can read {place}, and errors may hold what is not for everybody."
        yield wants.problem(f"{said} Write `allow_public: true` beside it, or choose a private repository.", at)


def projects_wanted(wants: Wants) -> tuple[ProjectAsked, ...]:
    """The projects that tickets are put on there, each once for what is said of its fields."""
    return tuple(
        dict.fromkeys(_asked(wants, rule, plan) for rule, ticket in wants.tickets() for plan in ticket.projects)
    )


def types_named(wants: Wants) -> bool:
    """Whether any ticket there has a type."""
    return any(plan.issue_type for _, plan in wants.tickets())


def _asked(wants: Wants, rule: str, plan: ProjectPlan) -> ProjectAsked:
    owner = plan.of(wants.book.tracker(wants.tracker))
    counts = tuple(wants.book.policy(rule, wants.tracker).update.counts.items())
    said = ((name, constant(value) if isinstance(value, Template) else value) for name, value in plan.fields.items())
    return ProjectAsked(owner, plan.number, tuple(said), counts)


def _types(wants: Wants, offer: GithubOffer) -> Iterator[Finding]:
    owner = wants.place.partition("/")[0]
    for rule, plan in wants.tickets():
        if plan.issue_type is None:
            continue
        spot = wants.places.ticket(rule, "type")
        if offer.types is None:
            said = f"whether {owner} has the issue type “{plan.issue_type}” could not be seen with our rights."
            yield wants.note(said, spot)
        elif plan.issue_type.lower() not in {name.lower() for name in offer.types}:
            hint = likeliest(plan.issue_type, offer.types)
            yield wants.problem(f"{owner} has no issue type “{plan.issue_type}”. {hint}", spot)


def _projects(wants: Wants, offer: GithubOffer) -> Iterator[Finding]:
    for rule, ticket in wants.tickets():
        for index, plan in enumerate(ticket.projects):
            asked = _asked(wants, rule, plan)
            for name in (None, *plan.fields):
                if why := offer.refused.get((asked, name)):
                    keys = ("fields", name) if name else ()
                    yield wants.problem(why, wants.places.ticket(rule, "projects", index, *keys))
            for word, _ in asked.counts:
                if why := offer.uncounted.get((asked, word)):
                    yield wants.problem(why, wants.places.policy(rule, wants.tracker, "update", "counts", word))


def _milestones(wants: Wants, offer: GithubOffer) -> Iterator[Finding]:
    known = {title.lower() for title in offer.milestones}
    for rule, plan in wants.tickets():
        title = constant(plan.milestone) if plan.milestone else None
        if title and title.lower() not in known:
            message = f"{wants.place} has no milestone “{title}”. {likeliest(title, offer.milestones)}"
            yield wants.problem(message, wants.places.ticket(rule, "milestone"))


def _labels(wants: Wants, offer: GithubOffer) -> Iterator[Finding]:
    known = {label.lower() for label in offer.labels}
    for rule, plan in wants.tickets():
        for index, template in enumerate(plan.labels):
            label = constant(template)
            if label and label.lower() not in known:
                message = f"{wants.place} has no label “{label}” yet: GitHub makes it with the first ticket."
                yield wants.note(message, wants.places.ticket(rule, "labels", index))
