"""What Sentry answers about the frames of one event, and the one cause that is told."""

import itertools

import pytest

from worker.triage.map_answers import Cause, FrameAnswer, MapAnswer, cause_of

PATH = "https://shop.example.com/static/app.js"
LOST = FrameAnswer(PATH)
NO_FILE = MapAnswer(release="web@3", frames=(LOST,))


def of_frame(**said):
    found = cause_of(MapAnswer(release="web@3", frames=(FrameAnswer(PATH, **said),)))
    return found[0] if found else None


FRAMES = [
    ({"debug_id": "a", "id_file": True, "id_map": True}, None),
    ({"debug_id": "a", "id_file": True}, Cause.ID_WITHOUT_MAP),
    ({"debug_id": "a", "id_map": True}, Cause.ID_NOT_UPLOADED),
    ({"debug_id": "a"}, Cause.ID_NOT_UPLOADED),
    ({"debug_id": "a", "file_found": "found", "map_found": "found"}, None),
    ({"file_found": "found", "map_found": "found"}, None),
    ({"file_found": "wrong-dist"}, Cause.OTHER_DIST),
    ({"file_found": "found", "map_found": "wrong-dist", "reference": "app.js.map"}, Cause.OTHER_DIST),
    ({"file_found": "found", "map_found": "unsuccessful", "reference": "app.js.map"}, Cause.MAP_NOT_UPLOADED),
    ({"file_found": "found"}, Cause.NO_REFERENCE),
    ({"file_found": "unsuccessful"}, Cause.NOTHING_UPLOADED),
]


@pytest.mark.parametrize(("said", "cause"), FRAMES, ids=range(len(FRAMES)))
def test_a_frame_tells_why_it_has_no_names(said, cause):
    assert of_frame(**said) is cause


UPLOADS = [
    ({"release_upload": True, "any_upload": True}, Cause.OTHER_PATH),
    ({"id_upload": True, "sdk_support": "needs-upgrade"}, Cause.OLD_SDK),
    ({"id_upload": True, "sdk_support": "not-supported", "release": None}, Cause.OLD_SDK),
    ({"id_upload": True, "sdk_support": "full", "any_upload": True}, Cause.NOT_THIS_RELEASE),
    ({"sdk_support": "needs-upgrade"}, Cause.NOTHING_UPLOADED),
    ({"release": None, "any_upload": True}, Cause.NO_RELEASE),
    ({"any_upload": True}, Cause.NOT_THIS_RELEASE),
    ({}, Cause.NOTHING_UPLOADED),
]


@pytest.mark.parametrize(("uploaded", "cause"), UPLOADS, ids=range(len(UPLOADS)))
def test_a_file_that_was_not_found_is_explained_by_what_was_uploaded(uploaded, cause):
    told = {"release": "web@3", "frames": (LOST,)} | uploaded
    assert cause_of(MapAnswer(**told)) == (cause, LOST)


def test_most_frames_decide_whatever_their_order_and_the_first_of_them_is_shown():
    other = FrameAnswer(PATH, file_found="found")
    shown = [FrameAnswer(f"{PATH}?{n}") for n in range(2)]
    for frames in itertools.permutations([other, *shown]):
        first = next(one for one in frames if one in shown)
        assert cause_of(MapAnswer(release="web@3", frames=frames)) == (Cause.NOTHING_UPLOADED, first)


@pytest.mark.parametrize("path", [None, "", "https://a.example/node_modules/b.js"])
def test_frames_of_packages_and_without_a_path_say_nothing(path):
    silent = FrameAnswer(path)
    assert cause_of(MapAnswer(frames=(silent, silent))) is None
    assert cause_of(MapAnswer(release="web@3", frames=(silent, silent, LOST))) == (Cause.NOTHING_UPLOADED, LOST)
