from collections.abc import Iterator

import pytest

from ci_tools.twin.ports import number_of, reserve_port


@pytest.fixture
def port() -> Iterator[int]:
    """A port that stays reserved for the service."""
    with reserve_port() as held:
        yield number_of(held)
