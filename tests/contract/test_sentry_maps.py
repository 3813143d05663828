"""Why frames are not readable: Sentry's answer through the client, and what is made of it."""

import json
from pathlib import Path

import pytest

from worker.ends.sentry import SentryClient
from worker.ends.sentry_maps import read_map_answer
from worker.errors import Transient
from worker.model import Project
from worker.sandbox import seed
from worker.triage.map_answers import Cause, FrameAnswer, MapAnswer, cause_of

BUNDLE = "https://shop.example.com/static/app.js"
DEBUG_ID = "2f8c1f2e-5a0e-4c58-9d6c-0f6f5b3f8a11"
WEB = Project(seed.PROJECTS[0].id, seed.PROJECTS[0].slug)
SHAPE = Path(__file__).parents[2].parent / "shared" / "data" / "sentry" / "api_source_map_debug.json"


@pytest.fixture
def client(sandbox):
    made = SentryClient(sandbox.sentry_url, seed.ORG, seed.SENTRY_TOKEN, sleep=lambda _s: None)
    yield made
    made.close()


def thrown(sandbox, number, **more):
    event_id = f"{number:032x}"
    frame = {"abs_path": BUNDLE, "filename": "/static/app.js", "function": "t", "lineno": 1, "colno": 9000}
    frame |= more.pop("frame", {})
    value = {"type": "TypeError", "value": "x is undefined", "stacktrace": {"frames": [frame]}}
    told = {"event_id": event_id, "platform": "javascript", "release": "web@3.1", "dist": "2"}
    sandbox.throw({**told, "exception": {"values": [value]}, **more}, seed.PROJECTS[0]).raise_for_status()
    return event_id


def test_an_event_whose_maps_were_never_uploaded(sandbox, client):
    answer = client.source_map_debug(WEB, thrown(sandbox, 1))
    assert (answer.release, answer.dist, answer.any_upload) == ("web@3.1", "2", False)
    (frame,) = answer.frames
    assert (frame.path, frame.file_found, frame.debug_id) == (BUNDLE, "unsuccessful", None)
    assert frame.looked_for == (BUNDLE, "~/static/app.js")
    assert cause_of(answer) == (Cause.NOTHING_UPLOADED, frame)


def test_an_event_with_debug_ids_that_nothing_was_uploaded_for(sandbox, client):
    images = [{"type": "sourcemap", "code_file": BUNDLE, "debug_id": DEBUG_ID}]
    answer = client.source_map_debug(WEB, thrown(sandbox, 2, debug_meta={"images": images}))
    assert (answer.frames[0].debug_id, cause_of(answer)[0]) == (DEBUG_ID, Cause.ID_NOT_UPLOADED)


def test_an_event_that_was_mapped_has_no_cause(sandbox, client):
    mapped = {"data": {"sourcemap": f"{BUNDLE}.map"}}
    assert cause_of(client.source_map_debug(WEB, thrown(sandbox, 3, frame=mapped))) is None


def test_an_event_that_is_not_there_is_no_error(client):
    assert client.source_map_debug(WEB, "0" * 32) is None


def test_a_read_that_fails_for_a_while_is_repeated_and_then_said(sandbox, client):
    event_id = thrown(sandbox, 4)
    sandbox.fault("fail_before", service="sentry", times=1)
    assert client.source_map_debug(WEB, event_id) is not None
    sandbox.fault("fail_before", service="sentry", times=-1)
    with pytest.raises(Transient):
        client.source_map_debug(WEB, event_id)


@pytest.mark.skipif(not SHAPE.exists(), reason="the reference data is not here")
def test_the_documented_answer_is_read_whole():
    answer = read_map_answer(json.loads(SHAPE.read_text()))
    assert (answer.release, answer.dist, answer.release_upload, answer.sdk_support) == (
        "frontend@1.0.0",
        "1.0.0",
        True,
        "full",
    )
    (frame,) = answer.frames
    assert (frame.file_found, frame.map_found, frame.reference, frame.id_map) == ("found", "found", "main.js.map", True)
    assert cause_of(answer) is None


@pytest.mark.parametrize(
    "junk", [{}, {"exceptions": None}, {"exceptions": [{"frames": [None, {"release_process": 1}]}]}]
)
def test_an_answer_of_another_shape_says_nothing(junk):
    assert cause_of(read_map_answer(junk)) is None


FOUND = {"file_found": "found", "map_found": "found"}
LOST = {"file_found": "unsuccessful", "map_found": "unsuccessful"}
UPLOADED = {"release": "web@3.1", "any_upload": True, "release_upload": True}
CAUSES = {
    "dist": (UPLOADED, {**LOST, "file_found": "wrong-dist"}, Cause.OTHER_DIST),
    "dist of the map": (UPLOADED, {**FOUND, "map_found": "wrong-dist"}, Cause.OTHER_DIST),
    "path": (UPLOADED, LOST, Cause.OTHER_PATH),
    "no reference": (UPLOADED, {**LOST, "file_found": "found"}, Cause.NO_REFERENCE),
    "map left behind": (UPLOADED, {**LOST, "file_found": "found", "reference": "a.map"}, Cause.MAP_NOT_UPLOADED),
    "id": (UPLOADED, {**LOST, "debug_id": DEBUG_ID}, Cause.ID_NOT_UPLOADED),
    "id without map": (UPLOADED, {**LOST, "debug_id": DEBUG_ID, "id_file": True}, Cause.ID_WITHOUT_MAP),
    "id, but found by release": (UPLOADED, {**FOUND, "debug_id": DEBUG_ID}, None),
    "found by id": (UPLOADED, {**LOST, "debug_id": DEBUG_ID, "id_file": True, "id_map": True}, None),
    "other releases": ({"release": "web@3.1", "any_upload": True}, LOST, Cause.NOT_THIS_RELEASE),
    "nothing": ({"release": "web@3.1"}, LOST, Cause.NOTHING_UPLOADED),
    "no release": ({"any_upload": True}, LOST, Cause.NO_RELEASE),
    "old SDK": (
        {"release": "web@3.1", "any_upload": True, "id_upload": True, "sdk_support": "needs-upgrade"},
        LOST,
        Cause.OLD_SDK,
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_an_answer_has_its_cause(name):
    told, frame, cause = CAUSES[name]
    package = FrameAnswer(path="https://a.example/node_modules/b.js", **LOST)
    answer = MapAnswer(frames=(package, FrameAnswer(path=BUNDLE, **frame), package), **told)
    assert (found := cause_of(answer)) == (None if cause is None else (cause, answer.frames[1])), found
