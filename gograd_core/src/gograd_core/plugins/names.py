"""The names of operations: who claims a name, who gets it, and what messages say about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gograd_core.op.metadata import Provider, normalised

if TYPE_CHECKING:
    from gograd_core.op import Op
    from gograd_core.plugins.records import PluginRecord

__all__ = [
    "OWN_DISTRIBUTIONS",
    "canonical",
    "claimants",
    "claimed_by",
    "explain",
    "is_of_python",
    "owner",
    "plugin_names",
    "refusals",
    "spoken",
]

OWN_DISTRIBUTIONS = {
    "gograd-core": "the engine's own operations",
    "gograd-ops-basic": "the operators of Python: arithmetic and comparisons",
    "gograd-ops-extra": "the functions of mathematics",
    "gograd-ops-special": "the special functions of SciPy",
}
"""gograd's own distributions of operations, and what each provides. Their names cannot be taken."""

# How operators, and functions of Python's math, are claimed: "+ 2", "math.hypot *"
_OF_PYTHON = re.compile(r"(\S+) ([\d*])")


def canonical(name: str) -> str:
    """Normalise the name of a distribution, as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", normalised(name.strip())).lower()


def plugin_names(provider: Provider) -> set[str]:
    """List the names by which users may mean a plugin: that of its distribution, and "DISTRIBUTION:ENTRY_POINT"."""
    return {canonical(provider.distribution), canonical(provider.plugin)}


def claimed_by(op: Op) -> tuple[str, ...]:
    """List the names of an operation, and its operator and function of Python with the number of inputs ("- 1")."""
    operator = () if op.operator is None else (f"{op.operator} {op.arity}",)
    function = () if op.math is None else (f"math.{op.math} {'*' if op.variadic else op.arity}",)
    return tuple(dict.fromkeys((op.name, *op.aliases))) + operator + function


def is_of_python(claim: str) -> bool:
    """Return whether a claim is an operator or a function of Python, and not a name."""
    return _OF_PYTHON.fullmatch(claim) is not None


def spoken(claim: str) -> str:
    """Describe a claim in words."""
    of_python = _OF_PYTHON.fullmatch(claim)
    if of_python is None:
        return repr(claim)
    kind = "function" if of_python[1].startswith("math.") else "operator"
    return f"the {kind} {of_python[1]!r} with {of_python[2].replace('*', 'any number of')} input(s)"


def claimants(ops: Iterable[Op]) -> dict[str, list[Op]]:
    """Map every claim to the operations that make it."""
    claims: dict[str, list[Op]] = {}
    for op in ops:
        for claim in claimed_by(op):
            claims.setdefault(claim, []).append(op)
    return claims


def owner(claimants: list[Op]) -> Op | None:
    """Choose who gets a name: the only claimant, else gograd's own operation, else nobody."""
    if len(claimants) == 1:
        return claimants[0]
    own = [op for op in claimants if op.provider and op.provider.distribution in OWN_DISTRIBUTIONS]
    return own[0] if len(own) == 1 else None


def refusals(ops: Iterable[Op], claims: dict[str, list[Op]], owners: dict[str, Op]) -> dict[str, str]:
    """List the claims of operations that are refused, with the reasons."""
    refused = {}
    for op in ops:
        for claim in claimed_by(op):
            holder = owners.get(claim)
            if holder is op:
                continue
            others = ", ".join(str(other.provider) for other in claims[claim] if other is not op)
            why = f"belongs to {holder.provider}" if holder else f"is claimed by {others} too, so none has it"
            full_name = f"{op.provider.distribution if op.provider else ''}:{op.name}"
            refused[claim] = f'{spoken(claim)} {why}; the operation is ops["{full_name}"]'
    return refused


def explain(
    name: str, claims: dict[str, list[Op]], owners: dict[str, Op], records: tuple[PluginRecord, ...], *, discovers: bool
) -> str:
    """Explain why no operation has that name, and what to do."""
    if name in claims:
        plugins = [op.provider.plugin if op.provider else "" for op in claims[name]]
        first, *others = [plugin.partition(":")[0] for plugin in plugins]
        named = plugins[0] if first in others else first  # two entry points of one distribution
        return (
            f"{spoken(name)} is claimed by {' and by '.join(str(op.provider) for op in claims[name])}, so none "
            f'has it. Take ops["{named}:{claims[name][0].name}"], or block one: GOGRAD_DISABLE_PLUGINS={named}'
        )
    parts = [f"no installed operation {'implements' if is_of_python(name) else 'is'} {spoken(name)}."]
    import difflib  # only for messages

    nearest = difflib.get_close_matches(name, [claim for claim in owners if claim.isidentifier()], n=1)
    if nearest:
        parts.append(f"Did you mean {nearest[0]!r}?")
    present = {record.distribution for record in records}
    missing = {name: provides for name, provides in OWN_DISTRIBUTIONS.items() if name not in present}
    if not discovers:
        parts.append("This registry holds only what was registered by hand.")
    elif missing:
        parts.append("Not installed here: " + ", ".join(f"{d} ({p})" for d, p in missing.items()) + ".")
        parts.append("Install with: pip install " + " ".join(missing))
    failed = [record for record in records if record.status != "loaded"]
    if failed:
        parts.append("Plugins that were left out: " + "; ".join(map(str, failed)))
    if len(parts) == 1:
        parts.append("`gograd ops` lists those that are installed.")
    return " ".join(parts)
