import ssl
from pathlib import Path

from ci_tools.twin.certificates import issue


def handshake(server: ssl.SSLContext, ca_file: Path, name: str) -> dict[str, object]:
    """The certificate that a client who trusts *ca_file* sees when it asks for *name*."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cafile=str(ca_file))
    asking = client.wrap_bio(to_client, to_server, server_hostname=name)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asking, answering, asking, answering):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return dict(asking.getpeercert() or {})


def test_every_host_is_covered(tmp_path: Path) -> None:
    """A client that trusts the authority file accepts the certificate for each host."""
    context = issue(["api.twin.localhost", "app.twin.localhost"], tmp_path / "ca.pem")
    seen = handshake(context, tmp_path / "ca.pem", "app.twin.localhost")

    assert seen["subjectAltName"] == (("DNS", "api.twin.localhost"), ("DNS", "app.twin.localhost"))
