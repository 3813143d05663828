"""Teams as a dimension of spells: not kept with them, but told from their projects by the mapping of today."""

from dataclasses import replace

import numpy as np

from worker.mapping.teams import Teams, team_of
from worker.metrics.columns import Columns
from worker.metrics.scope import TEAM

NAMED = 5
"""So many projects without a team are named."""


def with_teams(columns: Columns, teams: Teams) -> Columns:
    """The same spells with the team of each."""
    projects, names = columns.words["project"], list(teams)
    table = np.zeros(max(projects, default=0) + 1, np.int32)
    for number, project in projects.items():
        team = team_of(teams, project)
        table[number] = names.index(team) + 1 if team else 0
    of = {**columns.of, TEAM: table[columns.of["project"]]}
    return replace(columns, of=of, words={**columns.words, TEAM: dict(enumerate(names, start=1))})


def without_team(columns: Columns) -> str | None:
    """Which projects stand in no team, in a sentence; None: every one has its team, or there are no teams."""
    if not columns.words[TEAM]:
        return None
    numbers = np.unique(columns.of["project"][columns.of[TEAM] == 0]).tolist()
    projects = sorted(columns.words["project"][number] for number in numbers if number in columns.words["project"])
    if not projects:
        return None
    more = f" and {len(projects) - NAMED} more" if len(projects) > NAMED else ""
    return f"By team, projects that stand in no team: {', '.join(projects[:NAMED])}{more}."
