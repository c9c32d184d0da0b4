"""What `help` and `inspect.signature` show of an operation: its own inputs and domain, not those of every operation."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any

__all__ = ["Doc", "OwnSignature"]


class Doc:
    """The attribute ``__doc__``: the text of the class and, for an operation, what that operation computes."""

    def __init__(self, of_class: str) -> None:
        self._of_class = of_class

    def __get__(self, op: Any, kind: Any = None) -> str:
        if op is None:
            return self._of_class
        facts = [f"{op.name}({', '.join(op.input_names)}): {op.doc or 'no description'}"]
        if op.domain:
            facts.append(f"Domain: {op.domain}")
        if op.aliases:
            facts.append(f"Also called: {', '.join(op.aliases)}")
        facts.append(f"From {op.provider or 'no plugin'}")
        return "\n\n".join(facts)


class OwnSignature:
    """The attribute ``__signature__`` of an operation: its inputs, by the names that its rules give them."""

    def __get__(self, op: Any, kind: Any = None) -> Signature | None:
        if op is None:
            return None
        return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in op.input_names])
