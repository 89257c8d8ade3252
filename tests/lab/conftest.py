"""A real JupyterLab and a real Notebook 7 with the Lab extension of this checkout, and notebooks open in Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsers import only_loopback
from labs import Lab, OpenNotebook, needs_extension, write_cells


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on this machine, with folders of its own."""
    yield from serving("jupyterlab", tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory):
    """Notebook 7 on this machine, with folders of its own."""
    yield from serving("notebook", tmp_path_factory.mktemp("notebook7"))


def serving(application: str, folder: Path):
    """Start the server of an application, skip where it is not installed, and end it."""
    pytest.importorskip(application, reason=f"{application} is not installed: pip install 'swarmprov-nb[lab]'")
    needs_extension()
    server = Lab(application, folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tabs(browser, request):
    """Open browser tabs, 1280 pixels wide, in one profile; none may speak to another host, none may meet an error."""
    from playwright.sync_api import expect

    expect.set_options(timeout=20_000)  # nothing here is timed, and machines may be busy
    scale = getattr(request, "param", 1)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=scale)
    refused, errors = only_loopback(context), []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert refused == []
    assert [error for error in errors if "reading 'schema'" not in error] == []  # Notebook 7 itself, on some pages


@pytest.fixture
def open_notebook(request, tabs):
    """Write a notebook of these cells, open it in Lab, and wait for its kernel."""

    def open_(*sources: str, server: Lab | None = None, path: Path | None = None) -> OpenNotebook:
        server = server or request.getfixturevalue("lab")
        written = path or write_cells(server.folder, *sources)
        opened = OpenNotebook(server, tabs.new_page(), written)
        opened.go()
        return opened

    return open_
