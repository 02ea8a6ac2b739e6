import json

import pytest

from ci_tools.evidence.foreign.formats import READERS, ForeignFormatError, Format, format_of


@pytest.mark.parametrize(
    ("beginning", "found"),
    [
        (b"<testsuites/>", Format.JUNIT),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<testsuite name='a'", Format.JUNIT),
        ("<testsuite/>".encode("utf-16"), Format.JUNIT),
        (b"<j:testsuites xmlns:j='urn:x'/>", Format.JUNIT),
        (b"<testcase name='a'/>", Format.JUNIT),
        (b"<!-- x -->\n<?xml version='1.0'?><testsuite/>", Format.JUNIT),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><project/>", Format.JUNIT),
        (b"<?xml vers", Format.JUNIT),
        (b"", Format.JUNIT),
        (b" \n ", Format.JUNIT),
        (b'{"pytest_version": "9.2.0", "$report_type": "SessionStart"}\n{"x"', Format.REPORTLOG),
        (b'{"nodeid": "a", "$report_type": "TestReport"}\n', Format.REPORTLOG),
        (b'{\n  "results": {\n "tool": {}', Format.CTRF),
        (b'{"reportFormat": "CTRF", "specVersion"', Format.CTRF),
        (json.dumps({"results": {}}).encode("utf-16"), Format.CTRF),
        (b'{"a": ', Format.CTRF),
    ],
)
def test_the_content_tells_the_format(beginning: bytes, found: Format) -> None:
    """A damaged file is of the format that it was to be."""
    assert format_of(beginning) is found


@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        (b"<project xmlns='urn:m'/>", "it is XML, but its root is <project>: a project file of Maven"),
        (b"<TestRun/>", "it is XML, but its root is <TestRun>: test results of Visual Studio (TRX)"),
        (b"<test-run/>", "it is XML, but its root is <test-run>: results of NUnit 3"),
        (b"<odd/>", "it is XML, but its root is <odd>"),
        (b'{"a": 1, "b": 2}', "it is JSON, but has no \"results\"; it has 'a', 'b'"),
        (b"{}", 'it is JSON, but has no "results"; it has nothing'),
        (b"TAP version 13\nok 1\n", "it begins with 'TAP version 13 ok 1'"),
        (b"\x7fELF\xff", "it begins with '\x7fELF\ufffd'"),
        (b"[1]", "it begins with '[1]'"),
    ],
)
def test_what_is_not_read_is_told_apart(beginning: bytes, said: str) -> None:
    """The text says what it looks like."""
    with pytest.raises(ForeignFormatError) as caught:
        format_of(beginning)

    assert str(caught.value) == said.replace("\x7f", r"\x7f")


def test_every_format_has_a_reader() -> None:
    """None is recognised and then not read."""
    assert set(READERS) == set(Format)
