import pytest

from ci_tools.errors import SpecError
from ci_tools.spec import parse
from ci_tools.spec.checks import CHECKS, cross_checks
from ci_tools.spec.documents import CampaignDocument


@pytest.mark.parametrize("section", ["environments", "phases", "plans"])
def test_something_must_be_declared(section: str) -> None:
    """A file in which nothing could run is refused."""
    with pytest.raises(SpecError, match=rf"(?m)^campaign.toml:1: {section}: none is declared; got nothing"):
        parse('name = "shop"', "campaign.toml")


def test_a_broken_section_is_not_checked_again() -> None:
    """Where a section's tables are not sound, nothing is said of what refers to them."""
    document = CampaignDocument.model_validate({"dependencies": {"a": ("b",)}})

    assert [problem.path[0] for problem in cross_checks(document, frozenset({"phases"}))] == ["dependencies"]
    assert cross_checks(document, frozenset({"phases", "dependencies"})) == []


def test_every_check_names_sections_of_the_file() -> None:
    """A check that waits for a section which does not exist would never be held back."""
    sections = {section for names in CHECKS.values() for section in names}

    assert sections <= set(CampaignDocument.model_fields)
