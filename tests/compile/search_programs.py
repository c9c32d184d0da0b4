"""Search for programs of which compiled functions give something else than the engine; longer than a test may take.

python tests/compile/search_programs.py [SECONDS [FIRST_SEED]]

Programs nest choices, caught errors and whole numbers around poles. Each is run in every mode of
`test_chosen_arms`, on every backend, recorded at one point and called at others, and in batches. What differs is
printed, with the program and its seed.
"""

from __future__ import annotations

import collections
import importlib.util
import random
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import gograd_compile
import gograd_core.math
from gograd_compile.paths.budget import FREE


def module(name: str) -> ModuleType:
    """A file beside this one."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


generated, arms = module("generated_programs"), module("test_chosen_arms")

CATCHES = (
    "try:\n    {y} = {a} / {0}\nexcept ArithmeticError:\n    {y} = {1} + {b}",
    "try:\n    {y} = ops.log({0})\nexcept ValueError:\n    {y} = {1} * {b}",
    "try:\n    {y} = ops.sqrt({0}) * {1}\nexcept ArithmeticError:\n    {y} = {0} * {0}",
    "try:\n    {y} = ops.asin({0}) + {1} / {2}\nexcept ArithmeticError:\n    {y} = {1}",
    "try:\n    {y} = {1} / math.floor({0})\nexcept ZeroDivisionError:\n    {y} = {1}",
    "try:\n    ops.log({0})\n    {y} = {1}\nexcept ArithmeticError:\n    {y} = {1} * {1}",
    "ops.log({0})\n{y} = {1} * {b}",
    "{y} = {a} / {0}\nif {1} > {a}:\n  {y} = {2} * {b}",
    "{y} = {1}\nfor k in 0, 1:\n  try:\n    {y} += 1.0 / ({0} - k)\n  except ArithmeticError:\n    {y} *= 0.5",
)
WHOLE = (
    "{y} = {0} - {b} * math.floor({0})",
    "{y} = {0} * {{{{0: 1.0, 1: 2.0}}}}.get(math.floor({1}), 0.5)",
    "{y} = {0} * (math.ceil({1}) & 3)",
    "{y} = {0} + math.trunc({1}) / 4",
    "{y} = {0} * (({1} > {a}) & ({2} < {b}))",
    "{y} = {1} if {0} > {a} else {2}",
    "{y} = {0} * len(str({1} > {a}))",
    "{y} = {0} * (math.floor({1}) // 2) + {0} * (math.ceil({2}) % 3)",
    "{y} = {0} * -math.trunc({1}) + math.floor({2}) * math.floor({1})",
    "{y} = [{0}, {1}, {2}][({0} > {a}) + ({1} > {b})]",
    "{y} = {1}\nwhile {y} > 1.0:\n    {y} = {y} * 0.5 - {0} * {0}",
    "{y} = {1} if grad(lambda t: ops.where(t > {a}, t * t, t))({0}) > {b} else {2}",
    "{y} = grad(lambda t: t * math.floor(t) + (t > {a}) * {1})({0})",
)
FORMS = {generated.CHOICES: 5.0, generated.POLES: 4.0, generated.SMOOTH: 1.0, CATCHES: 2.0, WHOLE: 2.0}
IN_A_BATCH = 12
"""How many more points a batch has."""
BACKENDS = ["native", "numpy"] if importlib.util.find_spec("numba") else ["numpy"]


def drawn(seed: int) -> tuple[Any, list[list[float]]]:
    """A program, and the points at which it is called; it is recorded at the first."""
    draw = random.Random(seed)
    program = generated.program(
        draw,
        draw.choice((1, 1, 2, 3)),
        draw.randint(4, 9),
        FORMS,
        names={"math": gograd_core.math, "grad": gograd_core.grad},
    )
    return program, [generated.numbers(draw, program.arguments) for _ in range(4)]


def differences(seed: int, found: collections.Counter[str]) -> list[str]:
    program, points = drawn(seed)
    wrong = []
    for mode, (inside, ask, engine) in arms.MODES.items():
        g = inside(program)
        expected = [outcome(engine(g), point) for point in points]
        for backend in BACKENDS:
            at_one = ask(gograd_compile.compile(g, backend=backend))
            for point, right in zip(points, expected, strict=True):
                got = outcome(at_one, point)
                found["compared"] += 1
                found["errors on both sides"] += right is None is got
                if not same(got, right):
                    wrong.append(f"{mode}, {backend}, recorded at {points[0]}: {got} at {point}, not {right}")
        if mode == "value":
            draw = random.Random(seed)
            more = [*points, *(generated.numbers(draw, program.arguments) for _ in range(IN_A_BATCH))]
            wrong += in_batches(program, more, [outcome(engine(g), point) for point in more], found)
    return wrong


def in_batches(program: Any, points: list[list[float]], expected: list[Any], found: collections.Counter[str]) -> Any:
    """Compare batches: of a new function, of one that knows all paths, and of one that may record no more."""
    right = [place for place, value in enumerate(expected) if isinstance(value, np.ndarray)]
    for backend in BACKENDS if right else ():
        new, spent = (gograd_compile.compile(program, backend=backend) for _ in range(2))
        outcome(spent, points[right[0]])
        for paths in spent.store.paths.values():
            paths.budget.recordings = FREE
        for state, f, places in (("new", new, right), ("known", new, right), ("spent", spent, right[1:])):
            if not places:
                continue
            got = outcome(f.batch(), np.array([points[place] for place in places]))
            found["compared"] += len(places)
            if not same(got, np.array([expected[place] for place in places])):
                yield f"batch, {backend}, {state}: {got}, not {[expected[place] for place in places]} at {points}"


def outcome(f: Any, *args: Any) -> Any:
    """What a call gives; None if it raises `DomainError`, or the class of any other error.

    Eagerly, a derivative that the program takes is a float, whose errors are those of Python.
    """
    try:
        return arms.found(f, *args)
    except (ArithmeticError, ValueError):
        return None
    except Exception as error:
        return None if "complex" in str(error) else type(error)


def same(got: Any, right: Any) -> bool:
    if not (isinstance(got, np.ndarray) and isinstance(right, np.ndarray)):
        return got is right
    return bool(got.shape == right.shape and arms.same(got, right))


def search(seconds: float, first: int) -> int:
    """Search for so long. How many programs gave something else."""
    found: collections.Counter[str] = collections.Counter()
    end, seed, bad = time.monotonic() + seconds, first, 0
    while time.monotonic() < end:
        wrong = differences(seed, found)
        if wrong:
            bad += 1
            print(f"seed {seed}\n{drawn(seed)[0]}", *wrong, sep="\n", end="\n\n", flush=True)
        seed += 1
    print(f"{seed - first} programs from seed {first} on, {dict(found)}: {bad} differ", flush=True)
    return bad


if __name__ == "__main__":
    given = [*map(float, sys.argv[1:]), *(60.0, 0.0)[len(sys.argv) - 1 :]]
    sys.exit(bool(search(given[0], int(given[1]))))
