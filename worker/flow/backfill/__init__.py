"""What was there before us: older issues, and the history of all, brought in when a person asks."""
