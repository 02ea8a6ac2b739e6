import ssl
from typing import Any

import pytest

from ci_tools.errors import UnreachableError
from ci_tools.target.addresses import Endpoint
from ci_tools.target.connecting import connect

OVERLONG = f"{'a' * 64}.test"


def endpoint_of(name: str, address: str, port: int) -> Endpoint:
    """A host called *name* at *address*."""
    return Endpoint(url=f"https://{name}:{port}", scheme="https", name=name, address=address, port=port)


@pytest.mark.parametrize("name", ["no..test", OVERLONG], ids=["empty", "overlong"])
async def test_a_name_that_nobody_can_be_asked_for_is_unknown(name: str) -> None:
    """A label that is empty or overlong is no other failure than a name without an address."""
    with pytest.raises(UnreachableError, match="no answer to a word: dns") as unknown:
        await connect(endpoint_of(name, name, 1), "a word", 5.0)

    assert (unknown.value.kind, unknown.value.code) == ("dns", "EAI_NONAME")


@pytest.mark.parametrize("name", ["no..test", OVERLONG], ids=["empty", "overlong"])
async def test_a_name_that_no_certificate_can_hold_is_unknown(tls_server: Any, name: str) -> None:
    """Neither is it where its address is known, and TLS cannot be asked for it."""
    with pytest.raises(UnreachableError) as unknown:
        await connect(endpoint_of(name, "127.0.0.1", tls_server.port), "a word", 5.0, ssl.create_default_context())

    assert (unknown.value.kind, unknown.value.code) == ("dns", "EAI_NONAME")
