import json

import pytest

from ci_tools.errors import ExitCode
from ci_tools.twin.__main__ import arguments, main


def test_the_defaults_are_a_tenth_of_the_contract() -> None:
    """Without options the twin is healthy, fast and private."""
    options = arguments([])

    assert (options.time_scale, options.fault, options.served) == (0.1, [], False)


def test_an_unknown_fault_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is that of usage, and the one line says what is known."""
    status = main(["--fault", "nope"])
    said = json.loads(capsys.readouterr().out)

    assert status == ExitCode.USAGE
    assert said["usage"] is True
    assert "unknown fault 'nope'" in said["error"]
