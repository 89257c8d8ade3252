"""A real Chromium for tests: finds it, starts it, and lets no page speak to any host but this one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--force-color-profile=srgb"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # addresses and sockets too; and it keeps the cache
)
NAMES = ("chromium-headless-shell",  # the same engine without a window's parts, which cost more than our pages
         "chromium", "chromium-browser", "google-chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
         "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")  # fmt: skip


@contextmanager
def chromium() -> Iterator:
    """Start Chromium, where this machine has one; else the test is skipped and says so."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed: what it draws is not tested")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


def only_loopback(context) -> list[str]:
    """Note every request to another host, all of which FLAGS refuse; returns the list into which addresses go."""
    refused: list[str] = []

    def note(asked) -> None:
        address = urlsplit(asked.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            refused.append(asked.url)

    context.on("request", note)
    context.on("page", lambda page: page.on("websocket", note))
    return refused
