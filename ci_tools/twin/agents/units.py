"""Conversion between units of one dimension."""

from collections.abc import Mapping
from typing import Final

from ci_tools.twin.agents.failures import ToolParametersError

_IN_FIRST_UNIT: Final[Mapping[str, Mapping[str, float]]] = {
    "length": {"m": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001, "mi": 1609.344, "ft": 0.3048, "in": 0.0254},
    "mass": {"kg": 1.0, "g": 0.001, "t": 1000.0, "lb": 0.45359237, "oz": 0.028349523125},
    "time": {"s": 1.0, "ms": 0.001, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "data": {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024.0, "MiB": 1024.0**2, "GiB": 1024.0**3},
}
_KELVIN: Final[Mapping[str, tuple[float, float]]] = {
    "K": (1.0, 0.0),
    "C": (1.0, 273.15),
    "F": (5 / 9, 459.67 * 5 / 9),
}


def convert(value: float, source: str, target: str) -> float:
    """*value* of unit *source* in unit *target*.

    Raises:
        ToolParametersError: An unknown unit, or two units of different dimensions.
    """
    if _dimension(source) != _dimension(target):
        raise ToolParametersError(
            f"cannot convert {source!r} ({_dimension(source)}) to {target!r} ({_dimension(target)}); "
            f"{source!r} converts to {', '.join(_units(_dimension(source)))}"
        )
    return round(_from_si(_to_si(value, source), target), 9)


def _dimension(unit: str) -> str:
    for dimension in (*_IN_FIRST_UNIT, "temperature"):
        if unit in _units(dimension):
            return dimension
    known = [unit for dimension in (*_IN_FIRST_UNIT, "temperature") for unit in _units(dimension)]
    raise ToolParametersError(f"unknown unit {unit!r}; known: {', '.join(known)}")


def _units(dimension: str) -> list[str]:
    return list(_KELVIN if dimension == "temperature" else _IN_FIRST_UNIT[dimension])


def _to_si(value: float, unit: str) -> float:
    if unit in _KELVIN:
        factor, offset = _KELVIN[unit]
        return value * factor + offset
    return value * _IN_FIRST_UNIT[_dimension(unit)][unit]


def _from_si(value: float, unit: str) -> float:
    if unit in _KELVIN:
        factor, offset = _KELVIN[unit]
        return (value - offset) / factor
    return value / _IN_FIRST_UNIT[_dimension(unit)][unit]
