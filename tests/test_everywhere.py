"""Where a lineage shows: nbconvert, PDF, untrusted notebooks, code hosts, papermill and a terminal, each for real.

JupyterLab and Notebook themselves are tests/lab; docs/where-it-shows.md is the table of all of it.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from browsers import FLAGS, NAMES, only_loopback
from studies import write_notebook

ROOT = Path(__file__).parents[1]
LINEAGE = "application/vnd.swarmprov.lineage+json"
DATASET = (232, 243, 250)  # the ground of a dataset in the picture
HOSTILE = (
    "<img src=x onerror=window.hacked=1><b>bold</b>",
    "</script><script>window.hacked=1</script>",
    "\u202egnp.exe \u05e9\u05dc\u05d5\u05dd",
    "W" * 10_000,
)
CELLS = {
    "load": "%load_ext swarmprov",
    "clean": "%%provenance clean --dataset table\nimport pandas as pd\ntable = pd.DataFrame({'a': [1, 2]})",
    "count": "count = len(table)\nopen('count.txt', 'w').write(str(count))",
    "show": "%provenance",
}


def run(*words, folder, home, **named):
    """Run a command of this environment's Jupyter in a folder; `named` are further variables."""
    own = {"SWARMPROV_HOME": str(home), "IPYTHONDIR": str(home.parent / "ipython"), "MPLBACKEND": "Agg", **named}
    first = () if words[0].startswith("-") else ("-m",)
    return subprocess.run([sys.executable, *first, *words], cwd=folder, env={**os.environ, **own},
                          capture_output=True, text=True, check=True, timeout=240)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the study, and a home."""
    folder = tmp_path_factory.mktemp("everywhere")
    write_notebook(folder / "study.ipynb", CELLS)
    return folder


@pytest.fixture(scope="module")
def executed(place):
    """The study as nbconvert executed it: what is stored in a notebook that somebody opens later."""
    pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    words = ("--to=notebook", "--execute", "--output=done.ipynb", "study.ipynb")
    run("nbconvert", *words, folder=place, home=place / "home")
    return place / "done.ipynb"


@pytest.fixture(scope="module")
def bundle(executed):
    """What %provenance left in the notebook's file."""
    (output,) = nbformat.read(executed, as_version=4).cells[-1].outputs
    return output.data


@pytest.fixture(scope="module")
def converted(executed):
    """The page that nbconvert makes of it."""
    run("nbconvert", "--to=html", executed.name, folder=executed.parent, home=executed.parent / "home")
    return executed.with_suffix(".html")


@pytest.fixture
def offline(browser):
    """A page that reaches no other host; unlike the fixture `page` it lets others' templates ask."""
    context = browser.new_context()
    only_loopback(context)
    yield context.new_page()
    context.close()


class Elements(HTMLParser):
    """The elements of a piece of HTML, with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def picture(page):
    """Return how wide and high the picture is drawn, and how wide it is by itself: 0 where it is broken."""
    page.wait_for_selector("img[alt^='Lineage of']")
    return page.evaluate("""async () => {
        const image = document.querySelector("img[alt^='Lineage of']");
        await image.decode();
        const box = image.getBoundingClientRect();
        return [box.width, box.height, image.naturalWidth];
    }""")


def fills(pdf):
    """Return the fill colours that a PDF of Chromium's draws with."""
    found = set()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompressobj().decompress(stream)
        except zlib.error:
            continue
        for colour in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) rg\b", text):
            found.add(tuple(round(float(part) * 255) for part in colour))
    return found


def test_nbconvert_html_shows_the_picture(converted, offline):
    """nbconvert's page draws the picture, although it knows nothing of our media type, and without any host."""
    offline.goto(converted.as_uri(), wait_until="domcontentloaded")
    wide, high, own = picture(offline)

    assert min(wide, high, own) > 100
    assert "clean" in offline.get_attribute("img[alt^='Lineage of']", "alt")


def test_pdf_shows_the_picture(converted, offline):
    """Printed by Chromium, as nbconvert's webpdf does, the PDF holds the picture's shapes."""
    offline.goto(converted.as_uri(), wait_until="domcontentloaded")
    picture(offline)
    whole = fills(offline.pdf())
    offline.evaluate("document.querySelector(\"img[alt^='Lineage of']\").remove()")

    assert DATASET in whole
    assert DATASET not in fills(offline.pdf())


def test_webpdf_exporter_prints_it(executed):
    """nbconvert's own webpdf exporter, told which Chromium to start, prints the picture."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed: nbconvert's webpdf is not tested")
    pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
    program = f"""
from playwright.async_api import BrowserType
launch = BrowserType.launch
async def ours(self, **options):
    return await launch(self, **{{**options, "executable_path": {found!r}, "args": {list(FLAGS)!r}}})
BrowserType.launch = ours
from nbconvert.exporters.webpdf import WebPDFExporter
open("webpdf.pdf", "wb").write(WebPDFExporter().from_filename({executed.name!r})[0])
"""
    run("-c", program, folder=executed.parent, home=executed.parent / "home")

    assert DATASET in fills((executed.parent / "webpdf.pdf").read_bytes())


def test_untrusted_notebook_holds_nothing_that_is_stripped(bundle):
    """What an untrusted notebook shows is one image within a division: no script, style sheet, SVG element or link."""
    found = Elements(bundle["text/html"]).found
    (image,) = [attributes for tag, attributes in found if tag == "img"]

    assert {tag for tag, _ in found} <= {"div", "img"}
    assert {name for _, attributes in found for name in attributes} <= {"alt", "src", "style"}
    assert image["src"].startswith("data:image/svg+xml;base64,")


def test_saved_output_needs_no_kernel(bundle):
    """The file holds three forms, best first choice of each front end, and no widget that waits for a kernel."""
    assert set(bundle) == {LINEAGE, "text/html", "text/plain"}
    assert "count.txt" in bundle["text/plain"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_hosts_show_the_image_alone(bundle, browser, scheme):
    """Where all is stripped but an image with its address and words, as code hosts do, the picture still shows."""
    (image,) = [attributes for tag, attributes in Elements(bundle["text/html"]).found if tag == "img"]
    alt = image["alt"].replace('"', "&quot;")
    context = browser.new_context(color_scheme=scheme, java_script_enabled=True)
    refused = only_loopback(context)
    page = context.new_page()
    page.set_content(f'<body style="background:{"#fff" if scheme == "light" else "#0d1117"}">'
                     f'<img src="{image["src"]}" alt="{alt}">')  # fmt: skip
    wide, high, own = picture(page)
    context.close()

    assert min(wide, high, own) > 100
    assert refused == []


def test_papermill_leaves_the_same_output(place, bundle):
    """papermill runs the notebook with its magics and keeps the same three forms."""
    pytest.importorskip("papermill", reason="papermill is not installed")
    run("papermill", "-k", "python3", "study.ipynb", "milled.ipynb", folder=place, home=place / "mill-home")
    (output,) = nbformat.read(place / "milled.ipynb", as_version=4).cells[-1].outputs

    assert set(output.data) == set(bundle)
    assert output.data["text/html"].startswith('<div style="overflow-x:auto"><img alt="Lineage of')


def in_terminal(folder, *lines):
    """Type lines into a real IPython in a terminal, each answered by what matches its pattern; return all it said."""
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    env = {**os.environ, "SWARMPROV_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython"),
           "TERM": "dumb"}  # fmt: skip
    words = ["-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor", "--no-confirm-exit"]
    shell = pexpect.spawn(sys.executable, words, cwd=str(folder), env=env, timeout=60, encoding="utf-8",
                          dimensions=(50, 160))  # fmt: skip
    shell.logfile_read = heard = io.StringIO()
    for line, answer in lines:
        shell.expect(r"In \[\d+\]: ")
        shell.sendline(line)
        shell.expect(answer)
    shell.expect(r"In \[\d+\]: ")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
    return heard.getvalue()


def test_terminal_ipython_shows_a_tree(tmp_path):
    """A real IPython in a terminal records, and %provenance prints a tree of text."""
    in_terminal(
        tmp_path,
        ("%load_ext swarmprov", r"swarmprov \S+ records this session"),
        ("import pandas as pd", ""),
        ("table = pd.DataFrame({'a': [1, 2]})", ""),
        ("_ = open('out.txt', 'w').write(str(len(table)))", ""),
        ("%provenance out.txt", r"out\.txt  \(file, 1 B · text\)\r\n└─ (.*)\r\n   └─ table  \(dataset, 2 × 1\)"),
        ("%provenance --html page.html", r"page\.html is written: open it in any browser\."),
    )

    assert (tmp_path / "page.html").is_file()


def test_terminal_ipython_publishes_the_notebook_that_it_was_told(tmp_path):
    """In a terminal the notebook's file is named once; then %publish previews, and --yes publishes."""
    write_notebook(tmp_path / "study.ipynb", {"make": "open('out.txt', 'w').write('x')"})
    said = in_terminal(
        tmp_path,
        ("%load_ext swarmprov", r"records this session"),
        ("_ = open('out.txt', 'w').write('x')", ""),
        ("%publish", r"%env SWARMPROV_NOTEBOOK=study\.ipynb"),
        ("%env SWARMPROV_NOTEBOOK=study.ipynb", ""),
        ("%publish --yes --chain none --old-sources", r"Stored and signed on this machine"),
    )

    assert "Traceback" not in said


def test_plain_python_reads_the_record(executed):
    """Outside IPython the verb answers with the lineage of a notebook that ran before."""
    program = "import swarmprov; print(*(a.name for a in swarmprov.lineage('study.ipynb').artifacts))"

    said = run("-c", program, folder=executed.parent, home=executed.parent / "home")

    assert said.stdout.split() == ["table", "count.txt"]
    assert said.stderr == ""


@pytest.mark.parametrize("runner", ["nbconvert", pytest.param("papermill", marks=pytest.mark.long)])
def test_a_notebook_publishes_itself_where_nobody_watches(place, offline, runner):
    """Told which notebook it is, and with --yes in a cell, such a run publishes; the receipt is text on every page."""
    pytest.importorskip(runner, reason=f"{runner} is not installed")
    source, done = place / f"own-{runner}.ipynb", place / f"own-{runner}-done.ipynb"
    write_notebook(source, {**CELLS, "publish": "%publish --yes"})
    words = {
        "nbconvert": ("nbconvert", "--to=notebook", "--execute", f"--output={done.name}", source.name),
        "papermill": ("papermill", "-k", "python3", source.name, done.name),
    }[runner]
    run(*words, folder=place, home=place / f"{runner}-home", SWARMPROV_NOTEBOOK=source.name)
    run("nbconvert", "--to=html", done.name, folder=place, home=place / f"{runner}-home")
    offline.goto(done.with_suffix(".html").as_uri(), wait_until="domcontentloaded")

    assert re.search(r"reference\s+[0-9a-f]{64}", offline.inner_text("body"))
    assert "Stored and signed on this machine" in offline.inner_text("body")


def test_nbconvert_shows_hostile_labels_as_text(place, offline):
    """HTML, script, right-to-left and 10 kB of text in a notebook's steps and notes: none runs or stands over."""
    cells = {"load": "%load_ext swarmprov", **{
        f"c{index}": f"%%provenance {json.dumps(text)} --note {json.dumps(text)}\nx{index} = [{index}]"
        for index, text in enumerate(HOSTILE)
    }, "show": "%provenance --all", "table": "%provenance --table"}  # fmt: skip
    write_notebook(place / "hostile.ipynb", cells)
    words = ("--to=html", "--execute", "hostile.ipynb")
    run("nbconvert", *words, folder=place, home=place / "hostile-home")
    offline.goto((place / "hostile.html").as_uri(), wait_until="domcontentloaded")
    wide, _, _ = picture(offline)

    assert offline.evaluate("window.hacked") is None
    assert wide > 100
    assert offline.locator(".jp-OutputArea-output img").count() == 1
    assert offline.locator(".jp-OutputArea-output script, .jp-OutputArea-output b").count() == 0


def test_every_cell_of_the_table_is_proved_or_said_to_be_untested():
    """Each cell of docs/where-it-shows.md that promises something names a test that is there, or says untested."""
    text = (ROOT / "docs" / "where-it-shows.md").read_text("utf-8")
    rows = [line.split("|")[2:-1] for line in text.splitlines() if re.match(r"\| (?!where|---)", line)]
    cells = [cell.strip() for row in rows for cell in row if cell.strip() not in {"-", "no"}]
    notes = dict(re.findall(r"^\[\^(\w+)\]: `(tests/[\w/]+\.py::\w+)`$", text, re.MULTILINE))
    absent = [note for note in notes.values() if f"def {note.partition('::')[2]}(" not in source_of(note)]

    assert len(rows) > 12
    assert absent == []
    assert [cell for cell in cells if "[^" not in cell and "untested" not in cell] == []
    assert {name for cell in cells for name in re.findall(r"\[\^(\w+)\]", cell)} == set(notes)


def source_of(note):
    """Return the text of the test file that a note names; empty where there is none."""
    file = ROOT / note.partition("::")[0]
    return file.read_text("utf-8") if file.is_file() else ""
