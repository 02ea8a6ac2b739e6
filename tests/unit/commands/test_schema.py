import json

from ci_tools.report.schema import schema as results_schema
from ci_tools.spec import schema as spec_schema
from tests.unit.commands.command_line import Say


def test_the_schemas_are_printed(say: Say) -> None:
    """As JSON, that of the campaign file unless the other is asked for."""
    assert json.loads(say("schema").stdout) == spec_schema()
    assert json.loads(say("schema", "results").stdout) == results_schema()
