import pytest

from ci_tools.twin.agents.failures import ToolParametersError
from ci_tools.twin.agents.units import convert


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.0, "km", "m", 1000.0),
        (1.0, "mi", "km", 1.609344),
        (2.0, "h", "min", 120.0),
        (1.0, "GiB", "MiB", 1024.0),
        (100.0, "C", "F", 212.0),
        (0.0, "K", "C", -273.15),
        (1.0, "lb", "g", 453.59237),
    ],
)
def test_a_value_is_converted_within_its_dimension(value: float, source: str, target: str, expected: float) -> None:
    """Factors and offsets are the defined ones."""
    assert convert(value, source, target) == pytest.approx(expected, abs=1e-9)


def test_an_unknown_unit_is_refused_with_the_known_ones() -> None:
    """The refusal lists what could have been asked."""
    with pytest.raises(ToolParametersError, match=r"unknown unit 'parsec'; known: m, km"):
        convert(1.0, "parsec", "m")


def test_units_of_different_dimensions_do_not_convert() -> None:
    """Metres are not kilograms."""
    with pytest.raises(ToolParametersError, match=r"cannot convert 'm' \(length\) to 'kg' \(mass\)"):
        convert(1.0, "m", "kg")
