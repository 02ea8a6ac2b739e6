"""A certificate authority of the twin's own, and a certificate for its hosts."""

import ssl
from collections.abc import Sequence
from pathlib import Path


def issue(hosts: Sequence[str], ca_file: Path) -> ssl.SSLContext:
    """A server's context with a certificate for *hosts*; *ca_file* holds who vouches for it."""
    import trustme  # noqa: PLC0415  an optional extra, and slow to import

    authority = trustme.CA(organization_name="Netra twin")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*hosts).configure_cert(context)
    ca_file.write_bytes(authority.cert_pem.bytes())
    return context
