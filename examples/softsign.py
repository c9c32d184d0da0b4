"""An operation of one's own, registered by hand."""

from gograd_core import Op, register


def softsign_forward(xp, x):
    return x / (1.0 + xp.abs(x))


def softsign_partial(xp, out, x):
    return 1.0 / (1.0 + xp.abs(x)) ** 2


softsign = register(
    Op(
        "softsign",
        forward=softsign_forward,
        partials=(softsign_partial,),
        samples=((0.5,), (-2.0,), (1e6,)),
        reference=lambda mp, x: x / (1 + mp.fabs(x)),
        doc="x / (1 + |x|), an activation.",
    )
)
