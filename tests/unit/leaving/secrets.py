"""A secret of the campaign's environment, and other credentials, in the forms in which they turn up."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

CANARY = "alpha7Kq2w@bravo9Zt4m#charlie3Xy"
"""What a variable of the campaign holds, with characters that Markdown, URLs and mentions are made of."""
_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZWx0YTVCbjZwIn0.ZWNobzRDbTdxZm94dHJvdDJE"
_PASSWORD = "delta5Bn6p"

FORMS: Mapping[str, str] = {
    "as it is": CANARY,
    "quoted": json.dumps({"value": f'"{CANARY}"'}),
    "in a URL": f"https://shop.example/login?next={quote(CANARY, safe='')}",
    "in a URL, twice": quote(quote(CANARY, safe=""), safe=""),
    "in base64": base64.b64encode(f"user:{CANARY}".encode()).decode(),
    "in URL-safe base64": base64.urlsafe_b64encode(f"u:{CANARY}".encode()).decode().rstrip("="),
    "in hexadecimal": CANARY.encode().hex(),
    "as a bearer": f"Authorization: Bearer {CANARY}",
    "in a header of a dictionary": str({"Authorization": f"Bearer {_JWT}", "Cookie": f"session={_PASSWORD}"}),
    "a token of nobody's": f"token {_JWT} was refused",
    "a token in base64": base64.b64encode(_JWT.encode()).decode(),
    "a password in an address": f"postgresql://app:{_PASSWORD}@10.0.0.7:5432/shop",
    "a password that is assigned": f"password={_PASSWORD} host=10.0.0.7",
}
"""Each holds the canary, or something that looks like a credential."""

_NEVER = (
    *("alpha7Kq2w", "bravo9Zt4m", "charlie3Xy"),
    *(CANARY.encode().hex()[start : start + 16] for start in (0, 20, 40)),
    *(base64.b64encode(b"x" * shift + CANARY.encode()).decode()[4:36] for shift in range(3)),
    *(_PASSWORD, _JWT[10:20], _JWT[25:45], _JWT[50:]),
    base64.b64encode(_JWT.encode()).decode()[8:40],
)
"""Parts of them of which none may leave."""
_ESCAPES = re.compile(r"\\u200b|[\\\u200b]")


def shown_in(text: str) -> Iterator[str]:
    """Parts of secrets in *text*, whatever was put between their characters to make them inert."""
    plain = _ESCAPES.sub("", text)
    yield from (part for part in _NEVER if part in plain or part in text)
