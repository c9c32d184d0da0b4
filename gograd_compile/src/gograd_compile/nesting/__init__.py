"""Nested arguments and results: as rows of numbers, and back."""
