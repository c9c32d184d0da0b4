"""Functions of eight published packages, and points at which they are differentiated.

Each function is made from a module, which is the original or an adapted copy. `ROUND` points are those that a newcomer
would type: many lie on kinks, or where a package compares with 0, 90 or 180.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import attrs

__all__ = ["PROGRAMS", "Program"]


@attrs.frozen
class Program:
    """A function of a package.

    Attributes:
        names: the modules that are adapted: the package's, and those of the packages that help it.
        make: makes the function from the module.
        ranges: between which numbers each argument is drawn for ten of the points.
        round: ten more points.
        kinks: the operation or comparison that has a kink, by the place of the point; that of `sqrt` is infinite.
    """

    names: tuple[str, ...]
    make: Callable[[Any], Callable[..., Any]]
    ranges: tuple[tuple[float, float], ...]
    round: tuple[tuple[float, ...], ...]
    kinks: dict[int, str] = attrs.field(factory=dict)

    @property
    def points(self) -> tuple[tuple[float, ...], ...]:
        """The twenty points, the round ones first."""
        draw = random.Random(2027).uniform
        return self.round + tuple(tuple(draw(*limits) for limits in self.ranges) for _ in range(10))


def orbit(model: Any) -> Callable[..., Any]:
    def f(drag, eccentricity, perigee, inclination, anomaly, motion, node, minutes):
        satellite = model.Satrec()
        satellite.sgp4init(
            model.WGS72,
            "i",
            5,
            18441.785,
            drag * 1e-2,
            0.0,
            0.0,
            eccentricity,
            perigee,
            inclination,
            anomaly,
            motion,
            node,
        )
        error, (x, y, z), (u, v, w) = satellite.sgp4_tsince(minutes)
        if error:
            raise ValueError(satellite.error_message)
        return x + 2.0 * y - z + 1e3 * u - 5e2 * v + 7e2 * w

    return f


def geodesic(module: Any) -> Callable[..., Any]:
    return lambda *places: module.Geodesic.WGS84.Inverse(*places)["s12"]


def implied_volatility(module: Any) -> Callable[..., Any]:
    return lambda *option: module.implied_volatility_from_a_transformed_rational_guess(*option, 1.0)


def moist_air(module: Any) -> Callable[..., Any]:
    def f(temperature, humidity, pressure):
        module.SetUnitSystem(module.SI)
        ratio = module.GetHumRatioFromRelHum(temperature, humidity, pressure)
        return module.GetMoistAirEnthalpy(temperature, ratio) + 1e5 * module.GetMoistAirVolume(
            temperature, ratio, pressure
        )

    return f


def colours(module: Any) -> Callable[..., Any]:
    def f(red, green, blue):
        hue, lightness, saturation = module.rgb_to_hls(red, green, blue)
        one = module.hls_to_rgb(0.7 * hue, lightness, 0.8 * saturation)
        hue, saturation, value = module.rgb_to_hsv(red, green, blue)
        two = module.hsv_to_rgb(0.4 * hue, 0.9 * saturation, value)
        return one[0] - 2.0 * one[1] + 3.0 * one[2] + 2.0 * two[0] + two[1] - two[2]

    return f


def oklab(module: Any) -> Callable[..., Any]:
    def f(red, green, blue):
        lightness, a, b = module.Color("srgb", [red, green, blue]).convert("oklab").coords()
        return lightness + 2.0 * a - 3.0 * b

    return f


def difference(module: Any) -> Callable[..., Any]:
    def f(red, green, blue):
        reference = module.Color("srgb", [0.2, 0.5, 0.75])
        return module.Color("srgb", [red, green, blue]).delta_e(reference, method="2000")

    return f


def probability(module: Any) -> Callable[..., Any]:
    return lambda mean, deviation, x: module.NormalDist(mean, deviation).cdf(x)


def great_circle(module: Any) -> Callable[..., Any]:
    return lambda a, b, c, d: module.haversine((a, b), (c, d))


ANGLE = (0.1, 6.2)
PLACES = ((-89.0, 89.0), (-179.0, 179.0)) * 2
COLOUR = ((0.01, 0.99),) * 3
COLOURS = (
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (1.0, 1.0, 0.0),
    (0.5, 0.25, 0.0),
    (0.5, 0.25, 1.0),
    (0.2, 0.4, 0.6),
    (0.9, 0.5, 0.1),
    (0.1, 0.8, 0.3),
    (0.25, 0.5, 0.75),
)
TOWNS = (
    (0.0, 0.0, 0.0, 90.0),
    (0.0, 0.0, 1.0, 1.0),
    (45.0, 0.0, 45.0, 90.0),
    (30.0, 10.0, 30.0, 77.0),
    (30.0, 10.0, 40.0, 100.0),
    (40.0, -75.0, 50.0, 10.0),
    (10.0, 20.0, 30.0, 20.0),
    (60.0, 0.0, -30.0, 120.0),
    (-33.0, 151.0, 51.0, 0.0),
    (5.0, 100.0, 50.0, -100.0),
)

PROGRAMS = {
    "sgp4": Program(
        ("sgp4.model",),
        orbit,
        ((0.001, 0.03), (0.001, 0.2), ANGLE, (0.05, 3.0), ANGLE, (0.004, 0.06), ANGLE, (1.0, 1500.0)),
        (
            (0.01, 0.001, 0.0, 1.0, 0.0, 0.06, 0.0, 0.0),
            (0.01, 0.001, 0.0, 1.0, 0.0, 0.06, 0.0, 10.0),
            (0.0, 0.01, 1.0, 0.5, 1.0, 0.06, 1.0, 100.0),
            (0.01, 0.0001, 1.0, 1.5, 2.0, 0.065, 3.0, 60.0),
            (0.02, 0.1, 2.0, 2.0, 2.0, 0.05, 2.0, -60.0),
            (0.01, 0.2, 4.0, 0.25, 5.0, 0.01, 3.0, 720.0),
            (0.0, 0.001, 0.0, 0.1, 0.0, 0.0044, 0.0, 1440.0),
            (0.0, 0.7, 4.5, 1.1, 0.0, 0.00875, 1.0, 720.0),
            (0.0, 0.7, 4.5, 1.1, 0.0, 0.00875, 1.0, 2000.0),
            (0.01, 0.02, 3.0, 1.0, 3.0, 0.04, 3.0, 1.0),
        ),
        {3: "greater", 7: "less"},  # with the thresholds 0.0001 and 0.7 of an eccentricity
    ),
    "geographiclib": Program(
        ("geographiclib.geodesic",), geodesic, PLACES, TOWNS, {1: "copysign", 2: "copysign", 3: "equal", 4: "copysign"}
    ),
    "py_lets_be_rational": Program(
        ("py_lets_be_rational", "cody_special", "piecewise_rational"),
        implied_volatility,
        ((15.0, 30.0), (95.0, 105.0), (95.0, 105.0), (0.25, 2.0)),
        (
            (10.0, 100.0, 100.0, 1.0),
            (20.0, 100.0, 100.0, 1.0),
            (5.0, 100.0, 110.0, 0.5),
            (1.0, 100.0, 120.0, 1.0),
            (12.0, 100.0, 90.0, 0.25),
            (25.0, 120.0, 100.0, 1.0),
            (40.0, 100.0, 100.0, 2.0),
            (60.0, 100.0, 80.0, 4.0),
            (0.5, 50.0, 60.0, 0.5),
            (90.0, 100.0, 100.0, 1.0),
        ),
        {1: "sqrt", 6: "sqrt"},
    ),
    "psychrolib": Program(
        ("psychrolib",),
        moist_air,
        ((-20.0, 50.0), (0.05, 0.95), (8e4, 1.1e5)),
        (
            (0.0, 0.5, 101325.0),
            (20.0, 0.5, 101325.0),
            (25.0, 1.0, 101325.0),
            (25.0, 0.0, 101325.0),
            (-10.0, 0.8, 101325.0),
            (30.0, 0.25, 1e5),
            (40.0, 0.75, 9e4),
            (100.0, 0.1, 101325.0),
            (10.0, 0.1, 8e4),
            (1.0, 0.9, 1e5),
        ),
    ),
    "colorsys": Program(("colorsys",), colours, COLOUR, COLOURS, {0: "remainder", 1: "less", 2: "less", 3: "less"}),
    "coloraide oklab": Program(("coloraide",), oklab, COLOUR, COLOURS),
    "coloraide delta E": Program(("coloraide",), difference, COLOUR, COLOURS),
    "statistics": Program(
        ("statistics",),
        probability,
        ((-1.0, 1.0), (0.5, 3.0), (-3.0, 3.0)),
        (
            (0.0, 1.0, 0.0),
            (0.0, 1.0, 1.0),
            (0.0, 1.0, -1.0),
            (0.0, 1.0, 3.0),
            (1.0, 2.0, 3.0),
            (-1.0, 0.5, -2.0),
            (10.0, 2.0, 8.0),
            (100.0, 15.0, 130.0),
            (5.0, 5.0, 5.0),
            (0.0, 10.0, -5.0),
        ),
    ),
    "haversine": Program(("haversine",), great_circle, PLACES, TOWNS),
}
