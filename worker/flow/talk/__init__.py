"""Comments and assignees, carried between the two sides of a pair."""
