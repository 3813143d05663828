"""The outside: Sentry, Jira and GitHub behind ports in our words. Vendor types and exceptions end here."""
