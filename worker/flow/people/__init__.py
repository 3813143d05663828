"""What waits for people, what they mean by a name, what they answer, and how they take it back."""
