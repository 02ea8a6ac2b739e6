import ssl
from pathlib import Path

import pytest

from ci_tools.twin.certificates import Certificates


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
    certificates = Certificates(["api.twin.localhost", "app.twin.localhost"], tmp_path / "ca.pem")
    seen = handshake(certificates.context, tmp_path / "ca.pem", "app.twin.localhost")

    assert seen["subjectAltName"] == (("DNS", "api.twin.localhost"), ("DNS", "app.twin.localhost"))


def test_a_host_can_be_left_out_and_named_again(tmp_path: Path) -> None:
    """Who connects later sees another certificate of the same authority, and OpenSSL's own words if it is left out."""
    certificates = Certificates(["api.twin.localhost", "app.twin.localhost"], tmp_path / "ca.pem")
    certificates.cover(["api.twin.localhost"])
    with pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'app\.twin\.localhost'"):
        handshake(certificates.context, tmp_path / "ca.pem", "app.twin.localhost")
    certificates.cover(["api.twin.localhost", "app.twin.localhost"])

    assert handshake(certificates.context, tmp_path / "ca.pem", "app.twin.localhost")
