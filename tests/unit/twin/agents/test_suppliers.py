from ci_tools.twin.agents.suppliers import matching, ranked

EVEN = {"price": 1.0, "speed": 1.0, "reliability": 1.0}


def test_the_catalogue_is_restricted_by_product_and_region() -> None:
    """Only what matches both is found."""
    found = matching(product="storage", region="eu")

    assert [supplier.name for supplier in found] == ["Fjord Vaults"]


def test_the_weights_decide_who_is_best() -> None:
    """The cheapest wins on price and the most reliable on reliability."""
    suppliers = matching(product="gpu compute")

    assert ranked(suppliers, EVEN | {"price": 50.0})[0].supplier.name == "Granite Compute"
    assert ranked(suppliers, EVEN | {"reliability": 50.0})[0].supplier.name == "Aster GPU Hosting"


def test_the_only_supplier_scores_full_marks() -> None:
    """Compared with itself alone nothing is lacking."""
    assert [entry.score for entry in ranked(matching(product="storage", region="us"), EVEN)] == [1.0]


def test_no_supplier_ranks_nobody() -> None:
    """An empty list stays empty."""
    assert ranked([], EVEN) == []
