import ast
from pathlib import Path

import pytest

from ci_tools.diagnosis import knowledge as module
from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.knowledge import Cause, ExampleClue, Role, Sign, parse
from ci_tools.diagnosis.reading import candidates
from ci_tools.errors import SpecError
from ci_tools.knowledge_file import knowledge

KNOWN = knowledge()
PACKAGE = Path(module.__file__).parents[1]
IDS = [
    "secret_missing",
    "secret_dirty",
    "name_resolution",
    "network_route",
    "connector_exhausted",
    "pool_exhausted",
    "connections_exhausted",
    "database_slow",
    "database_down",
    "event_loop_blocked",
    "redis_down",
    "redis_auth",
    "clickhouse_down",
    "agent_silent",
    "agent_timeout",
    "agent_failed",
    "mocked_answers",
    "startup_failed",
    "cold_start",
    "websocket_handshake",
    "websocket_auth_off",
    "auth_rejected",
    "jwt_expired",
    "jwt_secret_mismatch",
    "tls_domain",
    "out_of_memory",
    "service_unavailable",
    "edge_throttled",
    "bad_deploy",
    "test_code",
    "test_infrastructure",
    "product_defect",
    "downstream",
    "not_a_failure",
    "unknown",
]
TEXTS = (Origin.FAILURE, Origin.LOG)


def are_words(examples: tuple[ExampleClue, ...]) -> bool:
    """Whether an example is of texts alone; what was observed is held against signs (test_causes)."""
    return all(example.origin in TEXTS for example in examples)


FIRES = [(cause.id, at) for cause in KNOWN.cause for at, one in enumerate(cause.fires) if are_words(one)]
SILENT = [(cause.id, at) for cause in KNOWN.cause for at, one in enumerate(cause.silent) if are_words(one)]
ROLES = """
[[cause]]
id = "downstream"
role = "consequence"
summary = "s"
[[cause]]
id = "harmless"
role = "harmless"
summary = "s"
[[cause]]
id = "unknown"
role = "unknown"
summary = "s"
"""


def named(evidence: tuple[ExampleClue, ...]) -> str:
    """The cause that *evidence* names; empty if none."""
    clues = [(Clue(ref="example", **one.model_dump(exclude={"times"})), 0) for one in evidence]
    found = candidates(KNOWN, clues)
    return found[0].cause.id if found else ""


def entry(more: str = "", cause: str = "red") -> str:
    """A knowledge base of one cause and the entries of a role."""
    return f'version = 1\n[[cause]]\nid = "{cause}"\nsummary = "s"\n{more}\n{ROLES}'


def test_every_cause_is_known() -> None:
    """These ids stand in results, incidents and issues, and stay."""
    assert sorted(KNOWN.causes) == sorted(IDS)


@pytest.mark.parametrize(("cause", "at"), FIRES)
def test_evidence_of_a_cause_names_it(cause: str, at: int) -> None:
    """Each cause is named on what it looks like."""
    assert named(KNOWN.causes[cause].fires[at]) == cause


@pytest.mark.parametrize(("cause", "at"), SILENT)
def test_evidence_that_looks_alike_does_not_name_it(cause: str, at: int) -> None:
    """Each cause is not named on what only looks like it."""
    assert named(KNOWN.causes[cause].silent[at]) != cause


def test_there_is_enough_evidence() -> None:
    """Sixty examples at least, and for every cause that has signs."""
    assert len(FIRES) + len(SILENT) >= 60
    spoken_for = [cause for cause in KNOWN.cause if cause.signs or cause.words]
    assert [cause.id for cause in spoken_for if not (cause.fires and cause.silent)] == []


@pytest.mark.parametrize(
    "cause", [cause for cause in KNOWN.cause if cause.role is Role.CAUSE], ids=lambda cause: cause.id
)
def test_a_cause_says_what_to_do(cause: Cause) -> None:
    """A cause without a remedy and its verification helps nobody; one that discriminates has a sign that does."""
    assert cause.remedy
    assert cause.verification
    assert cause.rivals
    assert any(sign.weight >= module.CONFIRMING for sign in (*cause.signs, *cause.words))


def strings_of(path: Path) -> set[str]:
    """Every text that stands alone in the source *path*."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_code_knows_no_cause_by_its_id() -> None:
    """What a cause is and does stands in the data."""
    sources = sorted((PACKAGE / "diagnosis").glob("*.py"))
    # A role has the name of the entry that holds it.
    ids = set(IDS) - set(Role)

    assert sources
    assert {path.name: found for path in sources if (found := strings_of(path) & ids)} == {}


@pytest.mark.parametrize(
    ("sign", "clue", "matches"),
    [
        (Sign(says="s", text="REFUSED"), Clue(ref="a", origin=Origin.LOG, text="was refused"), True),
        (Sign(says="s", text="refused$"), Clue(ref="a", origin=Origin.LOG, text="refused twice"), False),
        (Sign(says="s", text=r"\S+\s\w"), Clue(ref="a", origin=Origin.LOG, text="A B"), True),
        (Sign(says="s", text="(?-i:[A-Z]+_KEY)"), Clue(ref="a", origin=Origin.LOG, text="no API_KEY"), True),
        (Sign(says="s", text="(?-i:[A-Z]+_KEY)"), Clue(ref="a", origin=Origin.LOG, text="no api_key"), False),
        (Sign(says="s", text="a", unless="B"), Clue(ref="a", origin=Origin.LOG, text="a b"), False),
        (Sign(says="s", frame="^tests/"), Clue(ref="a", origin=Origin.LOG, frame="tests/a.py::b"), True),
        (Sign(says="s", frame="^tests/"), Clue(ref="a", origin=Origin.LOG, frame="shop/a.py::b"), False),
        (Sign(says="s", exc_type="KeyError"), Clue(ref="a", origin=Origin.LOG, exc_type="builtins.KeyError"), True),
        (Sign(says="s", test="agent"), Clue(ref="a", origin=Origin.LOG, test="tests/a.py::test_cart"), False),
        (Sign(says="s", code=("503",)), Clue(ref="a", origin=Origin.LOG, code="502"), False),
        (Sign(says="s", dependency=("redis",)), Clue(ref="a", origin=Origin.LOG, dependency="redis"), True),
        (Sign(says="s", origin=(Origin.LOG,)), Clue(ref="a", origin=Origin.FAILURE), False),
        (Sign(says="s", latency_s=(5, 6)), Clue(ref="a", origin=Origin.LOG, latency_s=5.1), True),
        (Sign(says="s", latency_s=(5, 6)), Clue(ref="a", origin=Origin.LOG, latency_s=6.1), False),
        (Sign(says="s", latency_s=(5, 6)), Clue(ref="a", origin=Origin.LOG), False),
        (Sign(says="s", timed_out=True), Clue(ref="a", origin=Origin.LOG), False),
    ],
)
def test_everything_that_a_sign_gives_has_to_hold(sign: Sign, clue: Clue, *, matches: bool) -> None:
    """A sign is all of its conditions."""
    assert sign.matches(clue) is matches


def test_so_many_clues_have_to_be_alike() -> None:
    """One late answer is no tail."""
    clue = Clue(ref="a", origin=Origin.LOG, text="late")
    sign = Sign(says="s", text="late", at_least=2)

    assert sign.found_in([clue]) == ()
    assert sign.found_in([clue, clue]) == (clue, clue)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version = ", r"knowledge\.toml: "),
        (entry('signs = [{ says = "s", text = "(" }]'), r"cause 'red', signs, 0, text: .*no regular expression"),
        (entry('signs = [{ says = "s", weight = 12 }]'), r"cause 'red', signs, 0, weight"),
        (entry('colour = "x"'), r"cause 'red', colour"),
        (entry('rivals = [{ cause = "blue", separates = "s" }]'), r"a rival is no cause here: blue; known: .*red"),
        (entry('looks_like = ["blue"]'), r"what it looks like is no cause here: blue; known: .*red"),
        (entry(cause="unknown"), r"a cause is given twice: unknown"),
        (entry('role = "unknown"'), r"one entry has to have the role 'unknown', these have: red, unknown"),
        ('version = 1\n[[cause]]\nid = "red"\nsummary = "s"', r"role 'consequence', these have: none"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(text: str, message: str) -> None:
    """Who edits the data is told what and where."""
    with pytest.raises(SpecError, match=message):
        parse(text)
