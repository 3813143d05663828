"""Which issues are one bug: at first sight, by later evidence, and in Sentry as well."""
