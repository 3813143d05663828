"""Channels and reports in a mapping: what loads, what is refused and where."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from worker.flow.figures.leads import scope_of
from worker.mapping.facts import Around, gather
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.mapping.teams import team_of
from worker.model import Issue, Project
from worker.triage.alert import QuietHours, Says

HEAD = "version: 1\ntrackers: {t: {kind: github, repo: a/b}}\nrules: [{name: r, ticket: {tracker: t}}]\n"


def load(tmp_path, *bodies: str):
    paths = []
    for number, body in enumerate(bodies):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text((HEAD if number == 0 else "version: 1\n") + body)
    return load_mapping(paths)


def test_channels_and_reports_load_with_their_defaults(tmp_path):
    book = load(
        tmp_path,
        "channels:\n  web: {kind: slack, to: '#errors', quiet_hours: '22:00-07:00', time_zone: Europe/Berlin}\n"
        "  mail: {kind: email, to: [web-leads@example.com], says: [digest]}\n"
        "reports:\n  web-leads: {projects: [shop-web], channels: mail}\n",
        "channels:\n  web: {kind: apprise}\n",
    )
    assert list(book.channels) == ["web", "mail"]
    assert (book.channels["web"].kind, book.channels["web"].quiet) == ("apprise", None)  # the later file's
    assert (book.channels["mail"].says, book.channels["mail"].per_hour) == (frozenset({Says.DIGEST}), 6)
    lead = book.leads["web-leads"]
    assert (lead.channels, lead.day, lead.hour, lead.zone, lead.locale) == (
        ("mail",), "monday", 8, ZoneInfo("UTC"), "en_GB",
    )  # fmt: skip
    alone = load(tmp_path, "channels:\n  web: {kind: file, quiet_hours: '22:00-07:00', time_zone: Europe/Berlin}\n")
    assert alone.channels["web"].quiet == QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin"))


def test_a_project_is_of_the_team_that_names_it_else_of_the_first_whose_pattern_fits(tmp_path):
    book = load(
        tmp_path,
        "channels: {m: {kind: file}}\nreports: {x: {channels: m, by_owner: true}}\n"
        "teams: {web: ['shop-*', old], rest: '*', api: shop-api}\n",
        "teams: {web: [shop-*]}\n",
    )
    found = {one: team_of(book.teams, one) for one in ("shop-web", "shop-api", "old")}
    assert found == {"shop-web": "web", "shop-api": "api", "old": "rest"}
    assert team_of({"web": ("shop-?",)}, "shop-12") is None
    assert (book.leads["x"].teams, book.leads["x"].by_owner) == (book.teams, True)
    assert scope_of(book.leads["x"]).teams == book.teams
    assert scope_of(book.leads["x"]).by_owner


@pytest.mark.parametrize(
    ("body", "place", "said", "hint"),
    [
        ("channels:\n  a: {kind: slak}\n", "5:13", "`kind`", "slack"),
        ("channels:\n  a: {kind: slack}\n", "5:6", "needs `to` with one channel", ""),
        ("channels:\n  a: {kind: slack, to: ['#a', '#b']}\n", "5:6", "needs `to` with one channel", ""),
        ("channels:\n  a: {kind: email, to: [nobody]}\n", "5:6", "plain addresses", ""),
        ("channels:\n  a: {kind: apprise, to: 'slack://secret'}\n", "5:26", "never stands in a mapping", ""),
        ("channels:\n  a: {kind: file, to: /etc/passwd}\n", "5:6", "takes no `to`", ""),
        ("channels:\n  a: {kind: file, says: [regresion]}\n", "5:26", "`says`", "regression"),
        ("channels:\n  a: {kind: file, quiet: x}\n", "5:19", "unknown key `quiet`", ""),
        ("channels:\n  a: {kind: file, quiet_hours: '22-7'}\n", "5:32", "`quiet_hours`", ""),
        ("channels:\n  a: {kind: file, quiet_hours: '22:00-22:00'}\n", "5:6", "quiet hours that end", ""),
        ("channels:\n  a: {kind: file, per_hour: 0}\n", "5:29", "`per_hour`", ""),
        ("channels:\n  a: {kind: file, time_zone: Europe/Berlim}\n", "5:30", "no time zone “Europe/Berlim”", "Berlin"),
        ("channels:\n  a:\n    kind: file\n    when: issue.levle == 'error'\n", "7:11", "“issue.levle”", "level"),
        ("channels:\n  mail: {kind: file}\nreports:\n  x: {channels: [mial]}\n", "7:18", "no channel “mial”", "mail"),
        ("reports:\n  x: {channels: [mail]}\n", "5:18", "no channel “mail”", "under `channels`"),
        ("channels:\n  m: {kind: file}\nreports:\n  x: {channels: [m], day: mondai}\n", "7:27", "`day`", "monday"),
        ("channels:\n  m: {kind: file}\nreports:\n  x: {channels: [m], hour: 24}\n", "7:28", "`hour`", ""),
        ("teams: {web: [shop], api: [pay, shop]}\n", "4:33", "stands in two teams; the other is “web”", "Keep one"),
        ("teams: {web: [shop web]}\n", "4:14", "“shop web”", ""),
        ("teams: {web: []}\n", "4:14", "`web`", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, body, place, said, hint):
    with pytest.raises(MappingRefused) as refused:
        load(tmp_path, body)
    (problem,) = refused.value.problems
    assert f"{problem.line}:{problem.column}" == place, str(problem)
    assert said in problem.message
    assert hint in str(problem)


@pytest.mark.parametrize(
    ("said", "covered"),
    [
        ("", {"web-error", "web-info", "api-error"}),
        (", projects: web", {"web-error", "web-info"}),
        (", projects: [api, other]", {"api-error"}),
        (", when: issue.level == 'error'", {"web-error", "api-error"}),
        (", projects: [web], when: issue.level == 'error'", {"web-error"}),
    ],
)
def test_a_case_concerns_a_channel_when_its_projects_and_its_condition_do(tmp_path, said, covered):
    scope = load(tmp_path, f"channels:\n  a: {{kind: file{said}}}\n").channels["a"].scope
    assert scope.everything is (said == "")
    issues = [
        Issue(str(n), "X-1", "x", Project(project, project), level=level)
        for n, (project, level) in enumerate([("web", "error"), ("web", "info"), ("api", "error")])
    ]
    facts = {f"{one.project.slug}-{one.level}": gather(one, None, Around(members=(one,))) for one in issues}
    assert {name for name, known in facts.items() if scope.covers(known)} == covered


def test_a_case_of_several_projects_concerns_the_channels_of_each(tmp_path):
    several = tuple(Issue(slug, "X-1", "x", Project(slug, slug)) for slug in ("web", "api"))
    for said, covered in (("api", True), ("[other, web]", True), ("other", False)):
        scope = load(tmp_path, f"channels:\n  a: {{kind: file, projects: {said}}}\n").channels["a"].scope
        assert scope.covers(gather(several[0], None, Around(members=several))) is covered
