"""Runs of sums with vectors of every width, and without any: each sum is added in order, to the last bit."""

import numpy as np
import pytest

NUMBERS, OUT = 300, 300  # sums are written behind the numbers that they read
COUNTS = (4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 27, 32, 40)
# How the slots of both factors move. Terms of a row are followed by others, or not.
TERMS = {
    "a column": [(0, 290, 1, 0)],
    "columns": [(0, 290, 1, 0), (50, 291, 1, 0), (100, 290, 1, 0)],
    "columns backwards": [(60, 290, -1, 0), (120, 291, -1, 0)],
    "columns both ways": [(60, 290, -1, 0), (10, 292, 1, 0), (80, 290, -1, 0)],
    "two of a row": [(0, 290, 3, 0), (1, 291, 3, 0)],
    "three of a row": [(0, 290, 5, 0), (1, 291, 5, 0), (2, 292, 5, 0)],
    "rows with a gap": [(0, 290, 5, 0), (2, 291, 5, 0), (3, 292, 5, 0), (4, 280, 5, 0)],
    "rows backwards": [(200, 290, -4, 0), (201, 291, -4, 0)],
    "a constant and a row": [(299, 298, 0, 0), (0, 290, 2, 0), (1, 291, 2, 0), (100, 280, 1, 0)],
    "both move": [(0, 100, 1, 2), (200, 60, -3, -1), (0, 290, 1, 0)],
}

pytestmark = pytest.mark.any_engine


def head(length, by=1):
    """Two rows of moves that say how a run is computed: see `Head`."""
    return [(1, length, by, 0), (0, 0, 0, 0)]


def in_order(v, terms, place):
    total = None
    for first, second, dx, dy in terms:
        product = v[first + place * dx] * v[second + place * dy]
        total = product if total is None else total + product
    return total


@pytest.mark.parametrize("by", [1, 3])
@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
def test_every_sum_is_added_in_order(run_even_sums, terms, by):
    rng = np.random.default_rng(len(terms))
    for count in COUNTS:
        size = OUT + by * count + 1
        v = rng.standard_normal(size) * 10.0 ** rng.integers(-8, 8, size)
        expected = v.copy()
        expected[OUT : OUT + by * count : by] = [in_order(v, terms, place) for place in range(count)]
        run_even_sums(v, [-1, OUT, count, 0], head(len(terms), by) + terms)
        assert v.tobytes() == expected.tobytes()


def test_a_sum_of_negative_zeros_is_negative(run_even_sums):
    v = np.array([0.0] * 8 + [-1.0] + [7.0] * 8)
    run_even_sums(v, [-1, 9, 8, 0], [*head(1), (0, 8, 1, 0)])
    assert v[9:].tobytes() == np.full(8, -0.0).tobytes()
