"""Text from the outside world made harmless for a terminal, a CI log or a Markdown page."""

import re
import unicodedata

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_COMMAND = re.compile(r"(?<!\S)::|##\[")
"""What a workflow runner obeys: ``::`` at the start of a line, ``##[`` anywhere. ``file.py::test`` stays as it is."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@$:-])")
_ZERO_WIDTH = "\u200b"


def line(text: str, width: int = 200) -> str:
    """One printable line of at most *width* characters that no terminal or workflow runner obeys."""
    flat = " ".join(_ANSI.sub("", text).split())
    visible = "".join(char for char in flat if not unicodedata.category(char).startswith("C"))
    cut = visible if len(visible) <= width else f"{visible[: width - 1]}…"
    return _COMMAND.sub(lambda match: match[0][0] + _ZERO_WIDTH + match[0][1:], cut)


def markdown(text: str, width: int = 200) -> str:
    """:func:`line`, with everything escaped that Markdown or GitHub would act on (mentions, links, HTML)."""
    return _MARKDOWN.sub(r"\\\1", line(text, width)).replace("\\@", f"@{_ZERO_WIDTH}")
