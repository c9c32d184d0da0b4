"""Recorders that write down what they are told."""

from __future__ import annotations

from gograd_core.followed import unfollowed


class ReadError(Exception):
    """A program has read a number, or what depends on one."""


def value(made):
    """The number of a neuron, or of a bool or int that follows one."""
    return unfollowed(made)._value


class Notes:
    def __init__(self, *, wants_nodes=False):
        self.wants_nodes = wants_nodes
        self.guards = []
        self.nodes = []
        self.failures = 0

    def guard(self, neuron, kind, outcome):
        self.guards.append((neuron, kind, outcome))

    def read(self, neuron, attribute):
        raise ReadError(attribute)

    def made(self, neuron):
        self.nodes.append(neuron)

    def failed(self):
        self.failures += 1

    def told(self):
        """The guards, by value."""
        assert all(type(outcome) is int for _, _, outcome in self.guards)
        return [(value(neuron), kind, outcome) for neuron, kind, outcome in self.guards]

    def names(self):
        """The operations of the nodes."""
        return [neuron.operation.name for neuron in self.nodes]
