"""What a function is called in SciPy and in JAX: the `implementations` of an operation."""

from __future__ import annotations

__all__ = ["provided"]


def provided(name: str, *, of_floats: str = "", jax: bool = True) -> dict[str, str]:
    """Where the function `name` of `scipy.special` is, per namespace.

    Only strings: SciPy is imported when an operation first runs.

    Args:
        name: the function of arrays.
        of_floats: what `scipy.special.cython_special` calls it, if otherwise.
        jax: whether `jax.scipy.special` has it too.
    """
    cython = f"scipy.special.cython_special:{of_floats or name}"
    places = {"scalar": cython, "numpy": f"scipy.special:{name}", "numba": cython}
    return places | {"jax": f"jax.scipy.special:{name}"} if jax else places
