"""Writes a first mapping: short, commented, with an example beside each rule, for whoever begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.model import TrackerKind

FILE = "rules.yaml"
"""What the file of a first mapping is called."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where somebody begins. `place`: a Jira project key or `owner/name`; `projects`: Sentry slugs, none: all."""

    kind: TrackerKind
    place: str
    projects: tuple[str, ...] = ()

    @property
    def tracker(self) -> str:
        """What its rules call the tracker."""
        return "desk" if self.kind is TrackerKind.JIRA else "code"


def starting_mapping(start: Start) -> str:
    """The YAML of a mapping that loads, and whose examples come out as it says. The values must have been checked."""
    parts = (_HEAD, _tracker(start), _rules(start), _examples(start))
    return "\n".join(parts)


_HEAD = """\
# Which error becomes which ticket. Written by `bugferry init`; it is yours to change.
#
# The first rule that matches decides. After a change say `bugferry check`: it names what is wrong, and runs the
# examples below. docs/mapping.md has every key. What stands behind "# " as a key is a suggestion: take the "# " away.
version: 1
"""

_RULES = """\
rules:
  - name: not in production
    # Your names for everything that is no production; docs/mapping.md says what else a condition may look at.
    when: event.environment in ['dev', 'development', 'test', 'testing', 'staging']
    skip: It did not happen in production.

  - name: {rule}
{when}\
    # Make the ticket only when it is earned:
    # wait_for:
    #   users: 3
    # No flood: what is beyond this is collected in one ticket.
    # limits:
    #   per_hour: 10
    ticket:
      tracker: {tracker}
      labels:
        - bug
        - "{{{{ project.slug }}}}"
"""

_EXAMPLES = """\
# An error, and what should become of it: `bugferry check` runs these.
examples:
  - name: somebody tries something out
    event:
      project: "{project}"
      environment: staging
      message: Oops
    expect:
      rule: not in production
      no_ticket: production

  - name: a customer cannot pay
    event:
      project: "{project}"
      environment: production
      exception:
        values:
          - type: TypeError
            value: order.total is null
    expect:
      rule: {rule}
      tracker: {tracker}
      title: "TypeError: order.total is null"
"""


def _tracker(start: Start) -> str:
    if start.kind is TrackerKind.JIRA:
        more = [
            f'    project: "{start.place}"',
            "    # A Jira that your company runs itself:",
            "    # edition: data_center",
            "    # If your workflow has words of its own for what is done:",
            "    # status:",
            "    #   resolved: Released",
        ]
    else:
        more = [
            f'    repo: "{start.place}"',
            "    # A repository that everybody can read gets no ticket until you say so:",
            "    # allow_public: true",
        ]
    said = ["trackers:", f"  {start.tracker}: # a name of your own", f"    kind: {start.kind.value}", *more]
    return "\n".join(said) + "\n"


def _rules(start: Start) -> str:
    when = f"    when: project.slug in [{_quoted(start.projects)}]\n" if start.projects else ""
    return _RULES.format(rule=_rule(start), when=when, tracker=start.tracker)


def _examples(start: Start) -> str:
    project = start.projects[0] if start.projects else "any-project"
    return _EXAMPLES.format(project=project, rule=_rule(start), tracker=start.tracker)


def _rule(start: Start) -> str:
    return "our errors" if start.projects else "everything else"


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
