import json

from ci_tools.errors import ExitCode
from tests.unit.main.command_line import Say


def test_the_faults_are_listed(say: Say) -> None:
    """As JSON, each with the cause that it stands for."""
    done = say("faults")

    assert done.exit_code == ExitCode.PASS
    assert "redis_down" in done.stdout
    assert json.loads(done.stdout)
