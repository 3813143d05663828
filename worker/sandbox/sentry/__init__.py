"""Practice Sentry: ingest, grouping, the issue states and the REST API."""
