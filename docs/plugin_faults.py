"""Faults of plugins and their consequences: the cases of a test, and the table in docs/plugins.md.

Each plugin is the module of a distribution "broken 1.0" with the entry point "ops". In its source
`unary(name)` and `binary(name)` make operations, and SPOILT is an operation called "spoilt".
"""

from __future__ import annotations

from gograd_core import errors

HOOK = "@hookimpl\ndef gograd_ops():\n    "
UNMARKED = "PluginError: it has no function gograd_ops marked with gograd_core.hookimpl"
TOO_EARLY = f"RuntimeError: {errors.TOO_EARLY}"
WRONG_COUNT = "Op('spoilt', forward=lambda xp, x: x, partials=(None, None))"

FAILED: dict[str, tuple[str | None, str]] = {
    "its module is missing": (None, "ModuleNotFoundError: No module named 'plugin_broken'"),
    "its module has a syntax error": ("def", "SyntaxError: invalid syntax"),
    "its import raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "its import raises an error whose message cannot be read": (
        "class Silent(Exception):\n    def __str__(self): return 1 / 0\nraise Silent",
        "Silent",
    ),
    "its import exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "its import raises another BaseException": ("class Odd(BaseException): pass\nraise Odd('so')", "Odd: so"),
    "it has no hook": ("", UNMARKED),
    "its hook is not marked": ("def gograd_ops(): return [SPOILT]", UNMARKED),
    "its hook is misspelt": ("@hookimpl\ndef gograd_op(): return [SPOILT]", "unknown hook 'gograd_op'"),
    "it has a second, misspelt hook": (
        HOOK + "return [SPOILT]\n@hookimpl\ndef gograd_opps(): return []",
        "unknown hook 'gograd_opps'",
    ),
    "its hook has an unknown argument": ("@hookimpl\ndef gograd_ops(config): return [SPOILT]", "{'config'}"),
    "its hook raises": (HOOK + "return {}['key']", "KeyError: 'key'"),
    "its hook returns nothing": (HOOK + "[SPOILT]", "gograd_ops() returned None, expected an iterable of Op"),
    "its hook returns an Op": (HOOK + "return SPOILT", "gograd_ops() returned <Op spoilt (not registered)>"),
    "its hook returns something else": (HOOK + "return [SPOILT, 'tanh']", "gograd_ops() returned 'tanh' among its"),
    "its hook is a generator that fails halfway": (
        HOOK + "yield SPOILT; 1 / 0",
        "ZeroDivisionError: division by zero",
    ),
    "its hook is a generator that exits": (HOOK + "yield SPOILT; raise SystemExit", "SystemExit: "),
    "an operation has too many partials": (
        HOOK + f"return [{WRONG_COUNT}]",
        "InvalidOperationError: operation 'spoilt': forward takes 1 input (x), but there are 2 partials",
    ),
    "an operation has the name of an attribute of Neuron": (
        HOOK + "return [SPOILT, unary('value')]",
        "InvalidOperationError: operation 'value': name 'value' is an attribute of Neuron",
    ),
    "it uses one name twice": (HOOK + "return [SPOILT, unary('spoilt')]", "returned two operations for 'spoilt'"),
    "it uses one name as an alias too": (
        HOOK + "return [SPOILT, unary('b', aliases=['spoilt'])]",
        "returned two operations for 'spoilt'",
    ),
    "it implements one operator twice": (
        HOOK + "return [binary(name, operator='+') for name in 'ab']",
        "returned two operations for the operator '+' with 2 input(s)",
    ),
    "it looks up an operation while it is imported": ("ops.exp", TOO_EARLY),
    "it looks up an operation in its hook": (HOOK + "return [SPOILT, ops.exp]", TOO_EARLY),
    "it asks for an operation while it is imported": ("'exp' in ops", TOO_EARLY),
    "it registers an operation while it is imported": ("register(SPOILT)", TOO_EARLY),
    "it computes while it is imported": ("from gograd_core import Neuron\nNeuron(1.0) + 1.0", TOO_EARLY),
}
"""By fault: the source of the module (None if it is missing), and the reason given. The plugin is left out whole."""

NEEDS_NEWER_CORE = ("its distribution needs a newer gograd-core", "it needs gograd-core>=9, and gograd-core 0.1.0")

REFUSED: dict[str, tuple[str, str]] = {
    "it claims the name of an operation of gograd": (
        "unary('exp'), unary('fine')",
        "'exp' belongs to gograd-ops-extra 0.1.0; the operation is ops[\"broken:exp\"]",
    ),
    "it claims an operator that gograd implements": (
        "binary('plus', operator='+'), unary('fine')",
        "the operator '+' with 2 input(s) belongs to gograd-ops-basic 0.1.0; the operation is ops[\"broken:plus\"]",
    ),
    "it claims a name that another plugin claims": (
        "unary('first'), unary('fine')",
        "'first' is claimed by other 1.0 too, so none has it; the operation is ops[\"broken:first\"]",
    ),
}
"""By claim: what the plugin provides, and why it does not get that name. Everything else in it works."""

HARMLESS: dict[str, str] = {
    "another distribution's entry point has the same name": "unary('fine')",
    "its import is slow": "*(__import__('time').sleep(0.1) or [unary('fine')])",
}
"""By harmless peculiarity: what the plugin provides."""
