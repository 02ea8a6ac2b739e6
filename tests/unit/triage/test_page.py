from dataclasses import replace
from pathlib import Path

import pytest
from ci_tools.triage.failures import Failure, failures_in
from markdown_it import MarkdownIt

from ci_tools.model import Deployment, GateState, NodeId
from ci_tools.triage import page
from ci_tools.triage.decide import decide
from ci_tools.triage.operations import CreateIssue, Severity
from ci_tools.triage.state import BEGIN, END, Sighting, State, fingerprint, state_in, visible_in
from ci_tools.verdict.judgement import Judgement
from ci_tools.verdict.statistics import Latency
from tests.unit.report.hostile import HOSTILE
from tests.unit.triage.scenarios import AROUND, EXCHANGE, START, TESTS, failing, suite

GOLDEN = Path(__file__).parent / "golden"
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SEEN = Sighting(campaign="campaign-1", at=START, revision="shop-1")
STATE = State(
    environment="here",
    dependency="store",
    fingerprint=fingerprint("here", "store"),
    status="failing",
    severity=Severity.P1,
    labelled=Severity.P1,
    gates=("store_reachable",),
    first_bad=SEEN,
    last_bad=SEEN,
    n_bad=1,
    last_good=None,
    campaigns=("campaign-1",),
)


def shown(seen: Judgement | None = None, *, state: State = STATE, run_url: str = "", room_bytes: int = 60_000) -> str:
    """The body of the first failure of *seen*."""
    judgement = seen or failing()
    failure: Failure = failures_in(judgement)[0]
    return page.body(failure, judgement, state, why="it is down", run_url=run_url, room_bytes=room_bytes)


def spoiled(text: str) -> Judgement:
    """A failure in which everything from outside is *text*, on two dependencies that share nothing."""
    seen = failing()
    gates = tuple(
        replace(
            one,
            gate=replace(one.gate, name=text, dependency=f"{text}{one.state is GateState.FAILS}"),
            detail=text,
            missing=text,
        )
        for one in seen.gates
    )
    evidence = {"exchanges": [EXCHANGE | {"request_id": text, "url": text, "status": text}]}
    return replace(
        seen,
        campaign=text,
        environment=text,
        faults=(text,),
        deployment=Deployment(revision=text, sha=text),
        gates=gates,
        suites=tuple(replace(one, value=text) for one in seen.suites),
        tests=tuple(
            replace(test, node_id=NodeId(text), reason=text, excerpt=f"{text}\n{text}", evidence=evidence)
            for test in seen.tests
        ),
    )


def test_the_body_of_an_issue() -> None:
    """The page of a failure is the one that people agreed on."""
    seen = failing(faults=("store_down",))
    timed = replace(seen.gates[0], latency=Latency(n=4, median_s=0.02, max_s=0.5, p95_s=None, censored=0))
    whole = replace(seen, gates=(timed, *seen.gates[1:]))

    body = shown(whole, state=replace(STATE, n_bad=3, last_good=SEEN), run_url="https://ci.example/runs/7")

    assert f"{body}\n" == (GOLDEN / "body.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_changes_nothing_but_the_words(kind: str) -> None:
    """Whatever names and messages hold, the page keeps its structure, and gains neither link, mention nor mark."""
    skeleton = [token.type for token in GITHUB.parse(shown(spoiled("word")))]

    body = shown(spoiled(HOSTILE[kind]))
    tokens = GITHUB.parse(body)
    inline = {child.type for token in tokens for child in token.children or []}

    assert [token.type for token in tokens] == skeleton
    assert not inline & {"link_open", "image", "html_inline", "s_open", "em_open"}
    assert "html_block" not in skeleton


@pytest.mark.parametrize("mark", [BEGIN, END, "<!-- ci-tools:state v1 {} -->", "@octocat #1 `x`"])
def test_our_marks_in_the_words_of_others_are_no_marks(mark: str) -> None:
    """Evidence that holds our marks neither ends our section nor steers its state."""
    (operation,) = decide((), spoiled(f"a {mark} b"), AROUND)

    assert isinstance(operation, CreateIssue)
    assert operation.body.count(BEGIN) == operation.body.count(END) == 1
    assert operation.body.count("<!-- ci-tools:state") == 1
    assert state_in(operation.body) is not None
    assert "How to look" in visible_in(operation.body)


def test_a_title_mentions_nobody() -> None:
    """A title is plain text in which neither people nor issues are named, and is short enough."""
    seen = spoiled("@octocat #1 `x` " * 50)

    title = page.title(failures_in(seen)[0], seen)

    assert len(title) <= 256
    assert "@o" not in title
    assert "#1" not in title
    assert "`" not in title


def test_sections_give_way_in_order() -> None:
    """Without room excerpts go first, gates last, head and way to look never; what went is named."""
    whole, less, least = shown(), shown(room_bytes=3_050), shown(room_bytes=0)

    assert "### Excerpts" in whole
    assert "Left out" not in whole
    assert less.endswith("Left out for size, and kept in the artifact: excerpts, what is masked.")
    assert [line for line in least.splitlines() if line.startswith("###")] == ["### How to look"]
    assert least.startswith("**store** fails on **here**.")


def test_long_lists_are_cut_and_counted() -> None:
    """Nobody reads hundreds of rows; how many there are is said."""
    seen = failing(tests=TESTS[1:2] * 40, suites=(suite("store", failed=40),) * 30)

    body = shown(seen)

    assert "… and 25 more" in body
    assert "… and 10 more" in body


def test_a_test_without_reason_says_so() -> None:
    """The type of the error, or its absence, stands in for a message."""
    bare = replace(TESTS[1], reason="", evidence={})

    assert "test\\_writes: no message" in shown(failing(tests=(bare,)))
    assert "test\\_writes: KeyError" in shown(failing(tests=(replace(bare, exc_type="KeyError"),)))


@pytest.mark.parametrize("exchanges", [None, "x", 7, ["x", None], {}])
def test_evidence_of_another_shape_is_passed_over(exchanges: object) -> None:
    """Evidence is outside data: what is no list of exchanges names no request."""
    odd = replace(TESTS[1], evidence={"exchanges": exchanges})

    assert "requests:" not in shown(failing(tests=(odd,)))


def test_what_is_not_known_is_said() -> None:
    """A deployment that was not identified and a time that is missing are named as such."""
    unknown = Sighting(campaign="campaign-1", at=None, revision="")

    body = shown(failing(deployment=None), state=replace(STATE, first_bad=unknown))

    assert "deployment unidentified" in body
    assert "since an unknown time (campaign campaign\\-1)" in body


def test_undecided_gates_are_shown() -> None:
    """What of the same dependency, or for other reasons, is undecided stands there."""
    seen = failing(suites=(), tests=())
    other = replace(seen.gates[1], state=GateState.CANNOT_TELL, missing="1 skipped", detail="")

    body = shown(replace(seen, gates=(seen.gates[0], other, *seen.gates[2:])))

    assert "### Undecided gates of the same dependency" in body
    assert "1 skipped" in body
    assert "### Undecided for other reasons\n\n- shop: shop\\_tests: 1 blocked by store" in body


def test_the_first_body_that_fits_is_taken() -> None:
    """If none fits, it is the last, the shortest."""
    long = "x" * 70_000

    assert page.fitting([long, "short", "other"]) == "short"
    assert page.fitting([long, f"{long}y"]) == f"{long}y"
    assert page.fitting([]) == ""


def test_comments_say_when_and_why() -> None:
    """What is told to whoever follows is complete in itself."""
    assert page.escalated("P2", "P1", "it is down", SEEN) == (
        "Escalated from P2 to **P1**: it is down. Seen 2026-03-02 10:15 UTC on shop\\-1 (campaign campaign\\-1)."
    )
    assert page.regressed(SEEN, None) == (
        "Regressed: it fails again, 2026-03-02 10:15 UTC on shop\\-1 (campaign campaign\\-1)."
    )
    assert "It was good 2026" in page.regressed(SEEN, SEEN)
