"""The ways through a function that are known, and which of them a point takes."""
