"""Reports what was recorded of a function, and what was made of it."""
