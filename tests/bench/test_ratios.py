import pytest

from tests.bench.bound import Bound, PhaseBound
from tests.bench.ratios import Best, best, ratios, targets
from tests.bench.runs import Competitor, Run, spread
from tests.bench.windows import Session

BOUND = Bound(workers=4, phases=(PhaseBound(phase=1, spread_s=10.0, longest_s=1.0, cpu_s=2.0),))


def run(competitor: Competitor, workers: int | None, seconds: float, *, turn: int = 1, problem: str = "") -> Run:
    """A run; a campaign's session started within 1 s and ended within 1 s."""
    session = Session(start_s=1.0, dispatch_s=seconds - 2.0, barriers_s=0.0, end_s=1.0, quiet_s=3.0)
    return Run(
        competitor=competitor,
        workers=workers,
        turn=turn,
        load_before=0.0,
        command_s=seconds if competitor is not Competitor.CAMPAIGN else seconds + 9.0,
        cpu_s=1.0,
        machine_cpu_s=1.0,
        problem=problem,
        session=session if competitor is Competitor.CAMPAIGN else None,
    )


RUNS = [
    run(Competitor.CAMPAIGN, 4, 13.0),
    run(Competitor.CAMPAIGN, 4, 15.0, turn=2),
    run(Competitor.CAMPAIGN, 4, 12.0, turn=3),
    run(Competitor.CAMPAIGN, 8, 14.0),
    run(Competitor.PLAIN, 4, 26.0),
    run(Competitor.PLAIN, 8, 20.0),
    run(Competitor.AUTO, None, 22.0),
]


def test_ratios_are_told_with_their_spread() -> None:
    """Minimum, median and maximum over all turns, against the bound and against plain pytest's medians."""
    found = ratios(RUNS, BOUND)

    assert found.session_to_bound == spread([1.3, 1.5, 1.2])
    assert found.dispatch_to_bound == spread([1.1, 1.3, 1.0])
    assert found.session_to_plain == spread([0.5, 15 / 26, 12 / 26])
    assert found.session_to_plain_best == spread([0.65, 0.75, 0.6])


def test_the_best_number_of_workers_has_the_shortest_median() -> None:
    """One lucky run does not make it, and ``-n auto`` may be plain pytest's best."""
    fast_auto = [*RUNS, run(Competitor.AUTO, None, 10.0, turn=2)]

    assert best(RUNS, (Competitor.CAMPAIGN,)) == Best(competitor=Competitor.CAMPAIGN, workers=4, session_s=13.0)
    assert best(fast_auto, (Competitor.PLAIN, Competitor.AUTO)) == Best(
        competitor=Competitor.AUTO, workers=None, session_s=16.0
    )


def test_a_run_that_did_not_pass_does_not_count() -> None:
    """However fast it was."""
    runs = [*RUNS, run(Competitor.CAMPAIGN, 4, 3.0, problem="1 failed"), run(Competitor.PLAIN, 4, 3.0, problem="hung")]

    assert ratios(runs, BOUND) == ratios(RUNS, BOUND)


def test_without_a_run_that_counts_there_is_no_ratio() -> None:
    """What was not measured is not met."""
    runs = [run(Competitor.CAMPAIGN, 4, 3.0, problem="1 failed"), run(Competitor.PLAIN, 4, 9.0)]

    assert ratios(runs, BOUND).session_to_bound is None
    assert best(runs, (Competitor.CAMPAIGN,)) is None
    assert {target.met for target in targets(None, None).values()} == {None}


@pytest.mark.parametrize(("plugin_ms", "met"), [(1.0, True), (1.01, False)])
def test_a_target_is_held_against_the_median(plugin_ms: float, *, met: bool) -> None:
    """At the limit it is met, beyond it is missed."""
    found = targets(ratios(RUNS, BOUND), plugin_ms)

    assert found["session_to_bound"].observed == 1.3
    assert [found[name].met for name in ("dispatch_to_bound", "session_to_bound", "session_to_plain_best")] == [
        True,
        True,
        True,
    ]
    assert found["plugin_ms_per_test"].met is met
