"""What a text that leaves must not hold: what a terminal, a runner, Markdown or GitHub would act on."""

import re
import unicodedata
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ci_tools.triage.book import UMBRELLA
from ci_tools.triage.state import PART

_GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_ZERO_WIDTH = "\u200b"
_OURS = re.compile(r"<details(?: open)?><summary>[\w ,:]+</summary>|</details>|<!-- ci-tools:[a-z/]+(?: [^\n]*)? -->")
"""HTML that we write: what folds, and marks that nobody sees."""
_LINKS = ("https://ci.test/", "https://github.com/acme/shop/actions/runs/")
_ACTIVE = {
    "a mention": re.compile(r"(?<![\w`])@[A-Za-z0-9]"),
    "a reference": re.compile(r"(?<![\w&])#\d|\b[Gg][Hh]-\d"),
    "an address": re.compile(r"\b[Ww]{3}\.\w"),
}
"""What GitHub looks for in the rendered text."""
_SPOKEN = re.compile(r"#[12]\b|@acme/platform\b")
"""Issues of the repository's own, and the owner by CODEOWNERS."""


def in_log(text: str) -> Iterator[str]:
    """What a terminal or a workflow runner would obey in *text*; of commands, all but our annotations."""
    for row in text.split("\n"):
        if (
            row.lstrip().startswith("::") and not row.startswith(("::error title=", "::warning title="))
        ) or "##[" in row:
            yield f"a command: {row[:80]!r}"
    yield from _invisible(text)


def in_markdown(text: str) -> Iterator[str]:
    """What GitHub would act on in the page *text*, beside what is ours."""
    yield from _invisible(text)
    for token in _tokens(text):
        if token.type in ("html_block", "html_inline") and _OURS.sub("", token.content).strip():
            yield f"HTML: {token.content[:80]!r}"
        if token.type in ("image", "fence"):
            yield f"{token.type}: {token.content[:80]!r}"
        if token.type == "link_open" and not str(token.attrGet("href")).startswith(_LINKS):
            yield f"a link: {token.attrGet('href')!r}"
    for shown in _shown(text):
        yield from in_words(shown)


def in_line(text: str) -> Iterator[str]:
    """What GitHub would act on in the title, label or description *text*, where it looks for no addresses."""
    yield from _invisible(text)
    yield from in_words(text.replace("www.", ""))
    if "\n" in text or len(text) > 256:
        yield f"{len(text)} characters, {text.count(chr(10))} line breaks"


def in_words(text: str) -> Iterator[str]:
    """What GitHub would act on in the rendered *text*, or in a title, beside what is ours."""
    for name, pattern in _ACTIVE.items():
        if found := pattern.search(_SPOKEN.sub("", text)):
            yield f"{name}: {text[max(0, found.start() - 20) : found.end() + 20]!r}"


def _invisible(text: str) -> Iterator[str]:
    kept = {"\n", _ZERO_WIDTH}
    found = {char for char in text if char not in kept and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    if found:
        yield f"characters that are not seen: {sorted(found)!r}"


def _tokens(text: str) -> list[Token]:
    return [token for block in _GITHUB.parse(text) for token in (block, *(block.children or ()))]


def _shown(text: str) -> Iterator[str]:
    """The words of each paragraph as they are rendered; code is left out, where GitHub looks for nothing."""
    for block in _GITHUB.parse(text):
        if block.children:
            yield "".join(one.content for one in block.children if one.type in ("text", "text_special"))


def in_state(text: str) -> Iterator[str]:
    """What would take the place of what an issue remembers in its hidden part."""
    shared = text.count(PART)
    parts = shared if UMBRELLA in text else max(1, shared)
    for mark, times in (("begin", 1), ("end", 1), ("state v", parts), ("now", parts), ("/now", parts)):
        if (count := text.count(f"<!-- ci-tools:{mark}")) != times:
            yield f"{count} marks {mark!r}, not {times}"
