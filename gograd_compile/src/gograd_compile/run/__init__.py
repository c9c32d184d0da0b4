"""Runs of a schedule: at one point or at many, by NumPy or by native code."""
