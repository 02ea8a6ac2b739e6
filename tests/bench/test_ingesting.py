import json

import pytest

from tests.bench.ingesting import FORMS, main


@pytest.mark.parametrize("form", FORMS)
def test_a_format_is_measured_beside_its_peer(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is read whole, its failures are found, and both processes have a cost."""
    assert main(["--tests", "60", "--repeat", "1", "--form", form]) == 0

    found = json.loads(capsys.readouterr().out)[form]
    assert (found["ingest"]["exit_codes"], found["peer"]["exit_codes"], found["judge"]["exit_codes"]) == ([0], [0], [1])
    assert min(found["ingest"]["peak_mb"], found["peer"]["cpu_s"], found["ratio_s"]) > 0
