import pytest

from ci_tools.errors import ExitCode, UsageError
from ci_tools.model import (
    CoverageGate,
    DeploymentSource,
    Environment,
    Phase,
    Plan,
    ReliabilityGate,
    Suite,
    Verdict,
)
from ci_tools.planning.plans import following, plan
from ci_tools.spec import ChoicePlan, FixedPlan, Policy, Spec

HERE = Environment(name="here", hosts={"api": "https://shop.example"}, time_scale=0.5)

FULL = FixedPlan(name="full", about="everything", phases=("first", "second", "third"), only={})
SHORT = FixedPlan(
    name="short",
    about="the essence",
    phases=("first", "second"),
    only={"first": ("smoke",), "second": ("buy",)},
    budget_s=60.0,
    stop_early=True,
)
DEEP = FixedPlan(name="deep", about="first in depth", phases=("first", "third"), only={})

SPEC = Spec(
    name="shop",
    policy=Policy(inconclusive="warn"),
    dependencies={"api": ()},
    environments={"here": HERE},
    phases=(
        Phase(
            number=1,
            name="first",
            budget_s=200.0,
            suites=(Suite(name="smoke", paths=("smoke.py",)), Suite(name="login", paths=("login.py",))),
            gates=(
                ReliabilityGate(name="up", dependency="api", probe="api", floor=0.9, target=1.0),
                CoverageGate(name="smoke", dependency="api", suites=("smoke",), floor=1.0),
                CoverageGate(name="both", dependency="api", suites=("smoke", "login"), floor=1.0),
            ),
        ),
        Phase(number=2, name="second", budget_s=100.0, suites=(Suite(name="buy", paths=("buy.py",)),)),
        Phase(number=3, name="third", budget_s=50.0),
    ),
    plans={
        "full": FULL,
        "short": SHORT,
        "deep": DEEP,
        "hollow": FixedPlan(name="hollow", about="the rest", phases=("third",), only={}),
        "auto": ChoicePlan(name="auto", about="first, then more", first="first", healthy=FULL, unhealthy=DEEP),
        "nervous": ChoicePlan(name="nervous", about="first, then less", first="first", healthy=DEEP, unhealthy=SHORT),
    },
)


def names(planned: Plan | None) -> dict[str, list[str]]:
    """The suites of each phase that runs."""
    assert planned is not None
    return {phase.name: [suite.name for suite in phase.suites] for phase in planned.phases}


def test_a_plan_runs_its_phases_and_says_what_it_leaves_out() -> None:
    """Phases without suites are left out by name, in the plan and in its reason."""
    planned = plan(SPEC, HERE, "full")

    assert names(planned) == {"first": ["smoke", "login"], "second": ["buy"]}
    assert planned.left_out == ("third",)
    assert planned.reason == "everything; left out: third declares no suite yet"


def test_a_plan_carries_what_its_environment_and_the_policy_say() -> None:
    """Name, environment, time scale and policy stand in the plan, so that it can be judged alone."""
    planned = plan(SPEC, HERE, "full")

    assert (planned.name, planned.environment, planned.time_scale) == ("full", "here", 0.5)
    assert planned.inconclusive == "warn"
    assert planned.stop_early is False
    assert planned.identifies_deployment is False


def test_a_deployment_must_be_identified_where_it_can_be() -> None:
    """A plan says whether its environment can tell which deployment it is."""
    source = DeploymentSource(host="api", path="/info", revision="revision")
    telling = Environment(name="here", hosts={}, deployment=source)

    assert plan(SPEC, telling, "full").identifies_deployment is True


def test_gates_follow_what_runs() -> None:
    """A reliability gate follows its phase, a coverage gate all of its suites."""
    planned = plan(SPEC, HERE, "short")

    assert names(planned) == {"first": ["smoke"], "second": ["buy"]}
    assert [gate.name for gate in planned.phases[0].gates] == ["up", "smoke"]


def test_budgets_shrink_in_proportion() -> None:
    """The phases of a plan with a budget of its own share it as they would share their own."""
    planned = plan(SPEC, HERE, "short")

    assert [phase.budget_s for phase in planned.phases] == [40.0, 20.0]
    assert planned.stop_early is True


def test_a_budget_never_grows() -> None:
    """A plan's budget beyond that of its phases changes nothing."""
    assert [phase.budget_s for phase in plan(SPEC, HERE, "short", [2]).phases] == [60.0]
    assert [phase.budget_s for phase in plan(SPEC, HERE, "full").phases] == [200.0, 100.0]


@pytest.mark.parametrize("asked", [[2, 1], ["second", "first"], ["2", "first", 1]])
def test_phases_can_be_asked_for(asked: list[int | str]) -> None:
    """Phases are asked for by number or name, and run once and in their order."""
    planned = plan(SPEC, HERE, "full", asked)

    assert list(names(planned)) == ["first", "second"]
    assert planned.left_out == ()


@pytest.mark.parametrize(
    ("name", "phases", "said"),
    [
        (
            "ful",
            None,
            (
                "unknown plan 'ful'; known: auto, deep, full, hollow, nervous, short; did you mean 'full'?; "
                "see [plans] in campaign.toml"
            ),
        ),
        (
            "full",
            ["secnod"],
            (
                "plan 'full' has no phase 'secnod'; allowed: 1, 2, 3 or first, second, third; did you mean 'second'?; "
                "see [plans.full] in campaign.toml"
            ),
        ),
        (
            "short",
            [3],
            ("plan 'short' has no phase '3'; allowed: 1, 2 or first, second; see [plans.short] in campaign.toml"),
        ),
        (
            "full",
            [1, 3],
            (
                "phase 3 'third' was asked for and declares no suite yet; phases with suites: first, second; "
                "declare suites under [suites] in campaign.toml"
            ),
        ),
        (
            "hollow",
            None,
            (
                "plan 'hollow' has nothing to run: third declares no suite yet; phases with suites: first, second; "
                "declare suites under [suites] in campaign.toml"
            ),
        ),
        (
            "auto",
            [2],
            (
                "plan 'auto' chooses its phases itself, and was asked for 2; plans that take phases: deep, full, "
                "hollow, short; name one of these or no phase"
            ),
        ),
    ],
)
def test_what_cannot_run_is_a_usage_error(name: str, phases: list[int | str] | None, said: str) -> None:
    """A plan that does not exist or would run nothing is refused with what is allowed."""
    with pytest.raises(UsageError) as caught:
        plan(SPEC, HERE, name, phases)

    assert str(caught.value) == said
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_choice_begins_with_its_deciding_phase() -> None:
    """A plan that chooses runs all of its first phase first."""
    planned = plan(SPEC, HERE, "auto")

    assert names(planned) == {"first": ["smoke", "login"]}
    assert (planned.name, planned.reason) == ("auto", "first, then more")


def test_after_a_healthy_phase_the_rest_follows() -> None:
    """A pass leads to the larger plan, without the phase that has run."""
    planned = following(SPEC, HERE, "auto", Verdict.PASS)

    assert planned is not None
    assert names(planned) == {"second": ["buy"]}
    assert planned.name == "auto"
    assert planned.reason == (
        "first is healthy, hence full and not deep: everything; left out: third declares no suite yet"
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [(Verdict.FAIL, "first is not healthy"), (Verdict.INCONCLUSIVE, "first is not shown to be healthy")],
)
def test_without_a_pass_the_other_plan_follows(verdict: Verdict, words: str) -> None:
    """Anything but a pass leads to the other plan, and no evidence is said to be none."""
    planned = following(SPEC, HERE, "nervous", verdict)

    assert planned is not None
    assert names(planned) == {"second": ["buy"]}
    assert planned.reason == f"{words}, hence short and not deep: the essence"
    assert planned.stop_early is True


def test_nothing_may_be_left_to_follow() -> None:
    """A plan whose phases have all run, or have no suites, follows empty and says so."""
    planned = following(SPEC, HERE, "auto", Verdict.FAIL)

    assert planned is not None
    assert planned.phases == ()
    assert planned.left_out == ("third",)
    assert planned.reason == (
        "first is not healthy, hence deep and not full: first in depth; nothing of it is left to run; "
        "left out: third declares no suite yet"
    )


def test_nothing_follows_a_fixed_plan() -> None:
    """A campaign with a fixed plan ends with it."""
    assert following(SPEC, HERE, "full", Verdict.PASS) is None


def test_what_follows_an_unknown_plan_is_a_usage_error() -> None:
    """The name of a plan is checked again when its continuation is asked for."""
    with pytest.raises(UsageError, match=r"unknown plan 'atuo'; .* did you mean 'auto'"):
        following(SPEC, HERE, "atuo", Verdict.PASS)
