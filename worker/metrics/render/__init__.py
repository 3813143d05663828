"""The report as people and scripts take it: mail, page, plain text, Markdown, Slack blocks, CSV, JSON."""
