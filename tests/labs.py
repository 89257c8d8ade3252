"""A JupyterLab or Notebook 7 server for tests, and one notebook that is open in it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
EXTENSION = ROOT / "swarmprov_nb" / "labextension"
NEWS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
KERNEL = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
READY = """async () => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(each => each.context?.sessionContext);
  await panel.context.sessionContext.ready;
  await panel.context.sessionContext.session.kernel.info;
}"""


def needs_extension() -> None:
    """Skip where the Lab extension is not built."""
    if not (EXTENSION / "package.json").is_file():
        pytest.skip("the Lab extension is not built: pip install -e '.[lab]' builds it")


class Lab:
    """One server, with settings, workspaces, home and extension of its own; `folder` is what it serves."""

    def __init__(self, application: str, place: Path, *, python: str = sys.executable) -> None:
        self.application = application
        self.python = python  # whose JupyterLab it is; kernels are always this process's
        self.place = place
        self.folder = place / "work"
        self.home = place / "home"
        self._process: subprocess.Popen | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"

    def address(self, notebook: Path) -> str:
        """Return where a browser finds this notebook."""
        view = "lab/tree" if self.application == "jupyterlab" else "notebooks"
        return f"{self.url}/{view}/{notebook.relative_to(self.folder).as_posix()}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.folder.mkdir()
        self._settle()
        log = (self.place / "server.log").open("w")
        self._process = subprocess.Popen(
            self._command(), cwd=self.folder, env=self._environment(), stdout=log, stderr=log, start_new_session=True
        )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/api/status", timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        self.stop()
        pytest.fail((self.place / "server.log").read_text())

    def stop(self) -> None:
        """End the server with its kernels."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(8)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # a kernel that restarts just now can hold it for ever
            self._process.wait(8)

    def _settle(self) -> None:
        news = self.place / "settings" / NEWS
        news.parent.mkdir(parents=True)
        news.write_text('{"fetchNews": "false"}')
        extensions = self.place / "share" / "labextensions"
        extensions.mkdir(parents=True)
        (extensions / "swarmprov-nb").symlink_to(EXTENSION)
        kernel = self.place / "share" / "kernels" / "python3" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        kernel.write_text(json.dumps({"argv": KERNEL, "display_name": "Python 3", "language": "python"}))

    def _command(self) -> list[str]:
        port = self.url.rpartition(":")[2]
        return [
            *(self.python, "-m", self.application, "--no-browser", "--allow-root", f"--port={port}"),
            *("--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
            *(f"--ServerApp.root_dir={self.folder}", "--LabApp.expose_app_in_browser=True"),
            *(["--JupyterNotebookApp.expose_app_in_browser=True"] if self.application == "notebook" else []),
        ]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_"))}
        return kept | {
            "JUPYTERLAB_SETTINGS_DIR": str(self.place / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.place / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(self.place / "config"),
            "JUPYTER_DATA_DIR": str(self.place / "data"),
            "JUPYTER_PATH": str(self.place / "share"),
            "IPYTHONDIR": str(self.place / "ipython"),
            "PYTHONPATH": str(ROOT),
            "SWARMPROV_HOME": str(self.home),
        }


class OpenNotebook:
    """A notebook that is open in a browser tab: its `cells`, our `panel`, and what tests do with them."""

    def __init__(self, server: Lab, page, path: Path) -> None:
        self.server = server
        self.page = page
        self.path = path
        self.cells = page.locator(".jp-Notebook .jp-CodeCell")
        self.panel = page.locator("#swarmprov-panel")
        self.steps = self.panel.locator(".swarmprov-step")
        self.state = self.panel.locator(".swarmprov-state")

    def go(self) -> None:
        """Open it, with no layout of earlier, and wait until its kernel answers."""
        self.page.goto(f"{self.server.address(self.path)}?reset")
        self.wait()

    def go_without_kernel(self) -> None:
        """Open it as somebody does who has not its kernel, and chooses none."""
        self.page.goto(f"{self.server.address(self.path)}?reset")
        dialog = self.page.locator(".jp-Dialog")
        dialog.wait_for(timeout=60_000)
        dialog.get_by_role("button", name="No Kernel").click()
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")

    def reload(self) -> None:
        """Load the page anew, as a reader does, and wait until the kernel answers."""
        self.page.wait_for_timeout(1000)  # Lab writes its layout half a second after the last change
        self.page.goto(self.server.address(self.path))
        self.wait()

    def wait(self) -> None:
        """Wait for the notebook and its kernel."""
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        self.page.evaluate(READY)

    def command(self, name: str, **args) -> None:
        """Start a command, and do not wait for it: it may open a dialog."""
        self.page.evaluate("([name, args]) => { void window.jupyterapp.commands.execute(name, args); }", [name, args])

    def is_enabled(self, name: str) -> bool:
        """Whether a command is offered now."""
        return self.page.evaluate("name => window.jupyterapp.commands.isEnabled(name)", name)

    def show_panel(self) -> None:
        """Open our panel."""
        self.command("swarmprov:panel")
        self.panel.wait_for()

    def run_all(self) -> None:
        """Run all cells, to the last one's number or the first error."""
        from playwright.sync_api import expect

        self.command("notebook:run-all-cells")
        expect(self.cells.last.locator(".jp-InputArea-prompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)

    def run(self, number: int) -> None:
        """Run one cell and wait for its number."""
        from playwright.sync_api import expect

        prompt = self.cells.nth(number).locator(".jp-InputArea-prompt")
        self.cells.nth(number).locator(".cm-content").click()
        self.command("notebook:run-cell")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)

    def restart(self) -> None:
        """Restart the kernel, as its menu does once it was confirmed."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()")


def write_cells(folder: Path, *sources: str) -> Path:
    """Write a notebook of code cells into a folder; returns its path."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / f"n{time.monotonic_ns()}.ipynb"
    nbformat.write(notebook, path)
    return path
