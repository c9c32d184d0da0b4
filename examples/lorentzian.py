"""Register an operation by hand."""

from gograd_core import Op, register


def lorentzian_forward(xp, x):
    return 1.0 / (1.0 + x * x)


def lorentzian_partial(xp, out, x):
    return -2.0 * x * out * out


lorentzian = register(
    Op(
        "lorentzian",
        forward=lorentzian_forward,
        partials=(lorentzian_partial,),
        samples=((0.5,), (-2.0,), (1e6,)),
        reference=lambda mp, x: mp.mpf(1) / (x**2 + 1),
        doc="The Lorentzian curve 1 / (1 + x * x).",
    )
)
