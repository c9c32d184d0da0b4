"""Interrupts loops of tiny blocks, as often per kind as the argument says; prints how many were left in force.

Every kind is a loop that enters and leaves a block again and again, in a context of its own. An
interrupt comes at a random moment; then it is looked whether all is as outside of blocks.
"""

from __future__ import annotations

import contextlib
import contextvars
import gc
import importlib.util
import json
import random
import signal
import sys
from collections import defaultdict
from types import SimpleNamespace

from gograd_core import (
    DomainError,
    Neuron,
    Op,
    Registry,
    current,
    derivative,
    errstate,
    grad,
    gradient,
    jvp,
    no_grad,
    register,
    settings,
)
from gograd_core.computed import Instead, computed_by, is_computed
from gograd_core.derivatives.trace import is_nested, nested
from gograd_core.recording import observed_by, outside_transforms, recorder
from gograd_core.settings import domain_errors_raise, is_recording

COUNT = int(sys.argv[1])
choose = random.Random(13)
watcher = SimpleNamespace(
    wants_nodes=True, guard=lambda *_: None, made=lambda _: None, failed=lambda: None, read=lambda *_: None
)
double = register(Op("double_by_hand", forward=lambda xp, x: 2.0 * x, partials=(lambda xp, out, x: 2.0,), opaque=True))
other = Registry(discover=False)
own = current.registry
x = Neuron(2.0)


def with_blocks(make):
    def loop():
        while True:
            with make():
                pass

    return loop


def decorated(make):
    @make()
    def nothing():
        pass

    def loop():
        while True:
            nothing()

    return loop


def called(f, *args):
    f(*args)  # what it imports is not to be interrupted

    def loop():
        while True:
            f(*args)

    return loop


def square(t):
    return t * t


def call(f, *args):
    return f(*args)


def inside_transform(f, *args):
    """Where a block that holds it off makes a difference."""
    with observed_by(watcher), nested():
        return f(*args)


BARE = {
    "with no_grad()": no_grad,
    "with errstate()": lambda: errstate(domain="ignore"),
    "with observed_by()": lambda: observed_by(watcher),
    "with nested()": nested,
    "with recording()": settings.recording,
    "with computed_by()": lambda: computed_by(defaultdict(lambda: Instead(None))),
    "with registry": lambda: other,
}
LOOPS = {
    **{name: with_blocks(make) for name, make in BARE.items()},
    "@no_grad()": decorated(no_grad),
    "@errstate()": decorated(lambda: errstate(domain="ignore")),
    "@observed_by()": decorated(lambda: observed_by(watcher)),
    "outside_transforms": called(outside_transforms(lambda: None)),
    "an opaque rule": called(double, 3.0),
    "grad(f)(x)": called(grad(square), 2.0),
    "grad(grad(f))(x)": called(grad(grad(square)), 2.0),
    "derivative(f, order=2)": called(derivative(square, order=2), 2.0),
    "jvp": called(jvp, square, (2.0,), (1.0,)),
    "gradient": called(lambda: gradient(x * x, x)),
    "backward": called(lambda: (x * x).backward(0.0)),
}
if importlib.util.find_spec("gograd_compile"):
    from gograd_compile import compile

    compiled = compile(lambda t: 1.0 / t, backend="numpy")

    def at_the_pole():
        with contextlib.suppress(DomainError):
            compiled(0.0)

    LOOPS |= {
        "recording a function": called(lambda: compile(square, backend="numpy")(2.0)),
        "judging a compiled function": called(at_the_pole),
    }

AROUND = {
    "with recording()": no_grad()(call),
    "outside_transforms": inside_transform,
    "an opaque rule": inside_transform,
}
SLOW = {
    "with registry": 5e-4,
    "recording a function": 3e-3,
    "judging a compiled function": 2e-3,
}  # seconds for some rounds


def state():
    """All that a block changes, and what `gradient` must not."""
    slope = gradient(x * x, x)
    return {
        "graphs are recorded": is_recording() and (x * 3.0).operation is not None,
        "a transform runs": is_nested(),
        "DomainError is raised": domain_errors_raise(),
        "recorder": recorder(),
        "other functions compute": is_computed(),
        "a comparison": type(x > 1.0),
        "methods are bound": hasattr(x, "tanh") and hasattr(x, "mul"),
        "grad": x.grad,
        "what a sweep gives": getattr(slope, "_value", slope),
    }


def changed(loop, longest):
    """What an interrupt at a random moment, so many seconds later at most, changed."""
    before = state()
    try:
        # Again after a second: Python ignores what is raised in a callback, such as that of a weak reference.
        signal.setitimer(signal.ITIMER_REAL, choose.uniform(1e-6, longest), 1.0)
        loop()
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    if current.registry is not own:
        return ["registry"]
    after = state()
    return [what for what in before if after[what] != before[what]]


def put_right():
    """What a context does not."""
    current.registry = own
    own._bind()
    x.grad = 0.0


def ring(number, frame):
    raise KeyboardInterrupt


signal.signal(signal.SIGALRM, ring)
chosen = {name: loop for name, loop in LOOPS.items() if not sys.argv[2:] or name in sys.argv[2:]}
left = dict.fromkeys(chosen, 0)
for name, loop in chosen.items():
    for _ in range(COUNT):
        if contextvars.copy_context().run(AROUND.get(name, call), changed, loop, SLOW.get(name, 1.5e-4)):
            left[name] += 1
            put_right()
gc.collect()  # a traceback may refer to what held in its frames
still_open = bool(settings.pauses or settings.observers or settings.replacing)
print(json.dumps({"left in force": left, "operations ask for blocks that nobody is in": still_open}))
