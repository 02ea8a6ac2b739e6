"""Hostile text and expected pages."""

from pathlib import Path

import pytest

from tests.unit.report.hostile import HOSTILE

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> str:
    """One kind of hostile text after the other."""
    return HOSTILE[request.param]


@pytest.fixture
def golden() -> Path:
    """The folder of expected pages, one per scenario."""
    return GOLDEN
