"""What was recorded, and what became of it."""
