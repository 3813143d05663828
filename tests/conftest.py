"""Fixtures that every folder of tests may ask for."""

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.practice", "tests.fixtures.desk"]
