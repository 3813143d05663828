"""What people are told, at most once: alerts, the morning digest and weekly reports."""
