"""Derivatives of functions: transforms, Jacobians, checks."""
