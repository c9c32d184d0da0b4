"""Distances on a sphere, in kilometres, between places given in degrees."""

import math

RADIUS = 6371.0


def haversine(latitude1, longitude1, latitude2, longitude2):
    phi1 = math.radians(latitude1)
    phi2 = math.radians(latitude2)
    half_phi = (phi2 - phi1) / 2.0
    half_lambda = math.radians(longitude2 - longitude1) / 2.0
    chord = math.sin(half_phi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lambda) ** 2
    return 2.0 * RADIUS * math.asin(math.sqrt(chord))


def by_arctangent(latitude1, longitude1, latitude2, longitude2):
    """The same, accurate for antipodes too."""
    phi1 = math.radians(latitude1)
    phi2 = math.radians(latitude2)
    turn = math.radians(longitude2 - longitude1)
    across = math.cos(phi2) * math.sin(turn)
    along = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(turn)
    down = math.sin(phi1) * math.sin(phi2) + math.cos(phi1) * math.cos(phi2) * math.cos(turn)
    return RADIUS * math.atan2(math.hypot(across, along), down)


def bearing(latitude1, longitude1, latitude2, longitude2):
    """The direction to start in, in degrees, north being 0 and east 90."""
    phi1 = math.radians(latitude1)
    phi2 = math.radians(latitude2)
    turn = math.radians(longitude2 - longitude1)
    east = math.cos(phi2) * math.sin(turn)
    north = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(turn)
    return math.degrees(math.atan2(east, north)) % 360.0
