"""What single campaigns see of a system of several parts."""

from tests.unit.triage.histories import PARTS, Look, Step


def looks(**by_part: Look) -> Step:
    """What a campaign sees; what is not named is well."""
    seen = tuple(by_part.get(part, Look.WELL) for part in PARTS)
    return Step(looks=seen, is_conclusive=True, is_old_build=False, hands=())


STORE_IS_DEAD = looks(store=Look.DEAD)
