"""Resolution rates that can be traced: a pure fold over history, the figures of a week, and how they are shown."""
