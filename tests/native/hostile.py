"""Plays the scene that is named: what no one should do, but can.

It may be refused; it may not crash, nor give a wrong number.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import gc
import pickle
import random
import struct
import sys

from gograd_core import InvalidOperationError, Neuron, Op, Registry, errstate, gradient, no_grad, ops
from gograd_core.op.kernels import Kernels

ops.add(1.0, 1.0)  # plugins are loaded

NUMBER, COLUMN, LENGTH = ctypes.c_double, ctypes.POINTER(ctypes.c_double), ctypes.c_ssize_t


def op(forward, *partials, **fields):
    return Op("mine", forward=forward, partials=partials, **fields)


def unbound(symbol, count, act):
    """A rule leaves the registry in which its operator was its own, and then fails."""
    registry = Registry(discover=False)
    entered = []

    def forward(xp, *inputs):
        if entered:
            entered.pop().__exit__(None, None, None)
        raise LookupError("gone")

    registry.register(Op("gone", forward=forward, partials=[None] * count, operator=symbol))
    x = Neuron(2.0)
    with Registry(discover=False), contextlib.suppress(LookupError):
        entered.append(registry.__enter__())
        act(x)


def unary_operator():
    unbound("-", 1, lambda x: -x)
    unbound("abs", 1, abs)


def binary_operator():
    unbound("+", 2, lambda x: x + x)
    unbound("+", 2, lambda x: 2 + x)
    unbound("**", 2, lambda x: x**2)


def many_inputs(count):
    forward = ctypes.CFUNCTYPE(NUMBER, *[NUMBER] * count)(lambda *inputs: sum(inputs))
    partial = ctypes.CFUNCTYPE(NUMBER, *[NUMBER] * (count + 1))(lambda *inputs: 1.0)
    rules = lambda xp, *inputs: sum(inputs), *[lambda xp, out, *inputs: 1.0] * count
    try:
        summed = op(*rules, kernels=Kernels(forward, (partial,) * count))
    except InvalidOperationError:
        return
    x = Neuron(2.0)
    z = summed(*[x] * count)
    z.backward()
    assert (z.value, x.grad) == (2.0 * count, float(count))


def many_columns(count):
    def forward(length, *columns):
        return sum(column[i] for column in columns for i in range(length))

    def partial(out, length, *columns):
        for i in range(length):
            columns[-1][i] = 1.0

    kernels = Kernels(
        ctypes.CFUNCTYPE(NUMBER, LENGTH, *[COLUMN] * count)(forward),
        (ctypes.CFUNCTYPE(None, NUMBER, LENGTH, *[COLUMN] * (count + 1))(partial),) * count,
    )
    rules = lambda xp, *columns: xp.sum(sum(columns)), *[lambda xp, out, *columns: 1.0] * count
    try:
        summed = op(*rules, variadic=True, kernels=kernels)
    except InvalidOperationError:
        return
    x = Neuron(2.0)
    z = summed(*[[x, x]] * count)
    z.backward()
    assert (z.value, x.grad) == (4.0 * count, 2.0 * count)


def kernel_of_one_column(forward, partial=lambda out, length, column, result: None):
    return op(
        lambda xp, column: xp.sum(column),
        lambda xp, out, column: 1.0,
        variadic=True,
        kernels=Kernels(
            ctypes.CFUNCTYPE(NUMBER, LENGTH, COLUMN)(forward),
            (ctypes.CFUNCTYPE(None, NUMBER, LENGTH, COLUMN, COLUMN)(partial),),
        ),
    )


def shrinking_columns():
    for _ in range(5):
        column = [Neuron(float(i)) for i in range(100_000)]
        shrink = kernel_of_one_column(lambda length, numbers, column=column: column.clear() or 1.0)
        made = shrink(column)
        assert len(made.constituents) in (0, 100_000)
        made = None


def kernels_within_kernels():
    """A callback sums more numbers than it was given itself."""
    more = [1.0] * 500_000

    def forward(length, column):
        total = ops.sum(more) - len(more)
        return total + sum(column[i] for i in range(length))

    def partial(out, length, column, result):
        ops.dot(more + more, more + more)
        y = Neuron(1.0)
        ops.sum([y, *more]).backward()
        for i in range(length):
            result[i] = 3.0

    summed = kernel_of_one_column(forward, partial)
    for length in (10, 1000, 100_000):
        x, y = Neuron(1.0), Neuron(1.0)
        z = summed([x, *[1.0] * length, y])
        z.backward()
        if summed.kernels is not None:
            assert (z.value, x.grad, y.grad) in ((length + 2.0, 3.0, 3.0), (length + 2.0, 1.0, 1.0))


def made_anew():
    """An operation is given other numbers of inputs when neurons were made by it already."""
    for counts in ((2, 3), (3, 2), (1, 2), (2, 1), (7, 2), (2, 7)):
        x = Neuron(2.0)
        rules = [(lambda xp, *inputs: sum(inputs), *[lambda xp, out, *inputs: 1.0] * count) for count in counts]
        first = op(*rules[0])
        z = first(*[x] * counts[0])
        with contextlib.suppress(Exception):
            first.__init__("mine", forward=rules[1][0], partials=rules[1][1:])
        with contextlib.suppress(Exception):
            z.backward()
        with contextlib.suppress(Exception):
            repr(z.constituents)


def attempt(act, *arguments, **names):
    with contextlib.suppress(Exception):
        return act(*arguments, **names)


def unmade_operation():
    for make, arguments in ((Op.__new__, (Op,)), (Op.__mro__[1], ())):
        unmade = attempt(make, *arguments)
        attempt(unmade)
        attempt(unmade, Neuron(1.0))
        attempt(unmade, 1.0, x=2.0)
        attempt(lambda unmade=unmade: unmade._prepare())


def unmade_method():
    kind = type(Neuron.tanh)
    for unmade in (attempt(kind), attempt(kind.__new__, kind)):
        attempt(unmade)
        attempt(unmade, Neuron(1.0))
        attempt(lambda unmade=unmade: unmade.__get__(Neuron(1.0), Neuron)())
    for instance, owner in ((5, int), ("5", str), (None, None), (Neuron(1.0), None)):
        attempt(lambda instance=instance, owner=owner: Neuron.tanh.__get__(instance, owner)())
        attempt(lambda instance=instance, owner=owner: Neuron.tanh.__get__(instance, owner)(Neuron(1.0)))


def refused_subclass():
    """It is seen by its own attributes before it is refused."""
    seen = []

    class Attribute:
        def __set_name__(self, owner, name):
            seen.append(owner)

    with contextlib.suppress(TypeError, RuntimeError):
        type("Sub", (Neuron,), {"attribute": Attribute()})
    (sub,) = seen
    x = Neuron(1.0)
    for act in (
        lambda: sub(1.0),
        lambda: sub.__new__(sub, 1.0),
        lambda: Neuron.__new__(sub, 1.0),
        lambda: object.__new__(sub),
        lambda: x + sub(1.0),
        lambda: setattr(x, "__class__", sub),
        lambda: ops.tanh(sub(1.0)),
        lambda: copy.copy(sub(1.0)),
    ):
        with contextlib.suppress(TypeError, RuntimeError, AttributeError):
            act()
    gc.collect()


def parts_of_a_class():
    """Slots, descriptors and special methods, called by hand on what they are for, and what not."""
    x = Neuron(2.0)
    z = x * x
    strangers = [x, z, 1.0, 1, None, "a", Neuron, object(), [x], ops.tanh, 10**400]
    for name in dir(Neuron):
        if name in ("__init_subclass__", "__subclasshook__", "__class__", "__dir__"):
            continue
        part = getattr(Neuron, name)
        for arguments in ((), *((a,) for a in strangers), *((a, b) for a in strangers[:5] for b in strangers)):
            with contextlib.suppress(Exception):
                getattr(part, "__get__", part)(*arguments)
            if callable(part):
                with contextlib.suppress(Exception):
                    part(*arguments)
            if hasattr(part, "__set__"):
                with contextlib.suppress(Exception):
                    part.__set__(*arguments)
                with contextlib.suppress(Exception):
                    part.__delete__(*arguments[:1])
    for protocol in range(6):
        for act in (lambda p=protocol: object.__reduce_ex__(x, p), lambda p=protocol: pickle.dumps(z, p)):
            with contextlib.suppress(Exception):
                act()
    gc.get_referrers(x), gc.get_referents(z), gc.is_tracked(z), sys.getsizeof(z)
    w = Neuron(2.0)
    (w * w).backward()
    assert w.grad == 4.0


def every_nan():
    """NaNs of many payloads as gradients of interior neurons, which a sweep overwrites."""
    choose = random.Random(1)
    payloads = [0x6772_6164, 0, 1, *(choose.getrandbits(51) for _ in range(20))]
    for bits in (0x7FF8_0000_0000_0000 | payload for payload in payloads):
        (nan,) = struct.unpack("d", struct.pack("Q", bits))
        x = Neuron(3.0)
        y = x * x
        z = y * 2.0
        y.grad = z.grad = nan
        z.backward()
        assert x.grad == 12.0, hex(bits)
        assert gradient(z, x) == 12.0


class Calls(Op):
    def __call__(self, *inputs):
        return "mine"


class Inherits(Calls):
    pass


def call_overridden():
    for kind in (Calls, Inherits):
        mine = kind("mine", forward=lambda xp, x: x, partials=(None,))
        assert mine(1.0) == "mine"
        assert mine(Neuron(1.0)) == "mine"


class Label(str):
    """A label that does something when it goes."""

    def __del__(self):
        z = Neuron(1.0)
        for _ in range(10):
            z = z * 1.0 + ops.sum([z, z])
        z.backward()


def labels_with_a_memory():
    for _ in range(20):
        z = Neuron(1.0, Label("leaf"))
        for _ in range(200):
            z = z * 1.0
            z.label = Label("a")
            z.label = Label("b")
        del z


def random_calls():
    """Graphs grown, swept, dropped and meddled with in any order."""
    choose = random.Random(3)
    names = ["add", "mul", "tanh", "clip", "sum", "dot", "where", "exp", "maximum", "norm", "log", "fma", "mean", "div"]
    oddities = [1, True, 10**400, "a", None, [1.0], float("nan"), float("inf"), -0.0, 1e308, object()]
    pool = [Neuron(choose.uniform(-2.0, 2.0)) for _ in range(5)]

    def rule(xp, out, x):
        act()
        return 1.0

    odd = op(lambda xp, x: x, rule)

    def pick():
        return choose.choice(pool) if choose.random() < 0.9 else choose.choice(oddities)

    def act():
        match choose.randrange(14):
            case 0 | 1 | 2 | 3:
                found = ops[choose.choice(names)](*[pick() for _ in range(choose.randrange(4))])
            case 4 | 5:
                found = ops[choose.choice(names)](*[[pick() for _ in range(choose.randrange(9))] for _ in range(2)])
            case 6:
                found = odd(pick())
            case 7:
                return pick().backward(choose.choice([1.0, 0.0, 2, "a"]))
            case 8:
                return gradient(pick(), [pick(), pick()], create_graph=choose.random() < 0.5)
            case 9:
                pool[:] = pool[-choose.randrange(5, 30) :]
                return None
            case 10:
                return setattr(pick(), choose.choice(["value", "grad", "label", "_grad"]), pick())
            case 11:
                with no_grad():
                    return act()
            case 12:
                with errstate(domain="ignore"):
                    return act()
            case _:
                found = pick() * pick()
        if isinstance(found, Neuron):
            pool.append(found)
        if len(pool) > 300:
            del pool[5:200]
        return None

    for _ in range(6_000):
        with contextlib.suppress(Exception):
            act()
        if not any(isinstance(entry, Neuron) for entry in pool):
            pool.append(Neuron(1.0))


SCENES = {
    "unary operator unbound by its rule": unary_operator,
    "binary operator unbound by its rule": binary_operator,
    "kernels of 20 inputs": lambda: many_inputs(20),
    "kernels of 7 inputs": lambda: many_inputs(7),
    "kernels of 4 columns": lambda: many_columns(4),
    "kernel that shrinks its columns": shrinking_columns,
    "kernel that sums columns itself": kernels_within_kernels,
    "operation made anew": made_anew,
    "operation without a making": unmade_operation,
    "method without an operation": unmade_method,
    "refused subclass": refused_subclass,
    "parts of a class": parts_of_a_class,
    "every NaN": every_nan,
    "call overridden": call_overridden,
    "labels with a memory": labels_with_a_memory,
    "random calls": random_calls,
}
SCENES[sys.argv[1]]()
