"""A function run once on neurons, and the tape of what it did."""
