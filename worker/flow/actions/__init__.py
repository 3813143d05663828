"""Apply: run the actions of a plan, each write once, and keep open tickets, boards and umbrellas up to date."""
