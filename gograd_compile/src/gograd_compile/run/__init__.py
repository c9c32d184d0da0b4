"""Runs schedules at one point or at many, with NumPy or native code."""
