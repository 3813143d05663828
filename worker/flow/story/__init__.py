"""What history and tickets say: the one place for the words of each move, decision and refusal."""
