"""The web book: complete, no broken link or picture, and fit for phones, dark rooms, keyboards and screen readers."""

import json
import re
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlparse

import nbformat
import pytest

from helpers.course import web_book as site
from tests.support.browser import chromium

LESSONS = [path.stem for path in site.lessons()]


class Page(HTMLParser):
    """Collects what a page links to, shows and names."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.pictures, self.anchors, self.headings = path, [], [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.anchors.add(attributes["id"])
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.pictures.append(attributes)
        if tag in ("h1", "h2"):
            self.headings.append(tag)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book") / "site"
    pages, warnings = site.build(folder)
    assert warnings == []
    return {page.relative_to(folder).with_suffix("").as_posix(): Page(page) for page in pages}


def test_every_lesson_is_a_page_and_the_front_page_leads_to_it(book):
    assert {f"notebooks/{name}" for name in LESSONS} < set(book)
    front = {urlparse(link).path for link in book["index"].links}
    assert {f"notebooks/{name}.html" for name in LESSONS} <= front
    for name, page in book.items():
        assert page.headings.count("h1") == 1, name


def test_texts_that_the_front_page_leads_to_are_pages(book):
    readme = (site.ROOT / "README.md").read_text(encoding="utf-8")
    texts = re.findall(r"\]\(([^)#:\s]+)\.md[)#]", readme)
    assert len(texts) >= 3 and set(texts) < set(book)


def test_no_link_and_no_picture_is_broken(book):
    checked = 0
    for name, page in book.items():
        for address in page.links + [picture["src"] for picture in page.pictures]:
            parts = urlparse(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            assert target.exists(), f"{name} leads to {address}, which is not there"
            if parts.fragment and target.suffix == ".html":
                assert unquote(parts.fragment) in Page(target).anchors, f"{name}: {address}"
            checked += 1
    assert checked > 20 * len(LESSONS)


def test_every_picture_says_what_it_shows(book):
    shown = [(name, picture) for name, page in book.items() for picture in page.pictures]
    assert len(shown) > 20
    for name, picture in shown:
        assert len(picture.get("alt", "").split()) >= 3 or "sidebar" in picture.get("class", ""), (name, str(picture)[:200])


@pytest.mark.parametrize("name", LESSONS)
def test_shows_the_stored_outputs(book, name):
    notebook = nbformat.read(site.ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    figures = [output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    embedded = [picture for picture in book[f"notebooks/{name}"].pictures if picture["src"].startswith("data:image/png")]
    assert len(embedded) == len(figures)
    assert [picture["alt"] for picture in embedded] == [figure.metadata["image/png"]["alt"] for figure in figures]


def test_can_be_searched_and_read_without_network(book):
    folder = book["index"].path.parent
    index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\)\s*", (folder / "searchindex.js").read_text(encoding="utf-8"),
                                    re.DOTALL).group(1))
    assert "softmax" in index["terms"]
    for name in book:
        text = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|link)[^>]+(?:src|href)="https?://[^"]+"', text), name


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(site.SiteError, match="not a web book"):
        site.build(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_book_of_another_project_is_left_alone(tmp_path):
    (tmp_path / "searchindex.js").write_text("Search.setIndex({})")
    with pytest.raises(site.SiteError, match=r"not a web book of this course \(searchindex\.js\)"):
        site.build(tmp_path)
    assert (tmp_path / "searchindex.js").exists()


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "site").write_text("")
    with pytest.raises(site.SiteError, match="is a file; name a folder"):
        site.build(tmp_path / "site")


def test_an_earlier_book_is_replaced_unless_something_was_added(book):
    folder = book["index"].path.parent
    site._check_destination(folder)
    (folder / "notebooks" / "mine.txt").write_text("")
    try:
        with pytest.raises(site.SiteError, match=r"\(notebooks/mine\.txt\)"):
            site._check_destination(folder)
    finally:
        (folder / "notebooks" / "mine.txt").unlink()


def test_says_what_to_install_when_a_package_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "furo", None)
    assert site.main(["--check"]) == 2
    assert "Furo" in capsys.readouterr().err


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_in_the_browser(book, browser, scheme, width):
    """No script error, nothing wider than the window, and no serious finding of axe-core."""
    library = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    axe = library.Axe()
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name, content in book.items():
        page.goto(content.path.as_uri())
        page.wait_for_function("!window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)")
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{name} is wider than {width} pixels"
        assert page.evaluate("[...document.images].filter(i => i.complete && i.naturalWidth === 0).length") == 0, name
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        darkness = sum(int(number) for number in re.findall(r"\d+", background)[:3])
        assert (darkness < 150) == (scheme == "dark"), (name, background)
        serious = [(finding["id"], finding["nodes"][0]["html"][:200]) for finding in axe.run(page).response["violations"]
                   if finding["impact"] in ("serious", "critical")]
        assert serious == [], (name, serious)
    assert errors == []
    context.close()


def test_search_finds_a_lesson(book, browser):
    page = browser.new_page()
    page.goto(book["index"].path.parent.joinpath("search.html").as_uri() + "?q=pooling")
    page.wait_for_selector("#search-results li a")
    assert any("03_lenet" in link.get_attribute("href") for link in page.query_selector_all("#search-results li a"))
    page.close()
