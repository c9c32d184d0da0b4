"""Derivatives of functions: transforms, Jacobians and checks."""
