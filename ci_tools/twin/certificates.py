"""A certificate authority of the twin's own, and a certificate for its hosts."""

import ssl
from collections.abc import Sequence
from pathlib import Path


class Certificates:
    """A server's context, whose certificate names some hosts; *ca_file* holds who vouches for it."""

    def __init__(self, hosts: Sequence[str], ca_file: Path) -> None:
        import trustme  # noqa: PLC0415  an optional extra, and slow to import

        self._authority = trustme.CA(organization_name="Netra twin")
        self._covered: tuple[str, ...] = ()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.cover(hosts)
        ca_file.write_bytes(self._authority.cert_pem.bytes())

    def cover(self, hosts: Sequence[str]) -> None:
        """Whoever connects from now on gets a certificate for exactly *hosts*."""
        if tuple(hosts) != self._covered:
            self._authority.issue_cert(*hosts).configure_cert(self.context)
            self._covered = tuple(hosts)
