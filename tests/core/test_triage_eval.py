"""`bugferry eval`: figures that can be checked by hand, from the code that production runs, without seeing labels."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.cli import eval_grouping
from worker.cli.eval import app
from worker.errors import UserFault
from worker.triage.casebook import Casebook
from worker.triage.same_bug import Match, Thresholds

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TARGETS = {"real": (0.97, 0.95, 0.78), "generated": (0.99, 0.95, 0.91)}
"""Least precision, RR@1 and event F1 that a change may leave; the figures of today are in docs/triage.md."""


def row(number, issue, function, value="'owner_id'", project="shop"):
    frames = [{"function": "main", "module": "app", "in_app": True, "context_line": "run()"}]
    frames.append({"function": function, "module": "cart", "in_app": True, "context_line": f"return {function}(row)"})
    thrown = {"type": "KeyError", "value": value, "stacktrace": {"frames": frames}}
    event = {"event_id": f"{number:032x}", "platform": "python", "exception": {"values": [thrown]}}
    return {"project": project, "issue": issue, "event": event}


def label(number, issue, bug):
    return {"event_id": f"{number:032x}", "issue": issue, "bug": bug}


def write(file, rows):
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return str(file)


def grouping(folder, rows, labels):
    events, said = write(folder / "events.jsonl", rows), write(folder / "labels.jsonl", labels)
    result = CliRunner().invoke(
        app, ["grouping", "--events", events, "--labels", said, "--json"], catch_exceptions=False
    )
    assert result.exit_code == 0
    return json.loads(result.stdout)


TWO_BUGS = [
    row(1, "S-1", "price_of"),
    row(2, "S-2", "price_of"),
    row(3, "S-3", "send_mail", "'subject'"),
    row(4, "S-4", "price_of", project="other"),
]


def test_one_bug_joins_another_stays_apart_and_projects_never_mix(tmp_path):
    labels = [label(1, "S-1", "a"), label(2, "S-2", "a"), label(3, "S-3", "b"), label(4, "S-4", "a")]
    found = grouping(tmp_path, TWO_BUGS, labels)
    assert (found["precision"], found["recall"], found["rr1"], found["event_f1"]) == (1, 1, 1, 1)
    assert found["issues"] == 4


def test_wrong_and_missing_joins_cost_precision_and_recall(tmp_path):
    labels = [label(1, "S-1", "a"), label(2, "S-2", "b"), label(3, "S-3", "a"), label(4, "S-4", "a")]
    found = grouping(tmp_path, TWO_BUGS, labels)
    assert (found["precision"], found["recall"], found["f1"], found["event_f1"]) == (0, 0, 0, 0)


def test_cases_that_one_issue_is_surely_both_of_become_the_older_one():
    done = eval_grouping.Pass(case_of={"S-1": 0, "S-2": 1, "S-3": 1, "S-4": 2})
    sure = [Match(case, f"S-{case + 1}", 0.9, sure=0.9) for case in (0, 1)]
    seen = eval_grouping.Seen("e", "shop", "S-3", None)
    eval_grouping._draw_together(seen, Casebook(), sure, Thresholds(), done)
    assert done.case_of == {"S-1": 0, "S-2": 0, "S-3": 0, "S-4": 2}


def test_labels_change_nothing_in_the_pass(tmp_path):
    platforms = [
        grouping(tmp_path, TWO_BUGS, [label(n, f"S-{n}", bug) for n, bug in enumerate(bugs, 1)])["by_platform"].keys()
        for bugs in ("aaaa", "abcd")
    ]
    assert platforms[0] == platforms[1] == {"python"}


def test_a_mixed_issue_is_found_and_a_pure_one_is_left_alone(tmp_path):
    rows = [row(n, "S-1", "find", f"no such column: {('tax_code', 'old_name')[n % 2]}") for n in range(4)]
    rows += [row(n, "S-2", "send_mail", "'subject'") for n in range(4, 8)]
    found = grouping(tmp_path, rows, [label(n, f"S-{1 + n // 4}", "ab"[n % 2] if n < 4 else "c") for n in range(8)])
    assert (found["mixed_precision"], found["mixed_recall"]) == (1, 1)


def test_a_mixed_issue_that_looks_like_one_bug_is_a_miss(tmp_path):
    found = grouping(
        tmp_path, [row(n, "S-1", "find") for n in range(4)], [label(n, "S-1", "ab"[n % 2]) for n in range(4)]
    )
    assert found["mixed_recall"] == 0


def test_the_right_case_is_ranked_first_or_counted_as_a_miss(tmp_path):
    labels = [label(1, "S-1", "a"), label(2, "S-2", "a"), label(3, "S-3", "b"), label(5, "S-5", "b")]
    found = grouping(tmp_path, [*TWO_BUGS, row(5, "S-5", "price_of")], labels)
    assert (found["rr1"], found["mrr"], found["join_precision"]) == (0.5, 0.75, 0.5)


def test_triage_counts_the_leading_cause_against_its_label(tmp_path):
    issue = {"id": "1", "shortId": "S-1", "title": "KeyError: 'x'", "project": {"slug": "shop"}, "userCount": 9}
    samples = [{"issue": {**issue, "id": str(n)}, "event": row(n, "S", "price_of")["event"]} for n in range(4)]
    labels = [{"issue": str(n), "label": "noise" if n == 3 else "code_bug"} for n in range(4)]
    files = (write(tmp_path / "s.jsonl", samples), write(tmp_path / "l.jsonl", labels))
    result = CliRunner().invoke(
        app, ["triage", "--samples", files[0], "--labels", files[1], "--json"], catch_exceptions=False
    )
    found = json.loads(result.stdout)
    assert (found["accuracy"], found["real_called_noise"]) == (0.75, 0)
    assert found["recall_by_label"] == {"code_bug": 1, "noise": 0}
    assert found["confusion"] == {"code_bug": {"code_bug": 3}, "noise": {"code_bug": 1}}


@pytest.mark.parametrize("text", ["not json\n", "[1]\n", '{"project": "shop"}\n'])
def test_a_bad_line_is_named_with_what_to_do(tmp_path, text):
    (tmp_path / "events.jsonl").write_text(text, encoding="utf-8")
    labels = write(tmp_path / "labels.jsonl", [])
    with pytest.raises(UserFault, match=r"events\.jsonl.*\."):
        CliRunner().invoke(
            app, ["grouping", "--events", str(tmp_path / "events.jsonl"), "--labels", labels], catch_exceptions=False
        )


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the labelled data lie beside this repository (../shared/data), not in it"
)
@pytest.mark.parametrize("name", TARGETS)
def test_labelled_data_are_told_apart_as_well_as_before(name):
    folder, (least_precision, least_rr1, least_event_f1) = DATA / "grouping" / name, TARGETS[name]
    events, labels = folder / "events.jsonl", folder / "labels.jsonl"
    result = CliRunner().invoke(app, ["grouping", "--events", str(events), "--labels", str(labels), "--json"])
    found = json.loads(result.stdout)
    assert found["precision"] >= least_precision
    assert found["rr1"] >= least_rr1
    assert found["event_f1"] >= least_event_f1
    assert found["mixed_precision"] >= 0.9


def _java(row):
    """One event of Defects4J as the SDK would send it: no time, no release, no source lines."""
    frames = [{k: f.get(k) for k in ("module", "function", "filename", "lineno", "in_app")} for f in row["frames"]]
    outermost = {"type": row["exc"][0], "value": row["value"], "stacktrace": {"frames": frames[::-1]}}
    values = [*({"type": kind, "value": ""} for kind in row["exc"][:0:-1]), outermost]
    event = {"event_id": row["id"], "platform": "java", "exception": {"values": values}}
    return {"project": row["project"], "issue": row["id"], "event": event}


def _tells(row):
    """Whether a trace has two frames of the program itself and is no assertion of a test."""
    own = [f for f in row["frames"] if f["in_app"] and not re.search("Test|junit", f["module"])]
    return len(own) > 1 and not re.search("Assert|ComparisonFailure", " ".join(row["exc"]))


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the labelled data lie beside this repository (../shared/data), not in it"
)
def test_java_without_source_lines_is_told_apart_by_its_line_numbers(tmp_path):
    lines = (DATA / "grouping" / "defects4j.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [one for one in map(json.loads, lines) if _tells(one)]
    labels = [{"event_id": one["id"], "issue": one["id"], "bug": one["bug"]} for one in rows]
    found = grouping(tmp_path, map(_java, rows), labels)
    assert found["rr1"] >= 0.97
    assert found["precision"] >= 0.96


def test_event_f1_of_the_best_cases_is_the_ceiling():
    seen = [eval_grouping.Seen(str(n), "shop", "S-1", None) for n in range(3)]
    assert eval_grouping._event_f1([(one, "ab"[n // 2]) for n, one in enumerate(seen)], {"S-1": 0}) == 0.5
