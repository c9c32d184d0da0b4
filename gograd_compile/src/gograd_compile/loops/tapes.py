"""Loops that simplify a tape."""

from __future__ import annotations

from typing import Any

__all__ = ["find_live", "find_varying", "merge_constants", "merge_operations", "take_rows"]

PROBES = 4
LOW = 0xFFFFFFFF
SPREAD = 2654435761


def find_varying(leaves: int, rows: Any, passes_on: Any, varies: Any, used: Any) -> None:
    """Find the operations that depend on what `varies`, and the nodes that these operations use.

    `passes_on` says for each code whether what an operation of it makes counts as depending on its inputs.
    """
    codes, starts, inputs = rows
    for k in range(len(codes)):
        depends = 0
        for e in range(starts[k], starts[k + 1]):
            depends |= varies[inputs[e]]
        depends &= passes_on[codes[k]]
        varies[leaves + k] = depends
        if depends:
            for e in range(starts[k], starts[k + 1]):
                used[inputs[e]] = 1


def find_live(leaves: int, starts: Any, inputs: Any, live: Any) -> None:
    """Find the nodes that `live` nodes depend on. They are live too."""
    for k in range(len(starts) - 2, -1, -1):
        if live[leaves + k]:
            for e in range(starts[k], starts[k + 1]):
                live[inputs[e]] = 1


def take_rows(leaves: int, new_leaves: int, rows: Any, kept: Any, number: Any, new_rows: Any) -> None:
    """Copy the rows that are kept, and renumber their inputs. `number` has the new leaves, and gets the others."""
    codes, starts, inputs = rows
    new_codes, new_starts, new_inputs = new_rows
    row = entry = 0
    new_starts[0] = 0
    for k in range(len(codes)):
        if kept[k]:
            for e in range(starts[k], starts[k + 1]):
                new_inputs[entry] = number[inputs[e]]
                entry += 1
            number[leaves + k] = new_leaves + row
            new_codes[row] = codes[k]
            row += 1
            new_starts[row] = entry


def _mixed(number: int, other: int) -> int:
    """Mix two numbers below 2**31 for a hash. The product fits into 64 bits."""
    return (((number ^ other) * SPREAD) >> 13) & 0x7FFFFFFF


def merge_constants(first: int, bits: Any, table: Any, same: Any, number: Any) -> int:
    """Find for each constant the first that is the `same`, bit for bit. Returns how many different ones there are.

    `first` is the leaf of the first constant. The table, whose length is a power of two and at least twice the number
    of constants, holds -1.
    """
    mask = len(table) - 1
    remain = 0
    for k in range(len(bits)):
        place = _mixed((bits[k] >> 32) & 0x7FFFFFFF, bits[k] & 0x7FFFFFFF) & mask
        while table[place] >= 0 and bits[table[place]] != bits[k]:
            place = (place + 1) & mask
        if table[place] < 0:
            table[place] = k
            number[first + k] = first + remain
            remain += 1
        else:
            number[first + k] = number[first + table[place]]
        same[first + k] = first + table[place]
    return remain


def _equal(row: int, other: int, codes: Any, starts: Any, inputs: Any) -> bool:
    one, two = starts[row], starts[other]
    entries = starts[row + 1] - one
    if codes[row] != codes[other] or starts[other + 1] - two != entries:
        return False
    for i in range(entries):  # noqa: SIM110 - a loop in C
        if inputs[one + i] != inputs[two + i]:
            return False
    return True


def merge_operations(
    leaves: int, new_leaves: int, rows: Any, opaque: Any, table: Any, same: Any, number: Any, new_rows: Any
) -> int:
    """Copy the rows of different operations, and find for each the `same` one. Returns how many rows there are.

    The table, whose length is a power of two, holds -1. It is bounded, so that it stays in the cache. If it is full,
    the oldest operations are forgotten.
    """
    codes, starts, inputs = rows
    new_codes, new_starts, new_inputs = new_rows
    mask = len(table) - 1
    row = 0
    new_starts[0] = 0
    for k in range(len(codes)):
        end = new_starts[row]
        place = codes[k]
        for e in range(starts[k], starts[k + 1]):
            place = _mixed(place, same[inputs[e]])
            new_inputs[end] = number[inputs[e]]
            end += 1
        new_codes[row] = codes[k]
        new_starts[row + 1] = end
        first = k
        if not opaque[codes[k]]:
            for probe in range(PROBES):
                entry = table[(place + probe) & mask]  # the hash above, the operation below
                if entry < 0:
                    table[(place + probe) & mask] = place << 32 | k
                    break
                twin = entry & LOW
                if entry >> 32 == place and _equal(
                    row, number[leaves + twin] - new_leaves, new_codes, new_starts, new_inputs
                ):
                    first = twin
                    break
            else:
                table[place & mask] = place << 32 | k
        same[leaves + k] = leaves + first
        if first == k:
            number[leaves + k] = new_leaves + row
            row += 1
        else:
            number[leaves + k] = number[leaves + first]
    return row
