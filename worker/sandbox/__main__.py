"""`python -m worker.sandbox`: a practice world on a port of one's own."""

import argparse

import uvloop

from worker.sandbox import seed
from worker.sandbox.hooks import Target
from worker.sandbox.serve import listen, new_server
from worker.sandbox.state import Config


def targets_at(address: str) -> tuple[Target, ...]:
    """The three webhook targets of a Bugferry at `address`."""
    return (
        Target("sentry", f"{address}/hooks/sentry", seed.SENTRY_CLIENT_SECRET),
        Target("jira", f"{address}/hooks/jira", seed.JIRA_WEBHOOK_SECRET),
        Target("github", f"{address}/hooks/github", seed.GITHUB_WEBHOOK_SECRET),
    )


def main() -> None:
    """Read the command line and serve until stopped."""
    parser = argparse.ArgumentParser(prog="worker.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8701)
    parser.add_argument("--hooks", help="address of a Bugferry that takes the webhooks; without it none are sent")
    parser.add_argument("--errors-every", type=float, metavar="SECONDS", help="throw an error now and then")
    parser.add_argument("--time-scale", type=float, default=1.0, help="factor on every webhook back-off")
    given = parser.parse_args()
    taken, url = listen(given.host, given.port)
    targets = targets_at(given.hooks.rstrip("/")) if given.hooks else ()
    config = Config(url=url, targets=targets, time_scale=given.time_scale, errors_every_s=given.errors_every)
    uvloop.run(new_server(config).serve(sockets=[taken]))


if __name__ == "__main__":
    main()
