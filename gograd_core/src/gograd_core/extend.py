"""What packages that extend gograd may use of the core, besides `gograd_core` itself.

Everything named here keeps its name and its meaning within a major version. All other modules are internal.

For packages of operations:

- `total`, `Column`, `scalar`: for rules and implementations of floats.
- `Kernels`, `with_kernels`: for native functions that replace rules.
- `normalised`, `canonical`: names of operations, and of distributions, as gograd compares them.

For packages that run, record or draw graphs:

- `current`: the registry that is in force (`current.registry`).
- `flatten`, `next_stamp`, `adjoints`, `refuse_stale`: a graph as arrays, sweeps over it, and whether they may begin.
- `read_values`, `write_values`, `read_gradients`, `write_gradients`, `add_gradients`: the values, or the `grad`, of
  many neurons at once, to and from a buffer of doubles such as a NumPy array. `write_values` sets leaves as setting
  `value` does: graphs that were made of them are then stale.
- `adjoints_and_rounding`: derivatives, and how far rounding moves the value.
- `nested`, `positions`, `require_function`, `ForwardSweep`, `creation_order`, `argument_names`: derivatives of
  functions.
- `Recorder`, `observed_by`, `recorder`, `observers` (which is true while any recorder or `detect_anomaly` is in force),
  `failed`, `recording`, `unfollowed`: to watch a function that runs.
- `computed_by`, `Instead`, `is_computed`, `replacing` (which is true while any such block is in force): to let other
  functions compute the values of operations.
- `outside_transforms`: for rules on floats that use neurons and transforms themselves.
- `Form`, `flatten_numbers`, `flatten_like`, `leaf_paths`, `number_paths`, `take_apart`, `refuse_keys`: nested
  arguments and results.
- `run_rule`, `as_float`, `as_number`, `as_numbers`, `judge`, `error_code`, `followed_inputs`, `DOMAIN_ERRORS`,
  `NO_NUMBER`, `describe`,
  `domain_errors_raise`, `errors_ignored`, `errors_matter`, `not_ignored`: rules, and how their results are judged.
- `plain`, `variable`, `gives_plain`, `engine_operations`, `is_internal`: the operations of the engine itself.
- `resolve`: an implementation that is given by its import path.
- `inside`: whether a point lies in the domain of an operation.
- `Expansion`, `ExpansionError`, `expand`, `expand_with`, `Symbol`, `SymbolLibrary`, `postorder`, `CALLS`, `OPERATORS`,
  `PythonBody`, `helpers`, `print_extension`, `Extension`, `printing_files`: rules as expressions, and printed as C.
- `Body`, `Text`: the statements of such expressions. A subclass of `Body` prints them in another language, and
  `function_for` in a subclass of `SymbolLibrary`, which `expand` takes as `kind`, names the functions that it has.
- `PluginRecord`, `plugin_modules`, `OWN_DISTRIBUTIONS`: what is installed.
- `UNARY`, `BINARY`, `COMPARISONS`: the operators of Python, and their special methods.
- `typed_sources`: what `gograd stubs` fills in.
- `running_line`: the user's line that is running, as `trace` notes it.
- `watching`, `watching_at`: what is to be told of anomalies inside `detect_anomaly`, and the point at which they are.
- `ignoring`, `unwatched`: blocks for computations of the engine's own. Inside, nothing is noted or reported, and in the
  first of them nothing is judged.
- `quoted`, `LONGEST`: values in messages, cut to a readable length.
- `no_such_name`: the error of a module that lacks a name, with what to write instead.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gograd_core import current
from gograd_core.checked.calls import followed_inputs
from gograd_core.checked.refusals import DOMAIN_ERRORS, error_code
from gograd_core.checked.rules import as_float, as_number, as_numbers, describe, judge, run_rule
from gograd_core.checked.sweep import refuse_stale
from gograd_core.computed import Instead, computed_by, is_computed
from gograd_core.containers import refuse_keys
from gograd_core.derivatives.argument_names import argument_names
from gograd_core.derivatives.choices import gives_plain
from gograd_core.derivatives.forward import ForwardSweep, creation_order
from gograd_core.derivatives.trace import nested, positions, require_function
from gograd_core.derivatives.tree import Form, flatten_like, leaf_paths, take_apart
from gograd_core.derivatives.tree import flatten as flatten_numbers
from gograd_core.derivatives.tree import paths as number_paths
from gograd_core.engines import (
    add_gradients,
    adjoints,
    adjoints_and_rounding,
    flatten,
    next_stamp,
    read_gradients,
    read_values,
    write_gradients,
    write_values,
)
from gograd_core.errors import LONGEST, NO_NUMBER, no_such_name, quoted
from gograd_core.followed import unfollowed
from gograd_core.interfaces import Flat
from gograd_core.kernels import with_kernels
from gograd_core.lines import ignoring, running_line, unwatched, watching, watching_at
from gograd_core.namespaces import scalar
from gograd_core.namespaces.columns import Column
from gograd_core.namespaces.scalar import _total as total
from gograd_core.op.domains import inside
from gograd_core.op.implementations import resolve
from gograd_core.op.kernels import Kernels
from gograd_core.op.metadata import normalised
from gograd_core.plugins.engine_ops import engine_operations, is_internal, plain, variable
from gograd_core.plugins.names import OWN_DISTRIBUTIONS, canonical
from gograd_core.python_operators import BINARY, COMPARISONS, UNARY
from gograd_core.recording import Recorder, failed, observed_by, outside_transforms, recorder
from gograd_core.settings import (
    domain_errors_raise,
    errors_ignored,
    errors_matter,
    not_ignored,
    observers,
    recording,
    replacing,
)

if TYPE_CHECKING:
    from gograd_core.kernels.bodies import Body
    from gograd_core.kernels.calls import CALLS
    from gograd_core.kernels.expansion import Expansion, ExpansionError, expand, expand_with
    from gograd_core.kernels.expressions import OPERATORS, Text
    from gograd_core.kernels.extension import Extension, print_extension
    from gograd_core.kernels.jit import PythonBody, helpers, printing_files
    from gograd_core.kernels.symbols import Symbol, SymbolLibrary, postorder
    from gograd_core.plugins.loading import plugin_modules
    from gograd_core.plugins.records import PluginRecord

__all__ = [
    "BINARY",
    "CALLS",
    "COMPARISONS",
    "DOMAIN_ERRORS",
    "LONGEST",
    "NO_NUMBER",
    "OPERATORS",
    "OWN_DISTRIBUTIONS",
    "UNARY",
    "Body",
    "Column",
    "Expansion",
    "ExpansionError",
    "Extension",
    "Flat",
    "Form",
    "ForwardSweep",
    "Instead",
    "Kernels",
    "PluginRecord",
    "PythonBody",
    "Recorder",
    "Symbol",
    "SymbolLibrary",
    "Text",
    "add_gradients",
    "adjoints",
    "adjoints_and_rounding",
    "argument_names",
    "as_float",
    "as_number",
    "as_numbers",
    "canonical",
    "computed_by",
    "creation_order",
    "current",
    "describe",
    "domain_errors_raise",
    "engine_operations",
    "error_code",
    "errors_ignored",
    "errors_matter",
    "expand",
    "expand_with",
    "failed",
    "flatten",
    "flatten_like",
    "flatten_numbers",
    "followed_inputs",
    "gives_plain",
    "helpers",
    "ignoring",
    "inside",
    "is_computed",
    "is_internal",
    "judge",
    "leaf_paths",
    "nested",
    "next_stamp",
    "no_such_name",
    "normalised",
    "not_ignored",
    "number_paths",
    "observed_by",
    "observers",
    "outside_transforms",
    "plain",
    "plugin_modules",
    "positions",
    "postorder",
    "print_extension",
    "printing_files",
    "quoted",
    "read_gradients",
    "read_values",
    "recorder",
    "recording",
    "refuse_keys",
    "refuse_stale",
    "replacing",
    "require_function",
    "resolve",
    "run_rule",
    "running_line",
    "scalar",
    "take_apart",
    "total",
    "typed_sources",
    "unfollowed",
    "unwatched",
    "variable",
    "watching",
    "watching_at",
    "with_kernels",
    "write_gradients",
    "write_values",
]


def typed_sources() -> dict[str, str]:
    """Return the sources of the modules whose types depend on what is installed, by their paths in `gograd_core`."""
    paths = ("engines/neuron", "namespaces/operations")
    return {path: inspect.getsource(import_module(f"gograd_core.{path.replace('/', '.')}")) for path in paths}


if not TYPE_CHECKING:
    # What only some packages need is imported when it is asked for.
    _LATER = {
        **dict.fromkeys(("Expansion", "ExpansionError", "expand", "expand_with"), "kernels.expansion"),
        "Body": "kernels.bodies",
        "CALLS": "kernels.calls",
        **dict.fromkeys(("OPERATORS", "Text"), "kernels.expressions"),
        **dict.fromkeys(("Extension", "print_extension"), "kernels.extension"),
        **dict.fromkeys(("PythonBody", "helpers", "printing_files"), "kernels.jit"),
        **dict.fromkeys(("Symbol", "SymbolLibrary", "postorder"), "kernels.symbols"),
        "plugin_modules": "plugins.loading",
        "PluginRecord": "plugins.records",
    }

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"gograd_core.{_LATER[name]}"), name)
