"""Practice GitHub: issues, comments, labels and webhook deliveries of a repository."""
