"""The web book: complete, no broken link or picture, and fit for phones, dark rooms, keyboards and screen readers."""

import base64
import json
import re
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlparse

import nbformat
import pytest

from helpers.course import web_book as site
from tests.support.browser import chromium, serious_findings

LESSONS = sorted(path.stem for path in (site.ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


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


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The pages by name; built once for all tests."""
    folder = tmp_path_factory.mktemp("book") / "site"
    pages, warnings = site.build(folder)
    assert warnings == []
    return {page.relative_to(folder).with_suffix("").as_posix(): Page(page) for page in pages}


def test_every_lesson_is_a_page_and_the_front_page_leads_to_it(book):
    assert {f"notebooks/{name}" for name in LESSONS} < set(book)
    assert sum(name.startswith("solutions/") for name in book) >= 6
    front = {urlparse(link).path for link in book["index"].links}
    assert {f"notebooks/{name}.html" for name in LESSONS} <= front
    for name, page in book.items():
        assert page.headings.count("h1") == 1, name


def test_texts_that_the_front_page_leads_to_are_pages(book):
    readme = (site.ROOT / "README.md").read_text(encoding="utf-8")
    texts = re.findall(r"\]\(([^)#:\s]+\.md)[)#]", readme)
    assert len(texts) >= 6
    for text in texts:
        page = site.MOVED.get(text, text).replace(".md", ".html")
        assert page.removesuffix(".html") in book and page in {urlparse(link).path for link in book["index"].links}


def test_no_page_lies_where_a_host_would_hide_it(book):
    assert not [name for name in book if name.startswith(".") or "/." in name]


def test_no_link_and_no_picture_is_broken(book):
    checked, pages = 0, {page.path: page for page in book.values()}
    for name, page in book.items():
        for address in page.links + [picture["src"] for picture in page.pictures]:
            parts = urlparse(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            assert target.exists(), f"{name} leads to {address}, which is not there"
            if parts.fragment and target.suffix == ".html":
                assert unquote(parts.fragment) in (pages.get(target) or Page(target)).anchors, f"{name}: {address}"
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
    page = book[f"notebooks/{name}"]
    shown = [picture for picture in page.pictures if re.search(r"_images/[0-9a-f]{64}\.png$", picture["src"])]
    assert [picture["alt"] for picture in shown] == [figure.metadata["image/png"]["alt"] for figure in figures]
    for picture, figure in zip(shown, figures):
        assert (page.path.parent / picture["src"]).read_bytes() == base64.b64decode(figure.data["image/png"])


def test_can_be_searched_and_read_without_network(book):
    folder = book["index"].path.parent
    index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\)\s*", (folder / "searchindex.js").read_text(encoding="utf-8"),
                                    re.DOTALL).group(1))
    assert "softmax" in index["terms"]
    for name in book:
        text = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|link)[^>]+(?:src|href)="https?://[^"]+"', text), name


@pytest.mark.parametrize("name", ["thesis.txt", "searchindex.js"], ids=["other things", "a book of another project"])
def test_a_folder_with_something_else_is_left_alone(tmp_path, name):
    (tmp_path / name).write_text("years of work")
    with pytest.raises(site.SiteError, match=rf"not a web book of this course \({re.escape(name)}\)"):
        site.build(tmp_path)
    assert (tmp_path / name).read_text() == "years of work"


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


@pytest.mark.parametrize("module", ["sphinx.application", "myst_nb", "furo"])
def test_says_what_to_install_when_a_package_is_missing(monkeypatch, capsys, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert site.main(["--check"]) == 2
    said = capsys.readouterr().err
    assert module.partition(".")[0] in said and 'python -m pip install -e ".[book]"' in said


def test_a_warning_fails_the_check_and_a_lost_figure_the_build(tmp_path, monkeypatch, capsys):
    """On a small course: a page with a link that leads nowhere, and a figure that MyST-NB is told not to show."""
    for name in site.FOLDERS:
        (tmp_path / name).mkdir()
    others = ("notebooks/RESULTS.md", "data/README.md", "helpers/grading/README.md", "helpers/grading/TEACHING.md",
              "helpers/grading/THREATS.md")
    for name in (*site.FILES, *others):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# Page\n", encoding="utf-8")
    monkeypatch.setattr(site, "ROOT", tmp_path)
    (tmp_path / "data" / "README.md").write_text("# Data\n\n[nowhere](nowhere.md)\n", encoding="utf-8")
    assert site.main(["--check"]) == 1
    assert "nowhere.md" in capsys.readouterr().err
    picture = nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(b"picture").decode()})
    cells = [nbformat.v4.new_markdown_cell("# Lesson"),
             nbformat.v4.new_code_cell("1", outputs=[picture], metadata={"tags": ["remove-output"]})]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "01_lesson.ipynb")
    assert site.main(["--check"]) == 2
    assert "1 figures are stored, and the page shows 0" in capsys.readouterr().err


def test_a_dead_address_fails_the_search_for_dead_links(monkeypatch, capsys):
    found = "README.md:1: WARNING: broken link: https://example.org/gone (404)"
    monkeypatch.setattr(site, "_run_sphinx", lambda work, builder: (None, [found] if builder == "linkcheck" else []))
    assert site.main(["--links"]) == 1 and found in capsys.readouterr().err
    monkeypatch.setattr(site, "_run_sphinx", lambda work, builder: (None, []))
    assert site.main(["--links"]) == 0


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


THIN = """() => {
  const seen = {};
  for (const token of document.querySelectorAll("pre span[class]")) {
    const kind = token.className + " in " + token.parentElement.className + " in " + token.closest("pre").parentElement.className;
    seen[kind] = (seen[kind] || 0) + 1;
    if (seen[kind] > 3 && !token.querySelector("*")) token.replaceWith(token.textContent);
  }
  return Object.keys(seen).length;
}"""
"""Most of axe's time goes into the contrast of thousands of code tokens, whose color depends on their class alone: three of each
class on a page stay tokens, the others become plain text."""
READY = "!window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)"


def darkness(page):
    """Return the sum of red, green and blue of a page's background."""
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(number) for number in re.findall(r"\d+", background)[:3])


@pytest.mark.slow
def test_in_the_browser(book, browser):
    """Wide and light, narrow and dark: no script error, nothing wider than the window, no serious finding of axe-core."""
    context = browser.new_context(color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    errors, asked = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for name, content in book.items():
        page.set_viewport_size({"width": 1300, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(content.path.as_uri())
        page.wait_for_function(READY)
        assert page.evaluate("[...document.images].filter(i => i.complete && i.naturalWidth === 0).length") == 0, name
        page.evaluate(THIN)
        for width, scheme in ((1300, "light"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{name} is wider than {width} pixels"
            page.emulate_media(color_scheme=scheme)
            assert (darkness(page) < 150) == (scheme == "dark"), (name, scheme)
            assert serious_findings(page) == [], (name, width, scheme)
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()


def test_the_browser_test_can_fail(browser):
    """A pale word, a frame without a name and a wide box are found."""
    page = browser.new_page()
    page.set_content("<html lang=en><title>Page</title><main><h1>Page</h1><pre><span class=n style='color:#ddd'>pale</span></pre>"
                     "<img src='data:,'><div style='width:5000px'>wide</div></main>")
    assert page.evaluate(THIN) == 1
    assert {"color-contrast", "image-alt"} <= {rule for rule, _ in serious_findings(page)}
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") > 0
    page.close()


def test_search_finds_a_lesson(book, browser):
    page = browser.new_page()
    page.goto(book["index"].path.parent.joinpath("search.html").as_uri() + "?q=pooling")
    page.wait_for_selector("#search-results li a")
    assert any("03_lenet" in link.get_attribute("href") for link in page.query_selector_all("#search-results li a"))
    page.close()


def test_the_navigation_leads_from_page_to_page(book, browser):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(book["index"].path.as_uri())
    page.click("label[for=__navigation] >> visible=true")
    page.click(".sidebar-tree >> text=LeNet")
    assert page.url.endswith("notebooks/03_lenet.html")
    page.click("a.next-page")
    assert page.url.endswith("notebooks/04_sign_language.html")
    page.close()
