"""What an SVG document says."""

import xml.etree.ElementTree as ElementTree

__all__ = ["SVG", "texts_of", "titles_of"]

SVG = "{http://www.w3.org/2000/svg}"


def texts_of(svg):
    """The texts that are shown, in their order."""
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def titles_of(svg):
    """The tooltips."""
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}title")]
