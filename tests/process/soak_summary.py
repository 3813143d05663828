"""Says at the end of a test run what the soak came to: what a test prints in a worker of xdist is seen by nobody."""


def pytest_terminal_summary(terminalreporter):
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, said in getattr(report, "user_properties", ()):
                if name == "soak":
                    terminalreporter.write_line(f"soak: {said}")
