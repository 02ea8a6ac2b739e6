"""The knowledge base as it is shipped: read once from the package."""

from functools import cache
from importlib.resources import files

from ci_tools.diagnosis.knowledge import Knowledge, parse


@cache
def knowledge() -> Knowledge:
    """What is known of causes.

    Raises:
        SpecError: the file in the package is not as it has to be.
    """
    return parse(files("ci_tools.diagnosis").joinpath("knowledge.toml").read_text(encoding="utf-8"))
