import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.errors import ExitCode, SpecError
from ci_tools.spec import parse


def test_every_problem_is_named_at_once_in_the_order_of_the_file(small: str) -> None:
    """One reading names every problem, in shape and in sense, from top to bottom."""
    text = small.replace("floor = 0.8", "floor = 8").replace("number = 2", "number = 3")
    text = text.replace("database = []", 'database = ["disk"]').replace("expected = 3", "expcted = 3")

    with pytest.raises(SpecError) as caught:
        parse(text, "shop.toml")

    assert [line.partition(": got")[0].split(";")[0] for line in str(caught.value).splitlines()] == [
        "shop.toml:5: dependencies.database[0]: unknown dependency",
        "shop.toml:37: phases.second.number: leaves a gap",
        "shop.toml:47: suites.smoke.expcted: unknown key",
        "shop.toml:69: gates.smoke.floor: not allowed",
    ]


def test_a_bad_file_is_a_usage_error(small: str) -> None:
    """A file that is not valid ends the process as a usage error does."""
    with pytest.raises(SpecError) as caught:
        parse(small.replace("number = 2", "number = 9"), "campaign.toml")

    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "shop"\nb = ?', "campaign.toml:2, column 5: no TOML: invalid value; see https://toml.io"),
        ('name = "shop"\nb =', "campaign.toml:2: no TOML: invalid value; see https://toml.io"),
        ("a = 1\na = 2\n", "campaign.toml:2"),
        ("[a", "campaign.toml:1: no TOML: expected ']' at the end of a table declaration; see https://toml.io"),
    ],
)
def test_a_text_that_is_no_toml_is_refused_with_its_place(text: str, said: str) -> None:
    """What is no TOML is refused with line and, where it is known, column."""
    with pytest.raises(SpecError) as caught:
        parse(text, "campaign.toml")

    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("levels", [49, 200, 400, 5_000])
@pytest.mark.parametrize(("opening", "middle", "closing"), [("[", "", "]"), ("{ a = ", "1", " }")])
def test_nesting_without_end_is_refused_with_its_line(levels: int, opening: str, middle: str, closing: str) -> None:
    """However deep a value is nested, it is refused as any other mistake."""
    text = f'name = "shop"\nkpis = {{ a = {levels * opening}{middle}{levels * closing} }}\n'

    with pytest.raises(SpecError) as caught:
        parse(text, "campaign.toml")

    assert str(caught.value) == (
        "campaign.toml:2: nested too deeply; got tables and arrays within one another without end; "
        "legal: at most 50 levels"
    )


def test_a_wildcard_may_stand_for_folders(small: str) -> None:
    """The paths that pathlib understands are legal."""
    spec = parse(small.replace("tests/test_smoke.py", "tests/**/test_smoke_*.py"), "campaign.toml")

    assert spec.phases[0].suites[0].paths == ("tests/**/test_smoke_*.py",)


@pytest.mark.parametrize("place", ["suites.smoke.value", "plans.all.about"])
def test_a_reference_outside_environments_is_refused(small: str, place: str) -> None:
    """A reference stands only where it is replaced."""
    text = small.replace('"nobody can buy"', '"${WHO} can buy"').replace('"everything"', '"all of ${WHO}"')

    with pytest.raises(SpecError, match=rf"{place}: a reference is not replaced here; got '.*\$\{{WHO\}}.*'; legal: "):
        parse(text, "campaign.toml")


@pytest.mark.parametrize("reference", ["${}", "${SHOP HOST}", "${SHOP_HOST:-shop}", "${SHOP_HOST"])
def test_a_malformed_reference_is_refused(small: str, reference: str) -> None:
    """A reference is a variable's name in braces and nothing else."""
    text = small.replace('path = "/health"', f'path = "/health"\nlatency_ms = "{reference}"')

    with pytest.raises(SpecError) as caught:
        parse(text, "campaign.toml")

    assert str(caught.value) == (
        f"campaign.toml:24: probes.api.latency_ms: no reference; got {reference!r}; "
        "legal: ${VARIABLE}, without a default"
    )


_VALUES = st.recursive(
    st.sampled_from(["1", "-0.5", "true", '"text"', '"${X}"', '"https://a:b@c"', "1979-05-27", "inf", "[]", "{}"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
_SECTIONS = ["name", "policy", "dependencies", "environments", "probes", "phases", "suites", "gates", "plans", "kpis"]
_KEYS = [
    *_SECTIONS, "a", "kind", "hosts", "auth", "limits", "expect", "paths", "floor", "only", "first", "token", '"x y"',
]  # fmt: skip


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(st.tuples(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=4), _VALUES), max_size=5))
def test_any_text_is_a_specification_or_a_refusal(pairs: list[tuple[list[str], str]]) -> None:
    """Whatever the file holds, it is read or refused with one line per problem."""
    text = "\n".join(f"{'.'.join(path)} = {value}" for path, value in pairs)

    with pytest.raises(SpecError, match=r"\A(campaign\.toml:\d+(, column \d+)?: .+\n?)+\Z"):
        parse(text, "campaign.toml")
