from ci_tools.twin.services.schema import SCRIPT
from ci_tools.twin.services.tables import METADATA, script


def test_the_script_is_the_tables() -> None:
    """``schema.sql``, which creates the tables, is what the services query."""
    assert SCRIPT.read_text(encoding="utf-8") == script()


def test_every_table_is_created_if_missing() -> None:
    """Creating twice is safe: each statement says so itself."""
    statements = [part.strip() for part in script().split(";") if part.strip()]

    assert len(statements) > len(METADATA.tables)
    assert [part for part in statements if " IF NOT EXISTS " not in part] == []
