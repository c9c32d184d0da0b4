"""Is imported when a function runs."""


def double(x):
    return float(x) + float(x)
