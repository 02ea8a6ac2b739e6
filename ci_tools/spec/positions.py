"""Where each key of a TOML text stands."""

import tomllib
from collections.abc import Iterator

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

KeyPath = tuple[str | int, ...]

_LANGUAGE = Language(tree_sitter_toml.language())
_KEYS = {"bare_key", "quoted_key", "dotted_key"}


class Positions:
    """The line of every key of one TOML text; what is no TOML in it has no line of its own."""

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        self._array_lengths: dict[KeyPath, int] = {}
        for child in Parser(_LANGUAGE).parse(text.encode()).root_node.children:
            if not child.has_error:
                self._read_top(child)

    def line(self, path: KeyPath) -> int:
        """The line of *path*, or of the nearest table around it; line 1 for the file itself."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _read_top(self, node: Node) -> None:
        if node.type == "pair":
            self._read_pair((), node)
        elif node.type in {"table", "table_array_element"}:
            table = self._enter(node)
            for pair in _of_type(node, {"pair"}):
                self._read_pair(table, pair)

    def _enter(self, node: Node) -> KeyPath:
        key = next(_of_type(node, _KEYS))
        *outer, last = _parts(key)
        path: KeyPath = ()
        for part in outer:
            path = self._newest((*path, part), key)
        path = (*path, last)
        if node.type == "table_array_element":
            self._array_lengths[path] = self._array_lengths.get(path, 0) + 1
        return self._newest(path, key)

    def _newest(self, path: KeyPath, node: Node) -> KeyPath:
        self._note(path, node)
        if path in self._array_lengths:
            path = (*path, self._array_lengths[path] - 1)
            self._note(path, node)
        return path

    def _read_pair(self, table: KeyPath, node: Node) -> None:
        key, _, value = (child for child in node.children if child.type != "comment")
        path = table
        for part in _parts(key):
            path = (*path, part)
            self._note(path, key)
        self._read_value(path, value)

    def _read_value(self, path: KeyPath, node: Node) -> None:
        if node.type == "inline_table":
            for pair in _of_type(node, {"pair"}):
                self._read_pair(path, pair)
        elif node.type == "array":
            values = (child for child in node.named_children if child.type != "comment")
            for index, value in enumerate(values):
                self._note((*path, index), value)
                self._read_value((*path, index), value)

    def _note(self, path: KeyPath, node: Node) -> None:
        self._lines.setdefault(path, node.start_point.row + 1)


def _of_type(node: Node, types: set[str]) -> Iterator[Node]:
    return (child for child in node.children if child.type in types)


def _parts(key: Node) -> list[str]:
    # tomllib undoes quotes, escapes and dots exactly as it did for the whole text.
    parts: list[str] = []
    table: object = tomllib.loads(f"{(key.text or b'').decode()} = 0")
    while isinstance(table, dict):
        [(part, table)] = table.items()
        parts.append(part)
    return parts
