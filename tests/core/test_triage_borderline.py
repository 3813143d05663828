"""Samples at the border between ours, the infrastructure's, a vendor's and nobody's: many languages, other words.

Each line of triage_borderline.jsonl: label, platform, type, text, frames (oldest first; + is in-app), users, events;
`cause` is what was thrown before, a message without a type was logged.
"""

import json
from pathlib import Path

from worker.cli import eval_triage
from worker.ends.sentry_shapes import read_event, read_issue

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
ROWS = Path(__file__).with_name("triage_borderline.jsonl").read_text(encoding="utf-8").splitlines()


def frame(told):
    where, _, function = told.removeprefix("+").rpartition(":")
    place = {"abs_path": where, "filename": where} if "/" in where else {"module": where}
    return {"function": function, "in_app": told.startswith("+"), **place}


def thrown(told):
    frames = [frame(one) for one in told["frames"].split()]
    return {"type": told["type"], "value": told["text"], "stacktrace": {"frames": frames} if frames else None}


def sample(number, row):
    project = {"id": "1", "slug": "acme"}
    issue = {
        "id": str(number),
        "shortId": f"ACME-{number}",
        "title": f"{row['type']}: {row['text']}" if row["type"] else row["message"],
    }
    issue |= {"count": str(row["events"]), "userCount": row["users"], "project": project}
    issue |= {"firstSeen": "2026-05-01T00:00:00Z", "lastSeen": "2026-05-20T00:00:00Z"}
    chain = [thrown(one) for one in (row.get("cause"), row) if one and one["type"]]
    agent = row.get("agent", CHROME if row["platform"] == "javascript" else None)
    request = {"url": row.get("url", "https://acme.example/p"), "headers": [["User-Agent", agent]] if agent else []}
    event = {"event_id": f"{number:032x}", "platform": row["platform"], "environment": "production"}
    event |= {key: row[key] for key in ("message", "logger", "release", "tags") if key in row}
    return read_issue(issue), read_event({**event, "request": request, "exception": {"values": chain}})


def test_borderline_samples_are_told_apart_and_no_real_bug_is_called_noise():
    rows = [json.loads(line) for line in ROWS]
    judged = eval_triage.run(sample(number, row) for number, row in enumerate(rows))
    found = eval_triage.figures(judged, {str(number): row["label"] for number, row in enumerate(rows)})
    assert found["real_called_noise"] == 0
    assert found["accuracy"] >= 0.95
    assert min(found["recall_by_label"].values()) >= 0.9
