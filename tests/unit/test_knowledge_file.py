from importlib.resources import files

from ci_tools.knowledge_file import knowledge


def test_the_shipped_file_is_read_once() -> None:
    """It is a file of the package, and the same object each time."""
    assert files("ci_tools.diagnosis").joinpath("knowledge.toml").is_file()
    assert knowledge() is knowledge()
