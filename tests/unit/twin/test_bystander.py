import pytest

from ci_tools.errors import UsageError
from ci_tools.twin.bystander import Bystander
from ci_tools.twin.postgresql import PostgreSql
from ci_tools.twin.proxy import TcpAddress


def bystander() -> Bystander:
    """A bystander of a server that a person has given."""
    address = TcpAddress("127.0.0.1", 1)
    return Bystander(PostgreSql(address=address, user="me", password="", database="d", own_dsn="postgresql://me@h/d"))


def test_a_persons_own_server_is_spared() -> None:
    """Its connections are not taken; the text says why and what to do."""
    with pytest.raises(UsageError, match="TWIN_POSTGRES_DSN is your own"):
        bystander().refuse_to_be_greedy_elsewhere()


async def test_who_holds_nothing_gives_nothing_back() -> None:
    """Being modest already, it does not even connect."""
    modest = bystander()
    await modest.switch(greedy=False)

    assert modest.held == 0
