"""Practice Jira Cloud: workflow, JQL and the REST API, v3 and v2 spellings."""
