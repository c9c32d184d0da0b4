"""Pictures of gograd's graphs, and pages in which one explores them.

An object can be drawn if its class has a method ``_gograd_picture_()``, which need not import this package. It returns
a mapping that describes columns, from left to right:

- ``name``: a text about the whole; may be left out.
- ``columns``: a list of mappings. Each has a ``title``, ``lines`` (more texts), and ``units``, how many circles are
  drawn; with 0, a box is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gograd_core.extend import no_such_name as _no_such_name
from gograd_draw.drawing import draw
from gograd_draw.picture import Picture

if TYPE_CHECKING:
    from gograd_draw.explorer import explore

__version__ = "0.1.0"

__all__ = ["Picture", "draw", "explore"]

if not TYPE_CHECKING:
    _INSTEAD = {
        **dict.fromkeys(("draw_dot", "draw_graph", "make_dot", "plot", "render", "show"), "write draw(y)"),
        **dict.fromkeys(("Digraph", "Graph", "Source"), "write draw(y).dot, which is text for Graphviz"),
        "trace": "it is in gograd_core",
        "save": "write draw(y).save(path)",
    }

    def __getattr__(name: str) -> Any:
        """Import the explorer when it is asked for, since most programs only draw."""
        if name != "explore":
            raise _no_such_name(__name__, name, _INSTEAD.get(name, ""))
        from gograd_draw.explorer import explore

        return globals().setdefault(name, explore)

    def __dir__() -> list[str]:
        """List what can be imported, too."""
        return sorted({*globals(), *__all__})
