"""How the decision of a mapping reads on the terminal: each rule with what decided it, and the ticket."""

from typing import Any

from rich.markdown import Markdown
from rich.text import Text

from worker.cli.screen import out

_GROUPS = {"any": "none of its conditions holds", "all": "not all of its conditions hold", "none": "one of them holds"}
"""Why a group did not hold."""


def show_decision(said: dict[str, Any]) -> None:
    """Print what `worker.mapping.explain` says."""
    for step in said["steps"]:
        out.print(_step(step))
    out.print(Text(f"\n{said['why']}", style="bold"))
    if origin := said.get("introduced"):
        out.print(Text(f"Introduced by: {origin['said']} ({origin['confidence']})"))
        for line in origin["evidence"]:
            out.print(Text(f"  {line}", style="dim"))
        for commit in origin["suspects"]:
            out.print(Text(f"Suspect commit: {commit}"))
    if said["ticket"]:
        _show_ticket(said["ticket"])
    if said["follows"]:
        out.print(Text("\nKept in step later, while it is open:", style="bold"))
        for what in said["follows"]:
            out.print(Text(f"  {what}"))


def _step(step: dict[str, Any]) -> Text:
    mark, style = ("✓", "green") if step["matched"] else ("·", "dim")
    decided = step["decided"]
    values = ", ".join(f"{name} = {value}" for name, value in (decided or {}).get("values", {}).items())
    text = " ".join(decided["text"].split()) if decided else "always"
    because = f"{_GROUPS.get(text, text)}   {values}"
    return Text.assemble((f"{mark} {step['rule']:<28} ", style), (because[:200], style))


def _show_ticket(ticket: dict[str, Any]) -> None:
    out.print(Text(f"\n{ticket['tracker']} ({ticket['kind']}): {ticket['title']}", style="bold cyan"))
    for name, value in ticket["fields"].items():
        out.print(Text(f"  {name}: {value}"))
    if ticket["kind"] == "jira" and isinstance(ticket["body"], str):  # wiki markup, for a Data Center
        out.print(Text(ticket["body"]))
    elif isinstance(ticket["body"], str):
        out.print(Markdown(ticket["body"], hyperlinks=False))
    else:
        out.print(Text("  (body: an Atlassian document; --json shows it as it would be sent)", style="dim"))
