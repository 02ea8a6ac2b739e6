"""JSON Schemas of the tools' parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

NUMBERS: Final = {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 10_000}
NAMES: Final = {"type": "array", "items": {"type": "string"}, "maxItems": 50}
_STORABLE: Final = r"^[^\x00]*$"
"""PostgreSQL keeps every character but this one."""
TEXT: Final = {"type": "string", "maxLength": 20_000, "pattern": _STORABLE}
NAME: Final = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _STORABLE}
AMOUNT: Final = {"type": "number", "minimum": 0}
COUNT: Final = {"type": "integer", "minimum": 1, "maximum": 100}


def parameters(properties: Mapping[str, Any], *, optional: Sequence[str] = ()) -> dict[str, Any]:
    """An object of exactly *properties*, all but *optional* required."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def listing(item: Mapping[str, Any], *, limit: int) -> dict[str, Any]:
    """At most *limit* items."""
    return {"type": "array", "items": dict(item), "maxItems": limit}
