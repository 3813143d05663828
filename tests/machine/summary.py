"""Prints the counts of the simulation at the end of a test run, whichever processes ran it."""

from tests.machine.tally import counted


def pytest_terminal_summary(terminalreporter):
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    lines = [text for report in reports for name, text in report.user_properties if name == "machine"]
    if lines:
        terminalreporter.write_line(counted(lines).line())
