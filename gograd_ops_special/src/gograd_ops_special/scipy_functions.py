"""What a function is called in SciPy and in JAX: the `implementations` of an operation."""

from __future__ import annotations

__all__ = ["provided"]


def provided(name: str, *, of_floats: str = "", jax: bool = True) -> dict[str, str]:
    """Return where a function of `scipy.special` is found in each namespace.

    They are strings, so that SciPy is imported only when an operation first runs.

    Args:
        name: the name of the function for arrays.
        of_floats: its name in `scipy.special.cython_special`, if that is another one.
        jax: whether `jax.scipy.special` has it too.
    """
    cython = f"scipy.special.cython_special:{of_floats or name}"
    places = {"scalar": cython, "numpy": f"scipy.special:{name}", "numba": cython}
    return places | {"jax": f"jax.scipy.special:{name}"} if jax else places
