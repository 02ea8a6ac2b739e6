"""JUnit XML, as the many tools that say they write it do, read as a stream.

Nothing is expanded and nothing is fetched: a document type declaration, which is where entities come from, is refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from ci_tools.evidence.foreign.headers import Group, stated_in
from ci_tools.evidence.foreign.results import (
    Entry,
    ForeignAttempt,
    ForeignProblem,
    ForeignTest,
    Gathered,
    MalformedResultsError,
    joined,
    name_of,
    seconds,
)
from ci_tools.model import FAILURES, Outcome
from ci_tools.texts import first_line

ROOTS = ("testsuites", "testsuite", "testcase")
_SUITES = ("testsuites", "testsuite")
_OWN = {"failure": Outcome.FAILED, "error": Outcome.ERRORED, "skipped": Outcome.SKIPPED}
_EARLIER = {"flakyFailure": Outcome.FAILED, "flakyError": Outcome.ERRORED}
"""How attempts went before the one that passed."""
_LATER = {"rerunFailure": Outcome.FAILED, "rerunError": Outcome.ERRORED}
"""How re-runs went after the first failure."""
_RESULTS = {**_OWN, **_EARLIER, **_LATER}
_OUTPUT = ("system-out", "system-err")
_GRAVEST_FIRST = (Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED)
_STATUS = {
    **dict.fromkeys(("disabled", "notrun", "suppressed", "ignored", "pending"), Outcome.NOT_RUN),
    "skipped": Outcome.SKIPPED,
    **dict.fromkeys(("failed", "failure", "fail"), Outcome.FAILED),
    **dict.fromkeys(("error", "errored"), Outcome.ERRORED),
}
"""What the attributes ``status`` and ``result`` of a test without any result in it mean; others say that it ran."""
_TEARDOWN = "failed on teardown"
"""pytest counts a test twice whose clean-up fails: as passed and as an error."""
_DEEPEST = 200
_LONGEST_TOKEN = 8 << 20
"""Bytes of one tag: the parser has to hold it whole."""
_LONGEST_PATH = 1_000
"""Characters of a path of groups, of which the inner ones tell most."""
_PIECE = 1 << 16


@dataclass(slots=True)
class _Result:
    kind: str
    message: str
    exc_type: str
    gathered: Gathered = field(default_factory=Gathered)

    def attempt(self, duration_s: float = 0.0) -> ForeignAttempt:
        text = self.gathered.text.strip()
        return ForeignAttempt(
            outcome=_RESULTS[self.kind],
            duration_s=duration_s,
            message=self.message or first_line(text),
            exc_type=name_of(self.exc_type),
            text=text,
            dropped=self.gathered.dropped,
        )


@dataclass(slots=True)
class _Case:
    attributes: Mapping[str, str]
    results: list[_Result] = field(default_factory=list)
    output: list[tuple[str, Gathered]] = field(default_factory=list)

    def attempts(self) -> tuple[ForeignAttempt, ...]:
        if not self.results:
            return (self._by_status(seconds(self.attributes.get("time", ""))),)
        own = [result for result in self.results if result.kind in _OWN]
        failed = any(_OWN[result.kind] in FAILURES for result in own)
        earlier = [result.attempt() for result in self.results if result.kind in _EARLIER]
        later = [result.attempt() for result in self.results if result.kind in _LATER]
        # A re-run follows a failure: where the test itself shows none, it was one of these.
        return tuple([*earlier, self._own(own), *later] if failed else [*earlier, *later, self._own(own)])

    def _own(self, results: list[_Result]) -> ForeignAttempt:
        duration_s = seconds(self.attributes.get("time", ""))
        if not results:
            return self._by_status(duration_s)
        gravest = min(results, key=lambda result: _GRAVEST_FIRST.index(_OWN[result.kind]))
        told = gravest.attempt(duration_s)
        others = [result for result in results if result is not gravest]
        for heading, gathered in [(one.kind, one.gathered) for one in others] + self.output:
            told = _with(told, heading, gathered)
        return told

    def _by_status(self, duration_s: float) -> ForeignAttempt:
        for name in ("status", "result"):
            word = self.attributes.get(name, "")
            outcome = _STATUS.get(word.strip().lower()) if word else None
            if outcome is not None:
                return ForeignAttempt(
                    outcome=outcome, duration_s=duration_s, message=f"the file says {word!r} and no more"
                )
        return ForeignAttempt(outcome=Outcome.PASSED, duration_s=duration_s)


def _with(told: ForeignAttempt, heading: str, gathered: Gathered) -> ForeignAttempt:
    more = Gathered()
    more.add(told.text)
    more.add(f"\n--- {heading} ---\n{gathered.text.strip()}")
    return ForeignAttempt(
        outcome=told.outcome,
        duration_s=told.duration_s,
        message=told.message,
        exc_type=told.exc_type,
        text=more.text,
        dropped=told.dropped + gathered.dropped + more.dropped,
    )


class _Document:
    """What has been read so far, and what is open."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.entries: list[Entry] = []
        self._parser = parser
        self._depth = 0
        self._groups: list[Group] = [Group(name="", stated=stated_in({}), where="")]
        self._cases: list[_Case] = []
        self._gathered: Gathered | None = None
        self._until = 0
        """The depth of the element whose text is being gathered."""
        self._loose: _Result | None = None
        """A failure of a group, which is no test's."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.malformed(f"elements are nested deeper than {_DEEPEST}")
        if self._gathered is not None:
            return
        tag = tag.rpartition(":")[2]
        if tag == "testcase":
            self._cases.append(_Case(attributes))
        elif tag in _SUITES:
            self._open(tag, attributes)
        elif tag in _RESULTS:
            self._result(tag, attributes)
        elif tag in _OUTPUT and self._cases and self._cases[-1].results:
            output = Gathered()
            self._gather(output)
            self._cases[-1].output.append((tag, output))

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._gathered is not None:
            if self._depth < self._until:
                self._stop_gathering()
            return
        tag = tag.rpartition(":")[2]
        if tag == "testcase":
            self._finish(self._cases.pop())
        elif tag in _SUITES:
            group = self._groups.pop()
            self.entries += group.problems()
            self._groups[-1].found.add(group.found)

    def text(self, piece: str) -> None:
        if self._gathered is not None:
            self._gathered.add(piece)

    def malformed(self, text: str) -> MalformedResultsError:
        return MalformedResultsError(
            text, line=self._parser.CurrentLineNumber, column=self._parser.CurrentColumnNumber + 1
        )

    def refuse_doctype(self, *_declared: object) -> None:
        raise self.malformed(
            "a document type declaration; entities are not expanded and nothing is fetched, so it is refused: "
            "write the file without DOCTYPE"
        )

    def _open(self, tag: str, attributes: Mapping[str, str]) -> None:
        outer = self._groups[-1].name
        name = name_of(attributes.get("name", ""))
        path = f"{outer} / {name}" if outer and name else name or outer
        where = f"the {tag} at line {self._parser.CurrentLineNumber}"
        self._groups.append(Group(name=path[-_LONGEST_PATH:], stated=stated_in(attributes), where=where))

    def _result(self, tag: str, attributes: Mapping[str, str]) -> None:
        result = _Result(tag, attributes.get("message", ""), attributes.get("type", ""))
        self._gather(result.gathered)
        if self._cases:
            self._cases[-1].results.append(result)
        elif _RESULTS[tag] in FAILURES:
            self._loose = result

    def _gather(self, gathered: Gathered) -> None:
        self._gathered, self._until = gathered, self._depth

    def _stop_gathering(self) -> None:
        self._gathered = None
        loose, self._loose = self._loose, None
        if loose is not None:
            told = loose.attempt()
            said = f"{told.exc_type} {told.message}".strip() or "no message"
            self._groups[-1].found.bad += 1
            self.entries.append(
                ForeignProblem(about=self._groups[-1].name, text=f"<{loose.kind}> outside of any test: {said}")
            )

    def _finish(self, case: _Case) -> None:
        attempts = case.attempts()
        group = self._groups[-1]
        named = case.attributes
        test = ForeignTest(
            suite=group.name,
            node_id=joined(named.get("file", ""), named.get("classname", "") or group.name, named.get("name", "")),
            attempts=attempts,
        )
        bad = [result for result in case.results if _OWN.get(result.kind) in FAILURES]
        twice = any(result.message.startswith(_TEARDOWN) for result in bad)
        group.found.count(test.outcome, bad=len(bad), tests=1 + twice)
        self.entries.append(test)


def read_junit(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """What the XML in *chunks* says, test by test.

    Raises:
        MalformedResultsError: it is no well-formed XML, has a DOCTYPE, or is made to be a burden.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _PIECE
    document = _Document(parser)
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.text
    parser.StartDoctypeDeclHandler = document.refuse_doctype
    fed = 0
    try:
        for piece in _pieces(chunks):
            fed += len(piece)
            parser.Parse(piece, False)
            if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise document.malformed(f"a tag is longer than {_LONGEST_TOKEN >> 20} MB")
            yield from _taken(document)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from _taken(document)
        raise MalformedResultsError(_words(error, empty=not fed), line=error.lineno, column=error.offset + 1) from error
    except MalformedResultsError:
        yield from _taken(document)
        raise
    yield from _taken(document)


def _taken(document: _Document) -> list[Entry]:
    entries, document.entries = document.entries, []
    return entries


def _words(error: expat.ExpatError, *, empty: bool) -> str:
    return "the file is empty" if empty else str(expat.ErrorString(error.code))


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from (chunk[at : at + _PIECE] for at in range(0, len(chunk), _PIECE))
