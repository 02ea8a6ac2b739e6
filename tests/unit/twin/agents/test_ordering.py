import pytest

from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.ordering import Step, ordered


def test_a_step_comes_after_what_it_depends_on() -> None:
    """Dependencies outrank urgency."""
    steps = [Step(name="deploy", priority="critical", after=("test",)), Step(name="test", priority="low")]

    assert [step.name for step in ordered(steps)] == ["test", "deploy"]


def test_free_steps_come_by_urgency_then_as_given() -> None:
    """Among steps that wait for nothing the most urgent is first."""
    steps = [Step(name="a"), Step(name="b", priority="high"), Step(name="c")]

    assert [step.name for step in ordered(steps)] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([Step(name="a", after=("b",)), Step(name="b", after=("a",))], "wait for each other: a, b"),
        ([Step(name="a", after=("z",))], "step 'a' comes after 'z', which is not a step"),
        ([Step(name="a"), Step(name="a")], "named twice"),
        ([Step(name="a", priority="soon")], "priority 'soon'; allowed: critical, high, medium, low"),
    ],
)
def test_steps_without_an_order_are_refused_in_words(steps: list[Step], message: str) -> None:
    """The refusal names the steps."""
    with pytest.raises(AgentInputError, match=message):
        ordered(steps)
