"""What a case is made of, from the store alone: its members, its umbrella, its goal, and what is known of it."""
