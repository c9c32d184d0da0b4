"""Pictures of gograd's graphs, and pages in which one explores them.

An object can be drawn if its class has a method ``_gograd_picture_()``, which need not import this package. It returns
a mapping that describes columns, from left to right:

- ``name``: a text about the whole; may be left out.
- ``columns``: a list of mappings. Each has a ``title``, ``lines`` (more texts), and ``units``, how many circles are
  drawn; with 0, a box is drawn.
"""

from __future__ import annotations

from gograd_draw.drawing import draw
from gograd_draw.explorer import explore
from gograd_draw.picture import Picture

__version__ = "0.1.0"

__all__ = ["Picture", "draw", "explore"]
