import re
import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from pydantic import ValidationError

from ci_tools.twin.catalogue import CATALOGUE
from ci_tools.twin.conflicts import contested_by
from ci_tools.twin.faults import parse_fault
from tests.diagnosis.fault_table import TABLE, FaultTable, RelationKind, fault_table

ROOT = Path(__file__).parents[2]
TEXT = TABLE.read_text(encoding="utf-8")
PAIRS = [*combinations(CATALOGUE, 2)]
DEPENDENCIES = tomllib.loads((ROOT / "campaign.toml").read_text(encoding="utf-8"))["dependencies"]


@pytest.fixture(scope="module")
def table() -> FaultTable:
    """The table as it stands."""
    return fault_table()


def test_every_fault_of_the_twin_is_expected(table: FaultTable) -> None:
    """The table speaks of the catalogue's faults, all of them, with their causes and places."""
    assert {name: (each.cause, each.dependency) for name, each in table.fault.items()} == {
        name: (fault.cause, fault.dependency) for name, fault in CATALOGUE.items()
    }


def test_places_and_owners_are_the_campaigns(table: FaultTable) -> None:
    """Whatever is named as place, owner or failing gate is a dependency of campaign.toml."""
    named = {
        name.removeprefix("/dependencies/")
        for each in table.fault.values()
        for name in (each.dependency, *each.dependencies, each.owner, *each.may_fail)
    }

    assert named <= set(DEPENDENCIES)
    assert {each.owner.rpartition("/")[0] for each in table.fault.values()} == {"/dependencies"}


def test_words_are_regular_expressions(table: FaultTable) -> None:
    """Each can be compiled."""
    assert [re.compile(word) for each in table.fault.values() for word in each.words]


def test_the_twin_refuses_exactly_what_is_excluded(table: FaultTable) -> None:
    """A pair is excluded in the table if and only if the twin refuses it."""
    excluded = {pair for pair in PAIRS if table.relation(*pair).kind is RelationKind.EXCLUDED}

    assert excluded == {pair for pair in PAIRS if contested_by(*map(parse_fault, pair))}


def test_every_pair_has_one_relation_with_a_reason(table: FaultTable) -> None:
    """Whichever of two faults is named first, the relation is the same, and says why."""
    relations = {pair: table.relation(*pair) for pair in PAIRS}
    turned = {pair: table.relation(*reversed(pair)) for pair in PAIRS}

    assert [pair for pair in PAIRS if set(relations[pair].incidents) != set(turned[pair].incidents)] == []
    assert [pair for pair in PAIRS if not relations[pair].reason] == []


def test_no_two_faults_mask_each_other(table: FaultTable) -> None:
    """Where each would hide the other, somebody has to decide, and write it down."""
    explicit = {frozenset(pair.faults) for pair in table.pair}
    undecided = [
        pair
        for pair in PAIRS
        if table.hides(*pair) and table.hides(*reversed(pair)) and frozenset(pair) not in explicit
    ]

    assert undecided == []


@pytest.mark.parametrize(
    ("pair", "kind", "incidents", "hidden"),
    [
        (("redis_down", "agent_failed"), "independent", {"redis_down", "agent_failed"}, None),
        (("redis_down", "service_unavailable"), "independent", {"redis_down", "service_unavailable"}, None),
        (("secret_dirty", "service_unavailable"), "masking", {"service_unavailable"}, "secret_dirty"),
        (("secret_dirty", "event_loop_blocked"), "consequence", {"secret_dirty"}, "event_loop_blocked"),
        (("secret_dirty", "agent_silent"), "independent", {"secret_dirty", "agent_silent"}, None),
        (("edge_throttled", "database_down"), "masking", {"edge_throttled"}, "database_down"),
        (("edge_throttled", "tls_domain"), "independent", {"edge_throttled", "tls_domain"}, None),
        (("database_down", "agent_silent"), "masking", {"database_down"}, "agent_silent"),
        (("database_down", "name_resolution"), "masking", {"name_resolution"}, "database_down"),
        (("redis_blackhole", "network_route"), "consequence", {"network_route"}, "redis_blackhole"),
        (("mocked_answers", "out_of_memory"), "masking", {"mocked_answers"}, "out_of_memory"),
        (("startup_failed", "redis_down"), "independent", {"startup_failed", "redis_down"}, None),
        (("redis_down", "redis_blackhole"), "excluded", set(), None),
    ],
)
def test_an_expert_would_say_so(
    table: FaultTable, pair: tuple[str, str], kind: str, incidents: set[str], hidden: str | None
) -> None:
    """What follows from the rule is what a person would say of these pairs."""
    relation = table.relation(*pair)

    assert (relation.kind, set(relation.incidents), relation.hidden) == (kind, incidents, hidden)


def test_a_masking_says_what_is_missing(table: FaultTable) -> None:
    """The reason is that of every view that is lost."""
    assert table.relation("secret_dirty", "service_unavailable").reason == table.capability["process"]


@pytest.mark.parametrize(
    ("was", "becomes", "problem"),
    [
        ('breaks = ["runs"]', 'breaks = ["dance"]', "unknown capabilities: dance"),
        ("[capability]\n", '[capability]\nsun = "it is dark"\n', "capabilities that no fault speaks of: sun"),
        ('cause = "network_route"\nreason', "reason", "a consequence names its cause"),
        (
            'faults = ["redis_down", "network_route"]',
            'faults = ["redis_up", "network_route"]',
            "unknown faults: redis_up",
        ),
        ('faults = ["redis_down", "network_route"]', 'faults = ["redis_down", "redis_blackhole"]', "given twice"),
        ('shows = ["load"]', 'shows = ["perhaps"]', "Input should be"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(was: str, becomes: str, problem: str) -> None:
    """What is wrong is named."""
    with pytest.raises(ValidationError, match=problem):
        FaultTable.read(TEXT.replace(was, becomes))
