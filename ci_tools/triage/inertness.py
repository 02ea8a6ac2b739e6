"""Text from outside in the places of an issue where Markdown's escapes do not help: titles and code."""

import re

from ci_tools.report.inert import line

ZERO_WIDTH = "\u200b"
_ACTIVE = re.compile(r"[@#]|\b[Gg][Hh](?=-\d)|<(?=!)")
_EXCERPT_CHARACTERS = 20_000
_CODE_WIDTH = 400


def plain(text: str, width: int) -> str:
    """One line in which GitHub finds nobody to tell and nothing to link: for titles, which know no escapes."""
    return _ACTIVE.sub(rf"\g<0>{ZERO_WIDTH}", line(text, width).replace("`", "'"))


def code(text: str) -> str:
    """*text* as inline code, in which Markdown acts on nothing, nobody is told, and nothing marks a section."""
    shown = plain(text, _CODE_WIDTH)
    return f"`{shown}`" if shown.strip() else "(no words)"


def command(text: str) -> str:
    """A command of the knowledge base as inline code, to be copied as it is."""
    shown = line(text, 1_000).replace("`", "'").replace("<!", "< !")
    return f"`{shown}`"


def block(text: str, rows: int) -> str:
    """The last *rows* lines of *text* as an indented block."""
    shown = [_ACTIVE.sub(rf"\g<0>{ZERO_WIDTH}", row) for raw in _ended(text) if (row := line(raw))]
    return "\n".join(f"    {row}" for row in shown[-rows:])


def _ended(text: str) -> list[str]:
    return text[-_EXCERPT_CHARACTERS:].splitlines()
