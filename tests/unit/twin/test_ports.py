import socket

import pytest

from ci_tools.twin.ports import LOOPBACK, bind_beside, number_of, reserve_port


def test_a_reserved_port_refuses() -> None:
    """Nothing listens on a reserved port, and the kernel says so."""
    with reserve_port() as reserved, socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect((LOOPBACK, number_of(reserved)))


def test_a_listener_comes_and_goes_beside_the_reservation() -> None:
    """A listener on a reserved port is reached, and after it the port refuses again."""
    with reserve_port() as reserved:
        port = number_of(reserved)
        with bind_beside(port) as listener:
            listener.listen()
            with socket.create_connection((LOOPBACK, port)) as client:
                reached = client.getpeername()
        with socket.socket() as client:
            refused = client.connect_ex((LOOPBACK, port))

    assert reached == (LOOPBACK, port)
    assert refused != 0
