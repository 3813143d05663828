"""Fixtures that every folder of tests may ask for."""

pytest_plugins = [
    "tests.fixtures.databases",
    "tests.fixtures.practice",
    "tests.fixtures.desk",
    "tests.machine.summary",
    "tests.process.soak_summary",
]


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write what is printed now into tests/golden")
