import pytest

from ci_tools.spec.positions import KeyPath, Positions

TEXT = '''\
top = 1 # a comment
"quoted.key" = 2
# another comment
[table]
plain = """
two lines
"""
dotted.inner = 3
inline = { a = 1, b = [
  1,
  # a comment
  { c = 2 },
] }

[outer."in ner".deep]
key = 1

[[array]]
name = "one"
[array.sub]
key = 1

[[array]]
name = "two"
[[array.nested]]
key = 1
[[array.nested]]
key = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("quoted.key",), 2),
        (("table",), 4),
        (("table", "plain"), 5),
        (("table", "dotted"), 8),
        (("table", "dotted", "inner"), 8),
        (("table", "inline", "b"), 9),
        (("table", "inline", "b", 0), 10),
        (("table", "inline", "b", 1, "c"), 12),
        (("outer",), 15),
        (("outer", "in ner", "deep", "key"), 16),
        (("array", 0), 18),
        (("array", 0, "name"), 19),
        (("array", 0, "sub", "key"), 21),
        (("array", 1), 23),
        (("array", 1, "name"), 24),
        (("array", 1, "nested", 0, "key"), 26),
        (("array", 1, "nested", 1, "key"), 28),
    ],
)
def test_every_key_has_its_line(path: KeyPath, line: int) -> None:
    """A key's line is where the key stands, however it is written."""
    assert Positions(TEXT).line(path) == line


@pytest.mark.parametrize(
    ("path", "line"), [(("table", "missing"), 4), (("table", "inline", "b", 7, "x"), 9), (("nothing",), 1), ((), 1)]
)
def test_a_missing_key_has_the_line_of_its_table(path: KeyPath, line: int) -> None:
    """What is missing is looked for where it would stand."""
    assert Positions(TEXT).line(path) == line


def test_what_is_no_toml_has_no_line() -> None:
    """A broken line does not hide the others."""
    positions = Positions("a = = 1\n\n[table]\nb = 2\n")

    assert positions.line(("table", "b")) == 4
