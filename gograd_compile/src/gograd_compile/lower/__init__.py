"""A tape made ready to run: sums and calls, derivatives, and a schedule."""
