"""Breaks operations, each in one place, and asks whether the conformance kit rejects what comes out."""
