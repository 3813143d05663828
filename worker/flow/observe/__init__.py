"""Observe: both sides of a case as they are now, and what is remembered of a look."""
