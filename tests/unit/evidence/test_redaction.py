import base64
import json
import string
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.evidence import redaction
from ci_tools.evidence.redaction import MASK, Redactor, excerpt, secrets_of

CANARY = 'k7"Q\\w/x+é &=z\n9'
"""A secret with everything that encodings escape."""
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
MEGABYTE = 1_000_000


def to_json(text: str) -> str:
    """*text* as it stands inside a JSON string."""
    return json.dumps(text)[1:-1]


def to_raw_json(text: str) -> str:
    """*text* as it stands inside a JSON string that keeps letters beyond ASCII."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": to_json,
    "json with letters": to_raw_json,
    "url": lambda text: quote(text, safe=""),
    "url path": quote,
    "url form": quote_plus,
    "url in small digits": lambda text: quote(text, safe="").replace("%C3", "%c3").replace("%A9", "%a9"),
    "repr": lambda text: repr(text)[1:-1],
}


@pytest.mark.parametrize("inner", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("outer", ENCODINGS.values(), ids=ENCODINGS)
def test_a_known_secret_is_masked_in_every_encoding_of_an_encoding(
    inner: Callable[[str], str], outer: Callable[[str], str]
) -> None:
    """JSON in JSON, a URL in JSON and the like hide no secret."""
    text = "before " + outer(inner(CANARY)) + " after"

    assert Redactor([CANARY]).text(text) == f"before {MASK} after"


@pytest.mark.parametrize("shift", [0, 1, 2])
@pytest.mark.parametrize("tail", ["", "x", "xy"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("spelled", [str, to_json, quote])
def test_a_known_secret_is_masked_inside_base64(
    shift: int, tail: str, encode: Callable[[bytes], bytes], spelled: Callable[[str], str]
) -> None:
    """Whatever surrounds the secret before it is encoded, no more than its edges survive."""
    text = encode(b"u" * shift + spelled(CANARY).encode() + tail.encode()).decode()

    masked = Redactor([CANARY]).text(text)

    assert MASK in masked
    assert len(masked.replace(MASK, "")) <= 12


@given(
    secret=st.text(string.ascii_letters + string.digits + "-_+/=!$%&\"'\\ é", min_size=6, max_size=40).filter(
        lambda text: text == text.strip() and len(set(text)) > 4 and MASK not in text
    ),
    before=st.text(" .,:;(", max_size=3),
    after=st.text(" .,:;)", max_size=3),
    encodings=st.lists(st.sampled_from(list(ENCODINGS.values())[:6]), max_size=3),
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_no_secret_survives_any_nesting(
    secret: str, before: str, after: str, encodings: list[Callable[[str], str]]
) -> None:
    """A canary in any position, encoded up to three times, is gone."""
    text = secret
    for encode in encodings:
        text = encode(text)

    masked = Redactor([secret]).text(before + text + after)

    assert text not in masked
    assert secret not in masked
    assert MASK in masked


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(string.ascii_lowercase, max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=3),
    max_leaves=8,
)


@given(document=st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=4), data=st.data())
@settings(derandomize=True, deadline=None)
def test_no_secret_survives_in_any_place_of_a_document(document: dict[str, Any], data: st.DataObject) -> None:
    """A canary as key, value or list item is gone, and what remains is JSON of the same shape."""
    place = data.draw(st.sampled_from(["key", "value", "item"]))
    planted = {"key": {CANARY: 1}, "value": {"x": f"a {CANARY}"}, "item": {"x": [[CANARY]]}}[place]

    masked = Redactor([CANARY]).value({**document, "planted": planted})

    assert json.loads(json.dumps(masked)) == {**document, "planted": masked["planted"]}
    assert to_json(CANARY) not in json.dumps(masked)
    assert MASK in json.dumps(masked["planted"])


@given(document=VALUES)
@settings(derandomize=True, deadline=None)
def test_what_holds_no_secret_stays_as_it_is(document: Any) -> None:
    """Redaction changes nothing else."""
    assert Redactor([CANARY]).value(document) == document


@given(text=st.text(string.printable, max_size=60), name=st.sampled_from(["password", "Authorization", "Cookie", "x"]))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_the_text_of_a_json_document_stays_json(text: str, name: str) -> None:
    """A whole document masked as one text can still be read."""
    document = json.dumps({name: f"{name}: {text}", "next": [text, 1]})

    assert json.loads(Redactor().text(document)).keys() == {name, "next"}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"token {JWT} end", f"token {MASK} end"),
        (JWT.rpartition(".")[0], MASK),
        (f"session_{JWT}", f"session_{MASK}"),
        (f"jwt.{base64.urlsafe_b64encode(JWT.encode()).decode().rstrip('=')}", f"jwt.{MASK}"),
        ("ya29.a0AfH6SMBx-yz_123", MASK),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuv", MASK),
        ("glpat" + "-aBcDeFgHiJkLmNoPqRsT", MASK),
        ("xoxb" + "-123456789012-abcdefghij", MASK),
        ("https://hooks.slack.com/services/" + "T0/B0/abcdefgh", f"https://hooks.slack.com/services/{MASK}"),
        ("AK" + "IA0123456789ABCDEF", MASK),
        ("sk" + "-proj-aBcDeFgH1JkLmNoPqRsT", MASK),
        ("sk-this-is-a-name-in-small-letters", "sk-this-is-a-name-in-small-letters"),
        ("ghp_abcdefghijklmnop0123", MASK),
        ("github_pat_11ABCDEFG0abcdefgh_xyz", MASK),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----!", f"{MASK}!"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE cut off", MASK),
        ("postgresql://netra:p@ss/word@db:5432/x", f"postgresql://netra:{MASK}@db:5432/x"),
        ("redis://:hunter2@10.0.0.1:6379", f"redis://:{MASK}@10.0.0.1:6379"),
        ("Authorization: Bearer abc.def", f"Authorization: {MASK}"),
        ("authorization: Basic dTpw, next", f"authorization: {MASK}, next"),
        ("Authorization: opaque", f"Authorization: {MASK}"),
        ('Authorization: Digest username="u", response="ab"', f"Authorization: {MASK}"),
        ("('authorization', 'Bearer abc')", f"('authorization', '{MASK}')"),
        ("[(b'cookie', b'sid=1; b=2')]", f"[(b'cookie', b'{MASK}')]"),
        ("Set-Cookie: sid=1; Path=/\nnext", f"Set-Cookie: {MASK}\nnext"),
        ("Bearer abcdefgh.ijk", f"Bearer {MASK}"),
        ("wss://host/ws?token=abcdefgh&x=1", f"wss://host/ws?token={MASK}&x=1"),
        ("password=hunter22 next", f"password={MASK} next"),
        ("password='a b;c' next", f"password='{MASK}' next"),
        ('{"password": "a\\"b, c"}', f'{{"password": "{MASK}"}}'),
        ('"{\\"refresh_token\\":\\"opaque\\",\\"n\\":1}"', f'"{{\\"refresh_token\\":\\"{MASK}\\",\\"n\\":1}}"'),
        ("X-E2E-Bypass-Key: abcdef", f"X-E2E-Bypass-Key: {MASK}"),
        ("JWT_SECRET_STAGING=abcdefgh", f"JWT_SECRET_STAGING={MASK}"),
        ("api-key: abcdefgh", f"api-key: {MASK}"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, masked: str) -> None:
    """Forms that credentials have in the wild are masked though nobody named them."""
    assert Redactor().text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "password authentication failed for user 'netra'",
        "Cookie policy",
        "https://api.twin.localhost:8443/a@b",
        "http://127.0.0.1:8080?mail=a@b",
        "missing secret: JWT",
        '{"m": "use password=", "n": 1}',
        "Bearer of news",
        "eyJ is how a token begins",
        "tests/e2e/test_tokens.py::test_refresh[access_token]",
        "redis answered -ERR AUTH in 0.4 s",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    """Diagnosis needs its words."""
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("JWT_SECRET", "hunter2"),
        ("refresh_token", "opaque-1"),
        ("X-Api-Key", "hunter2"),
        ("authorization", "opaque-1"),
        ("set-cookie", "sid=1234"),
        ("api_key", 12345678),
    ],
)
def test_what_a_telling_field_holds_is_masked(name: str, value: object) -> None:
    """In a document the name of a field suffices."""
    assert Redactor().value({"headers": {name: value}}) == {"headers": {name: MASK}}


@pytest.mark.parametrize(
    "document",
    [
        {"JWT_SECRET": {"present": True, "length_ok": False}},
        {"secret": True},
        {"token": None},
        {"password": "wrong"},
        {"token_type": "opaque-1", "secrets_checked": 12345678},
    ],
)
def test_facts_about_a_secret_stay(document: dict[str, Any]) -> None:
    """Whether a secret is present or well-formed is no secret."""
    assert Redactor().value(document) == document


def test_a_secret_of_several_lines_is_masked_line_by_line() -> None:
    """A log that shows a key file one line at a time shows nothing of it."""
    secret = "first line of it\nsecond line of it\n"

    assert Redactor([secret]).text("log: second line of it") == f"log: {MASK}"


def test_a_secret_with_white_space_around_it_is_masked_without() -> None:
    """A newline at the end of a configured secret does not hide the secret itself."""
    assert Redactor(["hunter2\n"]).text("got hunter2") == f"got {MASK}"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    """A secret that begins with another leaves no rest."""
    assert Redactor(["hunter2", "hunter2-and-more"]).text("hunter2-and-more") == MASK


def test_a_short_value_is_a_word() -> None:
    """Values below six characters would destroy every text."""
    assert Redactor(["up", "", "   "]).text("redis is up") == "redis is up"


@pytest.mark.parametrize("secret", ["\udcff\udcfehunter", "\ud800hunter2"])
def test_a_secret_that_is_no_unicode_is_masked(secret: str) -> None:
    """Bytes that the environment could not decode are a secret like any other."""
    assert Redactor([secret]).text(f"got {secret}!") == f"got {MASK}!"


def test_a_failing_redactor_withholds_the_text() -> None:
    """Where masking itself fails nothing leaves."""
    text: Any = b"hunter2"

    assert Redactor(["hunter2"]).text(text) == "[withheld: redaction failed]"


def test_masking_twice_changes_nothing_more() -> None:
    """Text that was redacted may be redacted again."""
    text = f"Authorization: Bearer {JWT}; password='hunter22'; redis://:hunter2@h:1; {CANARY}"
    once = Redactor([CANARY]).text(text)

    assert Redactor([CANARY]).text(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "-eyJ-eyJ",
        "eyJaaaaaaaaaa.",
        "ZXlK",
        "a-",
        "a://a:",
        "a://a:1@",
        "Authorization ",
        "Authorization: a ",
        "cookie",
        "Cookie:'",
        "-----BEGIN PRIVATE ",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer ",
        "glpat-",
        "xoxb-",
        "hooks.slack.com/services/",
        "AKIA",
        "sk-",
        "sk-a",
        "password",
        "secret='secret=\"",
        'secret=\\"',
        "SECRET",
        "&key=a",
        "\\",
        " ",
        "x",
        "hunter2",
        "%25",
    ],
)
@pytest.mark.parametrize("head", ["", "Authorization:", "password=", "password='"])
def test_hostile_text_is_masked_in_bounded_time(head: str, unit: str) -> None:
    """A megabyte made to exhaust a pattern takes seconds, not hours."""
    redactor = Redactor(["hunter2-hunter2", '\\\\\\\\"\\\\x', "a b c d e f"])
    text = head + unit * (MEGABYTE // len(unit) // 4)

    started = time.process_time()
    redactor.text(text)

    assert time.process_time() - started < 3


def test_the_environment_tells_its_secrets_by_name() -> None:
    """Names that speak of secrets are believed; names of files, hosts and ids are not secret."""
    environ = {
        "JWT_SECRET_STAGING": "one",
        "E2E_OAUTH_SIMULATION_KEY": "two",
        "POSTGRES_PASSWORD": "three",
        "github_token": "four",
        "SENTRY_DSN": "five",
        "SECRET_KEY_FILE": "/run/secret",
        "TOKEN_URI": "https://x",
        "GOOGLE_CLIENT_SECRET_ID": "client-1",
        "PATH": "/usr/bin",
    }

    assert secrets_of(environ) == {"one", "two", "three", "four", "five"}


@pytest.mark.parametrize(
    "name",
    ["DB_PASS", "PASS", "GPG_PASSPHRASE", "MYSQL_PWD", "GH_PAT", "PAT_OF_BOT", "SMTP_CREDS", "SLACK_WEBHOOK_URL"],
)
def test_short_words_tell_a_secret_where_they_stand_alone(name: str) -> None:
    """Names that abbreviate are believed as well."""
    assert secrets_of({name: "opaque"}) == {"opaque"}


@pytest.mark.parametrize(
    "name", ["PWD", "OLDPWD", "PATH", "PYTHONPATH", "PASSED", "COMPASS", "PATTERN", "BASALT", "SALTED", "DESIGNING"]
)
def test_short_words_within_others_tell_nothing(name: str) -> None:
    """Folders, counters and words stay readable."""
    assert secrets_of({name: "/srv/here"}) == frozenset()


@pytest.mark.parametrize("name", ["HASH_SALT", "URL_SIGNING", "webhook"])
def test_names_are_read_in_any_case_and_place(name: str) -> None:
    """First, last or only part, and in small letters."""
    assert secrets_of({name: "opaque"}) == {"opaque"}


def test_half_a_secret_is_masked_where_the_text_was_cut() -> None:
    """What another program's shortening has left of a secret leaves no more than a whole one."""
    masked = Redactor(["hunter2-and-much-more"]).text("got 'hunter2-and-mu...' instead of '…much-more'")

    assert masked == f"got '{MASK}...' instead of '…{MASK}'"


def test_a_named_variable_is_a_secret_whatever_it_is_called() -> None:
    """The environment's own configuration can name further secrets."""
    assert secrets_of({"PLAIN": "six", "OTHER": "seven"}, ["PLAIN", "ABSENT"]) == {"six"}


def test_an_excerpt_is_masked_before_it_is_cut() -> None:
    """An address without its end is none that whoever masks the excerpt would know."""
    text = f"{'x' * 90} postgresql://shop:hunter2-hunter2@db refused"

    assert excerpt(text, 120) == f"{'x' * 90} postgresql://shop:{MASK}@"[:120]
    assert excerpt("short", 120) == "short"


_WORDS = (
    *("eyJ", "eyJhbGciOi.eyJzdWIiOi.c2ln", "ZXlKhbGciOiJIUzI1NiIsInR5", "ya29.abcdefgh12", "AIza" + "b" * 31),
    *(
        "ghp_" + "c" * 17,
        "github_pat_" + "d" * 17,
        "glpat-" + "e" * 17,
        "xoxb-" + "1" * 12,
        "hooks.slack.com/services/T0/B0/x",
        "AKIA" + "A" * 13,
        "sk-" + "1" * 20,
        "-----BEGIN PRIVATE KEY-----",
        "postgresql://me:hidden@db",
        "http://",
    ),
    *(
        "Authorization: Basic abc",
        "author\u0131zat\u0131on: Basic abc",
        "AUTHOR\u0130ZAT\u0130ON: x",
        "Bearer abcdefgh1",
        "Set-Cookie: a=b",
    ),
    *(
        "coo\u212aie: a=b",
        "?to\u212aen=abcdefg",
        "&code=abcdefg",
        "pa\u017f\u017fword=abcdefg",
        "PASSWORD: 'x y'",
        "api_key = abcdefg",
    ),
    *("\u017fecret: abcdefg", "refresh_token=abcdefg", "[redacted]", " ", "\n", "\u0131", "\u212a", "ß"),
)


@given(st.lists(st.sampled_from(_WORDS) | st.text(max_size=5), max_size=6).map("".join))
def test_no_sign_hides_what_a_pattern_would_mask(text: str) -> None:
    """Looking for a sign first is quicker, and leaves nothing standing that the patterns alone would not."""
    slowly = text
    for _, pattern in redaction._SHAPES:
        slowly = pattern.sub(redaction._mask, slowly)

    assert Redactor().text(text) == slowly


@pytest.mark.parametrize("form", [CANARY.encode().hex(), CANARY.encode().hex().upper()])
def test_a_secret_in_hexadecimal_is_masked(form: str) -> None:
    """As a dump of bytes shows it."""
    assert Redactor([CANARY]).text(f"sent {form} to") == f"sent {MASK} to"
