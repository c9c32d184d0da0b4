"""Tables of sums: which are found, and that each sum is added in order to the last bit, with vectors of every width."""

import numpy as np
import pytest

from gograd_compile.call import prepared

pytestmark = [
    pytest.mark.any_engine,
    pytest.mark.skipif(prepared is None, reason="the library for calls was not built"),
]

NUMBERS = 700  # numbers that sums read. The sums come behind them
SPECIAL = (np.inf, -np.inf, np.nan, 0.0, -0.0)
SHAPES = [(4, 4, 1), (5, 4, 3), (4, 16, 2), (7, 9, 5), (16, 8, 20), (6, 23, 4), (9, 33, 2), (3, 12, 6), (12, 3, 7)]
# The slot of the factor of term k that row i of a matrix has; and that column i has.
SIDES = {
    "row after row": lambda i, k, rng: 20 * i + k,
    "column after column": lambda i, k, rng: 33 * k + i,
    "backwards": lambda i, k, rng: 33 * k + 40 - i,
    "upside down": lambda i, k, rng: 699 - 20 * i - k,
    "far apart": lambda i, k, rng: 7 * i + 31 * (k % 3),
    "in many ways": lambda i, k, rng: 200 + (k % 4 - 1) * i,
    "mixed up": lambda i, k, rng: int(rng.integers(NUMBERS)),
    "repeated": lambda i, k, rng: 30 * (i % 3) + k // 2,
    "all the same": lambda i, k, rng: 5 + k,
}
ORDERS = ("row by row", "column by column", "mixed up")


def matrix(side, count, length, rng):
    return [[SIDES[side](i, k, rng) for k in range(length)] for i in range(count)]


def product(rows, columns):
    """The sums of a product of matrices: a list of pairs of slots for each, row by row."""
    return [list(zip(row, column, strict=True)) for row in rows for column in columns]


def with_more(sums, rng):
    """Turn some factors round, the same ones in every sum, and put terms of their own around the terms of each sum."""
    turned = rng.random(len(sums[0])) < 0.3
    before, after = rng.integers(0, 3, 2)
    own, apart = rng.integers(0, 100, before + after), rng.integers(0, 3, (2, before + after))
    more = [
        [(int(slot + place * x), int(slot + place * y)) for slot, x, y in zip(own, *apart, strict=True)]
        for place in range(len(sums))
    ]
    return [
        [
            *each[:before],
            *(term[::-1] if turn else term for term, turn in zip(terms, turned, strict=True)),
            *each[before:],
        ]
        for terms, each in zip(sums, more, strict=True)
    ]


def ordered(sums, columns, order, rng):
    places = np.arange(len(sums)).reshape(-1, columns)
    if order == "mixed up":
        return [sums[place] for place in rng.permutation(len(sums))]
    return [sums[place] for place in (places if order == "row by row" else places.T).ravel()]


def divided(sums):
    starts = np.cumsum([0, *map(len, sums)])
    terms = np.array([term for terms in sums for term in terms], dtype=np.int32)
    return prepared.Division(np.array([[0, NUMBERS, len(sums), 0]]), starts, terms)


def added_up(v, terms):
    first, second = np.array(terms).T
    with np.errstate(all="ignore"):
        return np.add.accumulate(v[first] * v[second])[-1]


def numbers(sums, rng, special=0.0):
    v = np.zeros(NUMBERS + len(sums))
    v[:NUMBERS] = rng.standard_normal(NUMBERS) * 10.0 ** rng.integers(-8, 8, NUMBERS)
    places = np.flatnonzero(rng.random(NUMBERS) < special)
    v[places] = rng.choice(SPECIAL, len(places))
    return v


def check(sums, v, run_even_sums):
    """Run the divided sums, and compare all bits with sums that are added up one after the other."""
    expected, found, division = v.copy(), v.copy(), divided(sums)
    for slot, terms in enumerate(sums, NUMBERS):
        expected[slot] = added_up(expected, terms)
    for code, slot, count, at in division.steps.tolist():
        if code < 0:
            run_even_sums(found, [code, slot, count, at], division.moves[at:], division.room)
        for place in range(at, at + count if code == 0 else at):
            found[slot + place - at] = added_up(found, sums[place])
    is_nan = np.isnan(expected)
    assert (np.isnan(found) == is_nan).all()
    assert found[~is_nan].tobytes() == expected[~is_nan].tobytes()
    return division


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("other", SIDES)
def test_every_sum_is_added_in_order(run_even_sums, side, other):
    rng = np.random.default_rng([*map(ord, side + other)])
    for rows, columns, length in rng.permutation(SHAPES)[:3]:  # in 81 tests all of them come up often
        sums = product(matrix(side, rows, length, rng), matrix(other, columns, length, rng))
        sums = ordered(with_more(sums, rng), columns, rng.choice(ORDERS), rng)
        check(sums, numbers(sums, rng, special=rng.choice([0.0, 0.02])), run_even_sums)


@pytest.mark.parametrize("length", range(1, 21))
def test_tables_of_every_length(run_even_sums, length):
    rng = np.random.default_rng(length)
    for rows, columns in ((4, 4), (6, 17), (13, 8)):
        matrices = matrix("row after row", rows, length, rng), matrix("column after column", columns, length, rng)
        sums = product(*matrices)
        division = check(sums, numbers(sums, rng), run_even_sums)
        assert division.tables == [(rows, columns, length)]
        assert (division.in_tables, division.in_runs, division.loose) == (rows * columns * length, 0, 0)


def test_sums_that_read_a_table_come_after_it(run_even_sums):
    rng = np.random.default_rng(1)
    first = product(matrix("row after row", 6, 4, rng), matrix("column after column", 8, 4, rng))
    results = [[NUMBERS + 8 * i + k for k in range(8)] for i in range(6)]
    second = product(results, matrix("backwards", 9, 8, rng))
    chain = [[(NUMBERS + len(first) + len(second) + i - 1, 3)] for i in range(5)]
    sums = first + second + chain
    division = check(sums, numbers(sums, rng), run_even_sums)
    assert division.tables == [(6, 8, 4), (6, 9, 8)]
    assert division.loose == 5


def test_zeros_keep_their_signs(run_even_sums):
    rng = np.random.default_rng(2)
    sums = product(matrix("row after row", 5, 3, rng), matrix("column after column", 9, 3, rng))
    v = numbers(sums, rng)
    v[:NUMBERS] = rng.choice([0.0, -0.0, 1.0, -1.0], NUMBERS, p=[0.4, 0.4, 0.1, 0.1])
    check(sums, v, run_even_sums)


def tables_of(sums):
    division = divided(sums)
    return sorted(division.tables), division.loose


def test_columns_of_few_sums_are_rows_of_a_table():
    """Rows of a narrow matrix are too short, but its columns are not."""
    rng = np.random.default_rng(3)
    sums = product(matrix("backwards", 16, 5, rng), matrix("row after row", 4, 5, rng))
    narrow = [terms for place, terms in enumerate(sums) if place % 4 < 3]
    assert tables_of(sums) == ([(16, 4, 5)], 0)
    assert tables_of(narrow) == ([], 0)  # three runs of 16
    assert len(divided(narrow).steps) == 3


def test_terms_around_a_table_may_differ_from_row_to_row():
    rng = np.random.default_rng(4)
    sums = product(matrix("mixed up", 5, 8, rng), matrix("column after column", 6, 8, rng))
    more = [[(place, 1), *terms, (2, 3 * place)] for place, terms in enumerate(sums)]
    division = divided(more)
    assert division.tables == [(5, 6, 8)]
    assert (division.in_tables, division.in_runs, division.loose) == (240, 60, 0)


@pytest.mark.parametrize("turn", [1, -1])
def test_sums_that_read_each_other_are_in_no_table(turn):
    sums = [[(NUMBERS + place - 1, 0)[::turn]] for place in range(40)]
    division = divided(sums)
    assert division.steps.tolist() == [[0, NUMBERS, 40, 0]]
    assert (division.tables, division.loose) == ([], 40)


def test_sums_of_different_lengths_are_in_different_runs(run_even_sums):
    sums = [
        [(3 * place + k, 9 - k) for k in range(length)] for place, length in enumerate([3] * 6 + [4] * 7 + [2, 3] * 5)
    ]
    division = check(sums, numbers(sums, np.random.default_rng(5)), run_even_sums)
    assert sorted(division.steps[:, 2].tolist()) == [5, 5, 6, 7]
    assert division.loose == 0


def test_other_steps_stay_as_they_are():
    starts = np.arange(0, 5)
    terms = np.array([(9, 3), (1, 2), (5, 5), (0, 7)], dtype=np.int32)
    steps = np.array([[2, 10, 3, 7], [0, 13, 4, 0], [1, 17, 1, 8]])
    assert prepared.Division(steps, starts, terms).steps.tolist() == steps.tolist()
