"""What concerns many cases at once: storms, limits, source maps, and deploys that took bugs away."""
