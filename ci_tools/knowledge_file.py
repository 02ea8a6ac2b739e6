"""The knowledge base that comes with the package."""

from functools import cache
from importlib.resources import files

from ci_tools.diagnosis.knowledge import Knowledge, parse

NAME = "knowledge.toml"


@cache
def known() -> Knowledge:
    """Everything that is known of causes; read once."""
    return parse(files("ci_tools.diagnosis").joinpath(NAME).read_text(encoding="utf-8"), NAME)
