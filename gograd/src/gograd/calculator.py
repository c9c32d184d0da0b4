"""The command `gograd eval`: the value of an expression, and its derivatives."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from gograd.console import console, fail, in_words
from gograd.expression import ExpressionError, evaluate, require_use
from gograd.variables import read_variables
from gograd_core import DomainError, Neuron

__all__ = ["evaluate_expression"]


def evaluate_expression(
    expression: Annotated[str, typer.Argument(help='Such as "tanh(w*x + b)".')],
    variables: Annotated[list[str] | None, typer.Argument(metavar="NAME=NUMBER...", help="Such as w=2 x=-1.")] = None,
) -> None:
    """Print the value of an expression, and its derivative with respect to every variable."""
    neurons = {name: Neuron(value, label=name) for name, value in read_variables(variables or []).items()}
    try:
        result = evaluate(expression, neurons)
        require_use(expression, neurons)
        if isinstance(result, Neuron):
            result.backward()
    except (ExpressionError, DomainError) as error:
        raise fail(error.fact if isinstance(error, DomainError) else error) from None
    except Exception as error:  # a rule may raise anything, in the sweep too
        raise fail(in_words(error)) from None
    table = Table(show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    table.add_row(Text(expression), repr(result.value if isinstance(result, Neuron) else result))
    for name, neuron in neurons.items():
        table.add_row(f"d / d{name}", repr(neuron.grad))
    console().print(table)
