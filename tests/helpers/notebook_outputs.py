"""What the cells of a notebook print and show."""

from svg_texts import texts_of

__all__ = ["SVG", "images", "printed", "stable_cells"]

SVG = "image/svg+xml"


def stable_cells(notebook):
    """The cells of code whose outputs are the same in every run."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in code if "varies" not in cell.metadata.get("tags", ())]


def printed(cell):
    """What a cell prints."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def images(cell):
    """The formats of the images that a cell shows. Of SVG, the texts, since tooltips show the last digits."""
    shown = [output.data for output in cell.outputs if output.output_type == "execute_result"]
    return [
        (kind, texts_of(content) if kind == SVG else None)
        for data in shown
        for kind, content in data.items()
        if kind.startswith("image/")
    ]
