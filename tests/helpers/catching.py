"""Programs that catch errors, each with points at which it does and points at which it does not."""

from __future__ import annotations

import numpy as np

from gograd_core import DomainError, Op, math, no_grad, ops


def solve(xp, x):
    if not 0.0 <= x < 1e300:
        raise RuntimeError("no convergence")
    return x * 2.0


SOLVE = Op("solve", forward=solve, partials=(lambda xp, out, x: 2.0,), opaque=True)


def reciprocal(x):
    try:
        y = 1.0 / x
    except ArithmeticError:
        y = x + 100.0
    return 1.0 / (1.0 + y * y)


def unused(x):
    try:
        ops.log(x)
    except ValueError:
        return -x
    return x * 2.0


def unused_beside_a_constant(x):
    try:
        ops.log(x)
    except ValueError:
        return 5.0
    return 1.0


def unused_before_a_decision(x):
    try:
        ops.log(x + 10.0)
    except ValueError:
        return -x
    return x * 2.0 if x > 1.0 else x * 3.0


def several(x):
    total = 0.0
    for pole in (0.0, 1.0, 2.0):
        try:
            total = total + 1.0 / (x - pole)
        except DomainError:
            total = total - 10.0
    return total


def overflow(x):
    """Where x is infinite, so is the product, and no error is raised."""
    try:
        return x * 1e308
    except DomainError:
        return x


def column(x):
    try:
        return ops.dot([x, 2.0], [x, 1e200])
    except DomainError:
        return x


def without_derivative(x):
    with no_grad():
        try:
            y = ops.sqrt(x)
        except ValueError:
            y = x * x
    return x * y


def by_class(x):
    """The same operation fails in three ways, of which the program tells two apart."""
    try:
        return x**-2.5
    except ZeroDivisionError:
        return x + 5.0
    except OverflowError:
        return x * 7.0
    except DomainError:  # floats would give a complex number
        return 2.0 - x


def by_class_of_math(x):
    """Other than ``**``, `math.pow` says of both that they are outside of the domain."""
    try:
        return math.pow(x, -2.5)
    except ValueError:
        return x + 5.0
    except OverflowError:
        return x * 7.0


def by_class_of_math_alone(x):
    """Where ``**`` overflows on both sides, `math.pow` says of one that it is outside of the domain."""
    try:
        return math.pow(x, 20.5)
    except OverflowError:
        return x * 0.5
    except ValueError:
        return x * 0.25


def with_the_inputs_of_the_error(x):
    try:
        return ops.sqrt(x - 1.0)
    except ValueError as error:
        return 3.0 * error.inputs[0]


def by_class_of_math_otherwise(x):
    try:
        y = math.gamma(x)
    except OverflowError:
        y = 2.0 * x
    except ValueError:
        y = x - 1.0
    return y * y


def whole(x):
    """Without the error, the integer would be another one."""
    try:
        y = 3.0 / x
    except ArithmeticError:
        y = x + 0.0
    return x + (math.ceil(ops.clip(y, -1.0, 0.5)) & 3)


def halved(x):
    """Without the error, the loop would run on and on."""
    try:
        y = 1.0 / x
    except ArithmeticError:
        y = 2.0 * x
    while y > 1.0:
        y = y * 0.5 - x * x
    return 3.0 * y + 1.0


def not_reached(x):
    """The solver knows no infinity."""
    try:
        y = 1.0 / x
    except ArithmeticError:
        y = 3.0 + x
    return SOLVE(y)


def two_of_one_try(x):
    """At -2 the first operation raises, at 0 the second one, and at 0.5 none."""
    distance = ops.sqrt(x * x)
    try:
        y = ops.asin(distance) + x / distance
    except (ValueError, ZeroDivisionError):
        y = x
    return ops.relu(y - distance)


CAUGHT = [
    (reciprocal, (2.0, 0.0, 3.0)),
    (unused, (2.0, -3.0, 0.0)),
    (unused_beside_a_constant, (2.0, -3.0, 0.0)),
    (unused_before_a_decision, (2.0, 0.5, -11.0)),
    (several, (0.5, 0.0, 1.0, 2.0, 1.5)),
    (overflow, (1.0, 2.0, np.inf, 0.5)),
    (column, (1.0, 1e200, 2.0)),
    (without_derivative, (4.0, -2.0, 9.0)),
    (by_class, (4.0, 0.0, 1e-300, -1.0, -4.0)),
    (by_class_of_math, (4.0, 0.0, 1e-300, -1.0, 0.25)),
    (by_class_of_math_otherwise, (4.0, 300.0, -1.0, 3.0)),
    (by_class_of_math_alone, (2.0, 1e200, -1e200, -2.0)),
    (with_the_inputs_of_the_error, (2.0, -1.0, -9.0, 5.0)),
    (whole, (-2.0, 0.0, 2.0)),
    (halved, (2.0, 0.0, -2.0, 0.5)),
    (two_of_one_try, (-2.0, 0.5, 0.25, 3.0)),
    (not_reached, (1.0, 0.0, 2.0)),
]
