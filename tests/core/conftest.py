"""How the tests of the pure rooms run while their coverage is measured: `--hypothesis-profile=coverage`."""

import pytest
from hypothesis import settings

PROFILE = "coverage"
# Coverage asks what the tests reach, not how hard they look: a few examples, the same ones each time.
settings.register_profile(PROFILE, max_examples=15, derandomize=True, database=None, deadline=None)

OF_OTHER_ROOMS = ("test_sentry_shapes.py", "test_sentry_past.py", "test_hooks.py", "test_jira_", "test_retry.py")
LONG = (
    *("test_hostile_corpus.py", "test_triage_eval.py", "test_mapping_hostile.py"),
    *("that_is_too_long_is_cut", "in_simulated_months", "cut_off_by_gmail", "five-hundred", "the_watch_stays_small"),
    *("storms_begin_grow_and_end", "what_a_replay_of_everything", "every_object_is_closed", "valid_schema_of_the"),
    *("test_a_body_fits_however_much", "test_long_texts_are_bounded"),
)
"""Under coverage these take several times as long, and reach nothing that others do not."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave them out of a measured run, and let none of these names go stale."""
    if config.getoption("--hypothesis-profile") != PROFILE:
        return
    words = (*OF_OTHER_ROOMS, *LONG)
    stale = [word for word in words if not any(word in item.nodeid for item in items)]
    if stale:
        raise pytest.UsageError(f"No test is called {', '.join(stale)} any more. Correct {__file__}.")
    left = {item.nodeid for item in items if any(word in item.nodeid for word in words)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left])
    items[:] = [item for item in items if item.nodeid not in left]
