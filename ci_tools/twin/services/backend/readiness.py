"""What the checks mean for the readiness of the backend; pure."""

from collections.abc import Mapping
from enum import StrEnum

from ci_tools.twin.services.health import Checked


class RedisMode(StrEnum):
    """``redis_db`` of ``/health/ready`` (contract, section 2)."""

    CONNECTED = "connected"
    DISABLED_OPTIONAL = "disabled_optional"
    SKIPPED_OPTIONAL = "skipped_optional"
    VPC_CONNECTIVITY_DEGRADED = "vpc_connectivity_degraded"
    FAILED = "failed"


USABLE = frozenset({RedisMode.CONNECTED, RedisMode.DISABLED_OPTIONAL, RedisMode.SKIPPED_OPTIONAL})
"""The modes in which the backend is ready."""


def redis_mode(checked: Checked, env: Mapping[str, str]) -> RedisMode:
    """The mode of Redis: ``REDIS_MODE`` is required (default), optional or disabled.

    A timeout is a path that drops packets; every other error came from somewhere.
    """
    wanted = env.get("REDIS_MODE", "required")
    if wanted == "disabled":
        return RedisMode.DISABLED_OPTIONAL
    if checked.connected:
        return RedisMode.CONNECTED
    if wanted == "optional":
        return RedisMode.SKIPPED_OPTIONAL
    if "timeout" in (checked.error or "").lower():
        return RedisMode.VPC_CONNECTIVITY_DEGRADED
    return RedisMode.FAILED


def score(capabilities: Mapping[str, bool]) -> float:
    """The share of *capabilities* that are there, 0 … 1."""
    return round(sum(capabilities.values()) / len(capabilities), 3)
