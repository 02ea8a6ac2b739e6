import pytest

from ci_tools.diagnosis.essence import essences


@pytest.mark.parametrize(
    ("text", "essence"),
    [
        ("ModuleNotFoundError: No module named 'shop.cart'", "no module: shop.cart"),
        ("ImportError: cannot import name 'A' from 'shop.b' (/x/b.py)", "cannot import: a shop.b"),
        ("NameError: name 'env' is not defined", "undefined name: env"),
        ("AttributeError: 'TestCart' object has no attribute 'url'", "no attribute: testcart url"),
        ("E  fixture 'signed_in' not found", "no fixture: signed_in"),
        ("Error -3 connecting to 10.1.2.3:6379. Try again.", "connect error: -3"),
        ("Error 111 connecting to 10.1.2.3:6379. Connection refused.", "connect error: 111"),
        ("server rejected WebSocket connection: HTTP 403", "websocket rejected: 403"),
        ("received 1011 (internal error) boom; then sent 1011 (internal error) boom", "closed: 1011 boom"),
        ("received 1011 (internal error) run 5f1c2d3e failed; then", "closed: 1011 run"),
        ("received 1011 (internal error) Internal err...", "closed: 1011 internal"),
        ("QueuePool limit of size 5 overflow 10 reached", "pool: queuepool limit"),
        ("PHASE FAILED: Database initialization timeout after 25.0s", "starting took too long: database 25"),
        (
            "405 = <ClientResponse(https://auth.shop.example/auth/validate) [405 Method",
            "address answered: /auth/validate 405",
        ),
        ("Client error '404 Not Found' for url 'https://a.example/carts/12'", "client error: 404 /carts/*"),
    ],
)
def test_the_essential_words_are_found(text: str, essence: str) -> None:
    """Whatever stands around it, what failed is said in a library's own words."""
    assert next(essences(text)).text == essence


@pytest.mark.parametrize("text", ["", "assert 3 == 4", "it broke", "AssertionError: login failed"])
def test_other_words_have_no_essence(text: str) -> None:
    """A sentence of somebody's own is no library's wording."""
    assert list(essences(text)) == []


@pytest.mark.parametrize(
    ("text", "local"),
    [("name 'redis' is not defined", True), ("Error 111 connecting to redis:6379", False)],
)
def test_code_is_told_from_connections(text: str, *, local: bool) -> None:
    """A dependency that a missing name is called after has no part in the failure."""
    assert next(essences(text)).local is local
