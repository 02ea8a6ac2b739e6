import pytest

from ci_tools.errors import UsageError
from ci_tools.spec import Spec, parse


@pytest.fixture
def spec(small: str) -> Spec:
    """The small file, read."""
    return parse(small, "campaign.toml")


def test_an_environment_is_resolved(spec: Spec) -> None:
    """An environment is given with the variables' values in place."""
    environment = spec.environment("here", {"SHOP_HOST": "shop.example"})

    assert environment.hosts["socket"] == "wss://shop.example/ws"


def test_an_unknown_environment_is_named_with_the_known_ones(spec: Spec) -> None:
    """An unknown environment is answered with the known ones and the nearest."""
    with pytest.raises(UsageError) as caught:
        spec.environment("ther", {})

    assert str(caught.value) == (
        "unknown environment 'ther'; known: here, there; did you mean 'there'?; see [environments] in campaign.toml"
    )
