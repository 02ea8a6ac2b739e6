"""Text from the outside world made harmless for a terminal, a CI log or a Markdown page."""

import re
import unicodedata

_MAX_READ = 20_000
"""Characters of a text that are looked at: a line shows far fewer, and a body can be of any size."""
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_COMMAND = re.compile(r"(?<!\S):(?=:)|#(?=#\[)")
"""What a workflow runner obeys: ``::`` at the start of a line, ``##[`` anywhere. ``file.py::test`` stays as it is."""
_ANY_COLONS = re.compile(r":(?=:)")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@$:-])")
# GitHub links these in the rendered text, where a backslash is gone already.
_LINKED = re.compile(r"\\@|\\#|\b(?:[Gg][Hh](?=\\-\d)|[Ww]{3}(?=\.))")
_ZERO_WIDTH = "\u200b"


def line(text: str, width: int = 200) -> str:
    """One printable line of at most *width* characters that no terminal or workflow runner obeys."""
    flat = " ".join(_ANSI.sub("", text[:_MAX_READ]).split())
    visible = _visible(flat)
    cut = visible if len(visible) <= width and len(text) <= _MAX_READ else f"{visible[: width - 1]}…"
    return _COMMAND.sub(rf"\g<0>{_ZERO_WIDTH}", cut)


def _visible(row: str) -> str:
    return "".join(char for char in row if not unicodedata.category(char).startswith("C"))


def log(text: str) -> str:
    """All of *text*, its lines and their indents as they are, without what a terminal or a workflow runner obeys."""
    rows = _ANSI.sub("", text).splitlines()
    return "\n".join(_COMMAND.sub(rf"\g<0>{_ZERO_WIDTH}", _visible(row)) for row in rows)


def cell(text: str, width: int = 200) -> str:
    """:func:`line` for a table, which may break it anywhere: what then stands first is no command either."""
    return _ANY_COLONS.sub(rf"\g<0>{_ZERO_WIDTH}", line(text, width))


def markdown(text: str, width: int = 200) -> str:
    """:func:`line`, with everything escaped that Markdown or GitHub would act on (mentions, links, HTML)."""
    escaped = _MARKDOWN.sub(r"\\\1", line(text, width).replace(_ZERO_WIDTH, ""))
    return _LINKED.sub(rf"\g<0>{_ZERO_WIDTH}", escaped)


def details(title: str, body: str, *, opened: bool = False) -> str:
    """*body*, a Markdown text, folded under *title*, which is HTML: words of ours and numbers only."""
    return f"<details{' open' if opened else ''}><summary>{title}</summary>\n\n{body}\n\n</details>"
