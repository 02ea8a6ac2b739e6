import pytest


class TestLoans:
    def test_loan_is_kept(self, api, loan, reader):
        assert api.get("/loans/%s" % loan["id"]).json()["reader"] == reader

    def test_returned_loan_is_gone(self, api, reader):
        made = api.post("/loans", {"book": 2, "reader": reader}).json()
        assert api.delete("/loans/%s" % made["id"]).status_code == 204
        assert api.get("/loans/%s" % made["id"]).status_code == 404

    @pytest.mark.money
    @pytest.mark.parametrize("days,fee", [(0, 0), (7, 0), (10, 60)])
    def test_fee(self, api, days, fee):
        assert api.get("/fees", days=days).json()["cents"] == fee


@pytest.mark.parametrize("body", [{}, {"book": 1}, {"reader": "x"}])
def test_incomplete_loan_is_refused(api, body):
    assert api.post("/loans", body).status_code == 400
