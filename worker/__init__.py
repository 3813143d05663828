"""Bugferry: carries bugs from Sentry to Jira or GitHub and the answer back."""
