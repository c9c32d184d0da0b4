"""What every picture of a graph has in common with the graph."""

import graphlib
from collections import Counter


def uses(graph):
    """How often each node is used by each other."""
    return Counter((source, target) for target, sources in enumerate(graph.inputs) for source in sources)


def is_acyclic(diagram):
    sorter = graphlib.TopologicalSorter({index: set() for index in range(len(diagram.boxes))})
    for edge in diagram.edges:
        sorter.add(edge.target, edge.source)
    try:
        sorter.prepare()
    except graphlib.CycleError:
        return False
    return True
