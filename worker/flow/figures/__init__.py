"""History in figures: reports, dashboards, and the spells of cases that both stand on."""
