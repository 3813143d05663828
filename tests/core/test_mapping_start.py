"""The mapping that somebody begins with loads and says what was chosen, whatever that is called."""

import pytest

from worker.mapping.load import load_with_examples
from worker.mapping.online_sentry import slugs_in
from worker.mapping.starter import FILE, Start, starting_mapping
from worker.model import TrackerKind

GITHUB, JIRA = TrackerKind.GITHUB, TrackerKind.JIRA


@pytest.mark.parametrize(
    ("start", "tracker", "rule"),
    [
        (Start(GITHUB, "acme/shop", ("shop-web", "no")), "code", "our errors"),
        (Start(GITHUB, "0/1.0"), "code", "everything else"),
        (Start(JIRA, "NO"), "desk", "everything else"),
        (Start(JIRA, "SHOP", ("007-x",)), "desk", "our errors"),
    ],
    ids=lambda one: getattr(one, "place", None),
)
def test_it_makes_the_tickets_of_the_chosen_projects_in_the_chosen_place(start, tracker, rule, tmp_path):
    (tmp_path / FILE).write_text(starting_mapping(start))
    book, examples = load_with_examples([tmp_path / FILE])
    ((name, spec),) = book.trackers.items()
    assert (name, spec.kind, spec.place, start.tracker) == (tracker, start.kind, start.place, tracker)
    practice, ours = book.rules
    assert (practice.ticket, ours.clause.name, ours.ticket.tracker) == (None, rule, tracker)
    assert slugs_in(ours.clause.condition) == start.projects
    assert [one.entry.expect.rule for one in examples] == ["not in production", rule]
