"""A goal at rest: how a move that was begun is kept until it is done."""

from pydantic import TypeAdapter

from worker.case import Goal

GOAL: TypeAdapter[Goal] = TypeAdapter(Goal)
"""The same value as JSON."""
