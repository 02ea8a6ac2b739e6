from ci_tools.triage.fitting import MAX_BODY_BYTES, Section, fitted, fitting


def test_what_is_least_important_is_left_out_first_and_named() -> None:
    """Until the rest fits."""
    sections = [Section("head", 0), Section("a" * 100, 1, "a"), Section("b" * 100, 3, "b"), Section("c" * 100, 2, "c")]

    assert fitted(sections, 220) == f"head\n\n{'a' * 100}\n\nLeft out for size, and kept in the artifact: b, c."
    assert fitted(sections, 1_000) == f"head\n\n{'a' * 100}\n\n{'b' * 100}\n\n{'c' * 100}"


def test_what_must_stay_stays_in_no_room_at_all() -> None:
    """A head is better than nothing."""
    assert fitted([Section("head", 0), Section("a", 1, "a")], 0).startswith("head\n\nLeft out")


def test_the_first_body_that_github_takes_is_chosen() -> None:
    """By bytes, whatever the alphabet; the last one if none fits."""
    assert fitting(["é" * MAX_BODY_BYTES, "short", "shorter"]) == "short"
    assert fitting(["é" * MAX_BODY_BYTES]) == "é" * MAX_BODY_BYTES
    assert fitting([]) == ""
