"""The commands: Typer for the words, Rich for the screen. Each is skin over the rooms below."""
