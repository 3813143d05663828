"""Observe, plan, apply; polls and sweeps. The only place that runs actions."""
