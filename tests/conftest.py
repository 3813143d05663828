"""Fixtures that every folder of tests may ask for."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

MEMORY = Path("/dev/shm")
ENOUGH = 2**30
"""Bytes of memory that must be free for it."""

LONGEST_FIRST = ("test_soak.py", "/process/")

ALONE = "/process/"
"""Tests that start many processes each: one after the other, while the other worker of xdist does all the rest."""

pytest_plugins = [
    "tests.fixtures.databases",
    "tests.fixtures.practice",
    "tests.fixtures.desk",
    "tests.fixtures.postboxes",
    "tests.machine.summary",
    "tests.process.soak_summary",
]


# A property holds or does not: how long an example takes says how busy the machine is.
settings.register_profile("default", deadline=None)


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write what is printed now into tests/golden")


def pytest_itemcollected(item):
    if ALONE in str(item.path):
        item.add_marker(pytest.mark.xdist_group("process"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes longest, or a run ends with one processor waiting for the other; at random within that."""
    items.sort(key=lambda item: [part not in str(item.path) for part in LONGEST_FIRST])


def pytest_configure():
    """Keep databases of tests in memory where there is room: a commit there need not wait for a disk."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None  # whoever asked before us is asked again
