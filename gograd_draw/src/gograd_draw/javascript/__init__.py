"""Rules of operations printed as JavaScript, so that a page can compute a graph again."""

from __future__ import annotations

from gograd_draw.javascript.script import RulesScript, rules_script

__all__ = ["RulesScript", "rules_script"]
