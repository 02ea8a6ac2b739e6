import pytest

from ci_tools.diagnosis.owners import Line, parse
from ci_tools.errors import UsageError
from ci_tools.triage.ownership import checked, owners_of, told
from ci_tools.triage.seen import Seen
from ci_tools.triage.subjects import Subject, subjects_in
from tests.unit.triage.scenarios import failing, incident

KNOWN = ("@acme/shop", "@acme/platform")


def subject(**more: object) -> Subject:
    """The store's incident."""
    return subjects_in(Seen(judgement=failing(), incidents=(incident(**more),)))[0]  # type: ignore[arg-type]


def test_owners_that_are_known_are_read() -> None:
    """In any case, as GitHub takes them; an address cannot be mentioned, and is legal."""
    assert checked("* @Acme/Shop mail@acme.example # ours", KNOWN, "CODEOWNERS") == (Line("*", ("@Acme/Shop",)),)


def test_every_owner_that_is_not_known_is_named_with_its_line() -> None:
    """With those who are, and the one that was meant."""
    with pytest.raises(UsageError) as refused:
        checked("* @acme/shop\n/a @acme/shpo\n/b acme/shop", KNOWN, "CODEOWNERS")

    assert str(refused.value).splitlines() == [
        (
            "CODEOWNERS:2: unknown owner '@acme/shpo'; legal: @acme/platform, @acme/shop; did you mean '@acme/shop'? "
            "(campaign.toml, [triage] owners)"
        ),
        "CODEOWNERS:3: owner 'acme/shop' cannot be mentioned; legal: @USER, @ORGANISATION/TEAM or an address",
    ]


def test_an_owner_that_is_like_no_other_has_no_suggestion() -> None:
    """Nothing is made up."""
    with pytest.raises(UsageError, match=r"unknown owner '@zzz'; legal: @acme/platform, @acme/shop \("):
        checked("* @zzz", KNOWN, "CODEOWNERS")


def test_where_nobody_says_who_is_known_everybody_is() -> None:
    """The list is optional."""
    assert checked("* @zzz", (), "CODEOWNERS") == (Line("*", ("@zzz",)),)


def test_the_owner_is_that_of_what_puts_it_right() -> None:
    """A secret's owner for a store that a secret has broken; else the store's own."""
    lines = parse("/dependencies/vault @acme/vault\n/dependencies/store @acme/store")

    assert owners_of(subject(owned_because="CODEOWNERS of /dependencies/vault"), lines)[0] == ("@acme/vault",)
    assert owners_of(subject(owned_because="CODEOWNERS of /dependencies/other"), lines)[0] == ("@acme/store",)
    assert owners_of(subject(), parse("/ci_tools/ @acme/tools")) == ((), "")


def test_without_codeowners_the_campaign_has_read_it() -> None:
    """The journal keeps whom it named then, and what cannot be mentioned is left out."""
    found = owners_of(subject(owners=("@acme/store", "nobody"), owned_because="CODEOWNERS of /dependencies/store"), ())

    assert found == (("@acme/store",), "CODEOWNERS of /dependencies/store")


def test_where_there_is_no_codeowners_file_that_is_the_reason() -> None:
    """It does not name nobody: it is not there."""
    assert told(*owners_of(subject(), ())) == "nobody (there is no CODEOWNERS file, or nothing in it)"


def test_whom_the_campaign_names_is_mentioned_only_if_known() -> None:
    """A journal is written by jobs that run tests: the list of who may be mentioned holds for it, too."""
    read_then = subject(owners=("@acme/shop", "@acme/everybody"), owned_because="CODEOWNERS of /dependencies/store")

    assert owners_of(read_then, (), KNOWN)[0] == ("@acme/shop",)


def test_who_and_why_is_told() -> None:
    """Also where it is nobody."""
    assert told(("@acme/store",), "a rule") == "\\@\u200bacme/store (a rule)"
    assert told((), "a rule") == "nobody (a rule)"
    assert told((), "") == "nobody: CODEOWNERS names no owner"
