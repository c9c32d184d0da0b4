"""What became of one installed plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from gograd_core.op import Op

__all__ = ["PluginRecord"]


@attrs.frozen
class PluginRecord:
    """What became of one plugin: an entry point of an installed distribution.

    Attributes:
        status: "loaded", "failed" (it was left out as a whole), or "blocked" (it was not even imported).
        reason: why it was not loaded. If it was loaded: what it did to the standard streams, which was undone.
        operations: the operations that it provides.
        refused: the names and operators that it claims but does not get, with the reasons.
        seconds: how long it took to import the plugin and collect its operations.
    """

    distribution: str
    version: str
    entry_point: str
    status: Literal["loaded", "failed", "blocked"]
    reason: str = ""
    operations: tuple[Op, ...] = ()
    refused: Mapping[str, str] = attrs.field(factory=dict)
    seconds: float = attrs.field(default=0.0, eq=False)

    def __str__(self) -> str:
        plugin = f"{self.distribution} {self.version}".strip() + (f" ({self.entry_point})" if self.entry_point else "")
        return f"{plugin} {self.status}" + (f": {self.reason}" if self.reason else "")

    def complaints(self) -> list[str]:
        """List what the user should hear about the plugin."""
        failure = [f"gograd plugin left out: {self}"] if self.status == "failed" else []
        if self.status == "loaded" and self.reason:
            failure = [f"gograd plugin {self}"]
        return failure + [f"gograd plugin {self.distribution} {self.version}: {why}" for why in self.refused.values()]
