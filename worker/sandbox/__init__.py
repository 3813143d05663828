"""Practice Sentry, Jira and GitHub: one process, one port, the vendors' own HTTP APIs, everything in memory."""
