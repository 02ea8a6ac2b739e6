import pytest

pytestmark = pytest.mark.smoke

BOOKS = [(1, "Emma", "Austen"), (2, "Persuasion", "Austen"), (3, "Dracula", "Stoker")]


class TestCatalogue:
    @pytest.mark.parametrize("number,title,author", BOOKS, ids=[book[1] for book in BOOKS])
    def test_book(self, api, number, title, author):
        book = api.get("/books/%d" % number).json()
        assert (book["title"], book["author"]) == (title, author)

    @pytest.mark.parametrize("author, count", [("Austen", 2), ("Stoker", 1), ("Nobody", 0)])
    def test_books_by_author(self, api, author, count):
        assert len(api.get("/books", author=author).json()["books"]) == count

    def test_unknown_book(self, api):
        assert api.get("/books/99").status_code == 404


def test_status_lists_components(api):
    assert {c["name"] for c in api.get("/status").json()["components"]} == {"database", "mail"}
