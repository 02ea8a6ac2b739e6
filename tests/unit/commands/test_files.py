from pathlib import Path

import pytest

from ci_tools.commands.files import redactor_of
from ci_tools.model import Environment, ReadyToken
from ci_tools.target.session import dump_environment


@pytest.mark.parametrize("named", [".", "journal"])
def test_whoever_names_the_journal_has_the_same_masked(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that says which variable holds the secret stands beside it."""
    monkeypatch.setenv("SHOP_LOGIN", "canary-0123456789")
    here = Environment(name="here", hosts={}, auth=ReadyToken(token_env="SHOP_LOGIN"))
    dump_environment(here, tmp_path / "environment.json")
    (tmp_path / "journal").mkdir()

    masked = redactor_of(tmp_path / named).text("fix canary-0123456789")

    assert masked == "fix [redacted]"
