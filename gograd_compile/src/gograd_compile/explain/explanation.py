"""Reports what was recorded of a function, what was made of it, and how long that took."""

from __future__ import annotations

import importlib.util
import math
from collections import Counter
from collections.abc import Iterable
from itertools import starmap
from operator import mul
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from gograd_compile import loops
from gograd_compile.call import prepared
from gograd_compile.explain.text import as_text
from gograd_compile.lower.graph import FORWARD, SUM, Call, Graph
from gograd_compile.nesting.structure_json import structure_text
from gograd_compile.trace.tape import GUARDS, UNUSED

if TYPE_CHECKING:
    from gograd_compile.paths.path import Path, Want
    from gograd_compile.paths.paths import Paths
    from gograd_compile.paths.store import Key, Store
    from gograd_compile.run.backends import Backend
    from gograd_compile.run.program import Program
    from gograd_compile.trace.sources import Note

__all__ = ["Explanation", "explain", "purpose", "what_of"]

MODES = {
    "values": "values",
    "guards": "only the guards of a batch",
    "all": "all values, to find those that are not finite",
    "adjoints": "value and gradient",
    "pull": "derivatives of outputs (reverse mode)",
    "push": "derivatives along a direction (forward mode)",
}


class Explanation(dict[str, Any]):
    """The report of `Compiled.explain`: dicts, lists, strings and numbers, which print as text.

    - ``name``, and ``backend``: its ``name``, and ``why`` it was chosen.
    - ``passes``: "compiled", or "Python" if gograd-compile was built without a C compiler.
    - ``recorded``, ``kept``, ``dropped``: how many paths. ``dropped_arguments``: how many nestings of arguments were
      dropped. ``evaluated``: how many points were answered without a recording, since another one was not worth it.
    - ``opaque``: operations that are called back.
    - ``recordings``: an entry for each nesting of ``arguments``. ``gradient`` is None for the function itself, else the
      argument of its gradient. Each of the ``paths`` has the nesting of its ``result``, how many ``operations`` were
      left after each pass, the number of ``captured`` neurons, its ``guards``, the ``seconds`` of each pass, and
      ``programs``.
    - A program says what it is ``for``, and how many sums (with how many terms) and calls compute the ``values`` and
      the ``derivatives``. Its ``tables`` are products of matrices that were found among the sums, for runs at one
      point: so many ``rows``, ``columns`` and ``terms`` of each sum, and ``how_many`` of this size, the largest
      first. ``terms`` counts the terms that are in ``tables``, in ``rows`` of sums that are added up side by side,
      and in ``single`` sums. (In NumPy's code there are only single sums.) It has the ``steps`` and ``levels`` of the
      schedule, ``bytes_per_point`` and ``bytes_of_schedule``, the ``seconds`` that each step of making it took, and
      ``kernels``. A kernel has the ``operation``, ``what`` of it is computed, how many ``calls``, the ``origin`` of
      the code, and the ``seconds`` that it took to load or compile.
    """

    def __str__(self) -> str:
        return as_text(self)

    __repr__ = __str__


def explain(store: Store) -> Explanation:
    """Make the report of a function as it is now."""
    found = store.paths.items()
    every = [path for _, paths in found for path in paths]
    return Explanation(
        name=store.name,
        backend={"name": store.backend.name, "why": _why(store.backend)},
        passes="compiled" if loops.COMPILED else "Python",
        recorded=sum(paths.recorded for _, paths in found),
        kept=len(every),
        dropped=sum(paths.dropped for _, paths in found),
        evaluated=sum(paths.budget.evaluated for _, paths in found),
        dropped_arguments=store.paths.dropped,
        opaque=sorted({op.title for path in every for op in path.tape.operations if op.opaque}),
        recordings=[_recording(key, paths) for key, paths in found],
    )


def _why(backend: Backend) -> str:
    if importlib.util.find_spec("llvmlite") is None:
        return "llvmlite is not installed: pip install llvmlite platformdirs"
    if prepared is None:
        return "no C compiler was available when gograd-compile was built"
    return "llvmlite is installed" if backend.name == "native" else "it was asked for"


def _recording(key: Key, paths: Paths) -> dict[str, Any]:
    structure, gradient = key
    return {
        "arguments": structure_text(structure),
        "gradient": gradient,
        "recorded": paths.recorded,
        "dropped": paths.dropped,
        "evaluated": paths.budget.evaluated,
        "paths": [_path(path) for path in paths],
    }


def _path(path: Path) -> dict[str, Any]:
    guards = path.tape.guards
    return {
        "result": structure_text(path.structure),
        "captured": len(path.tape.captured),
        "operations": {note.what: note.count for note in path.notes} or {"loaded": len(path.tape.codes)},
        "guards": [
            {"asked": GUARDS[kind], "outcome": int(outcome), "line": line}
            for (kind, outcome), line in zip(path.guards.outcomes, guards.lines, strict=True)
            if kind != UNUSED
        ],
        "seconds": _seconds(path.notes),
        "programs": [_program(want, program, path) for want, program in list(path.programs.items())],
    }


def _seconds(notes: Iterable[Note]) -> dict[str, float]:
    return {note.what: note.seconds for note in notes}


def _program(want: Want, program: Program, path: Path) -> dict[str, Any]:
    schedule = program.schedule
    graph = schedule.graph
    preparation = path.preparation[want]
    values = preparation[0].count
    arrays = attrs.asdict(schedule, recurse=False).values()
    return {
        "for": purpose(want, path),
        "values": _counts(graph, slice(values)),
        "derivatives": _counts(graph, slice(values, None)),
        **_tables(program),
        "steps": len(schedule.steps),
        "levels": schedule.levels,
        "bytes_per_point": 8 * len(graph),
        "bytes_of_schedule": sum(array.nbytes for array in arrays if isinstance(array, np.ndarray)),
        "seconds": _seconds(preparation),
        "kernels": _kernels(program, graph),
    }


def purpose(want: Want, path: Path) -> str:
    """Say what a program computes."""
    purpose = MODES[want.mode]
    if want.mode in ("adjoints", "pull", "push"):
        count, what = (len(path.tape.captured), "captured neuron") if want.wrt is None else (len(want.wrt), "number")
        purpose += f", with respect to {count} {what}{'s' * (count != 1)}"
    has_points = want.batched is not None and len(want.batched)  # if only seeds differ, there is one point
    return f"{purpose}, at many points" if has_points else purpose


def _counts(graph: Graph, rows: slice) -> dict[str, int]:
    is_sum = graph.codes[rows] == SUM
    terms = np.diff(graph.starts)[rows][is_sum] // 2
    sums = int(np.count_nonzero(is_sum))
    return {"sums": sums, "terms": int(terms.sum()), "calls": len(is_sum) - sums}


def _tables(program: Program) -> dict[str, Any]:
    """List tables of sums. At many points, these are the columns of one, or the terms, besides those of the program."""
    plan, division = program.plan, getattr(program.steps, "division", None)
    if plan is not None:
        found, totals, single = plan.sizes()
        tables = [(sums, "points", terms) for sums, terms in found]
        tables += [(rows, columns, "points" if terms == 1 else f"{terms} × points") for rows, columns, terms in totals]
        inside = sum(starmap(mul, found)) + sum(map(math.prod, totals))
        terms = {"tables": inside, "rows": 0, "single": single}
    elif division is not None:
        tables = division.tables
        terms = {"tables": division.in_tables, "rows": division.in_runs, "single": division.loose}
    else:
        tables, terms = [], {"tables": 0, "rows": 0, "single": len(program.schedule.terms)}
    sizes = sorted(Counter(tables).items(), key=lambda item: -_count(*item[0]) * item[1])
    names = "rows", "columns", "terms"
    return {
        "tables": [{**dict(zip(names, size, strict=True)), "how_many": count} for size, count in sizes],
        "terms": terms,
    }


def _count(*size: Any) -> int:
    return math.prod(each for each in size if isinstance(each, int))


def _kernels(program: Program, graph: Graph) -> list[dict[str, Any]]:
    natives = getattr(program.runner, "kernels", [None] * len(graph.calls))
    counts = np.bincount(graph.codes, minlength=len(graph.calls) + 1)[1:].tolist()
    found = []
    for call, native, count in zip(graph.calls, natives, counts, strict=True):
        op = call.rules.op
        if native is not None:
            origin = native.origin
        else:
            origin = "NumPy" if program.backend.can_run(call) else f"Python: {call.rules.reason or 'it is opaque'}"
        found.append(
            {
                "operation": op.title,
                "what": what_of(call),
                "calls": count // call.width,
                "origin": origin,
                "seconds": native.seconds if native is not None else 0.0,
            }
        )
    return [kernel for kernel in found if kernel["calls"]]


def what_of(call: Call) -> str:
    """Say what of an operation is computed."""
    length = f" of {call.length}" if call.length else ""
    if call.what == FORWARD:
        return f"forward{length}"
    return f"partial with respect to {call.rules.op.input_names[call.what]}{length}"
