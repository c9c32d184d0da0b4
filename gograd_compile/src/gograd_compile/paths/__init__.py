"""The recorded paths through a function, and which of them a point takes."""
