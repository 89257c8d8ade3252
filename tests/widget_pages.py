"""A page that shows one widget without a kernel: a double of the model that front ends hand to widgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from swarmprov_nb.widgets.module import joined, stylesheet

AXE = Path(__file__).parents[1] / "labextension/node_modules/axe-core/axe.min.js"
ADDRESS = "http://127.0.0.1:9/widget"  # answered here and by nobody else

# What Lab's own themes set (jupyterlab 4.6: theme-light-extension, theme-dark-extension, theme-dark-high-contrast).
THEMES = {
    "light": {
        "layout-color1": "white", "ui-font-color1": "rgba(0,0,0,.87)", "brand-color1": "#1976d2",
        "ui-inverse-font-color1": "#fff", "success-color1": "#388e3c", "error-color1": "#d32f2f",
        "warn-color1": "#f57c00",
    },
    "dark": {
        "layout-color1": "#212121", "ui-font-color1": "rgba(255,255,255,.87)", "brand-color1": "#2196f3",
        "ui-inverse-font-color1": "rgba(0,0,0,.8)", "success-color1": "#4caf50", "error-color1": "#f44336",
        "warn-color1": "#ff9800",
    },
    "high contrast": {
        "layout-color1": "#111", "ui-font-color1": "#fff", "brand-color1": "#319bf2", "ui-inverse-font-color1": "black",
        "success-color1": "#4caf50", "error-color1": "#f44336", "warn-color1": "#ff9800",
    },
}  # fmt: skip

# as the widgets have them
STYLES = {"publish": ["publish.css", "publish_where.css"], "verify": ["verify.css", "lineage.css"]}

_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A widget</title><style>
:root { %s } body { margin: 0; background: var(--jp-layout-color1); } main { width: %s; }
%s</style></head><body><main></main></body></html>"""

_MODEL = """
async ([source, state]) => {
  const listeners = {};
  const fire = (name, ...words) => (listeners[name] ?? []).slice().forEach(heard => heard(...words));
  window.model = {
    state, sent: [],
    get: name => window.model[name],
    on: (name, heard) => (listeners[name] ??= []).push(heard),
    off: (name, heard) => (listeners[name] = listeners[name].filter(each => each !== heard)),
    send: (content, callbacks, buffers = []) => window.model.sent.push({
      ...JSON.parse(JSON.stringify(content)), ...(buffers.length ? { bytes: buffers[0].byteLength } : {})
    }),
    listening: () => Object.values(listeners).flat().length
  };
  window.show = next => { window.model.state = next; fire('change:state'); };
  window.tell = (message, buffers) => fire('msg:custom', message, buffers);
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const widget = await import(address);
  window.unmount = widget.default.render({ model: window.model, el: document.querySelector('main') });
}
"""

_CONTRASTS = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  const over = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    colours.forEach(colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); });
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
      .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  };
  const grounds = node => node ? [...grounds(node.parentElement), getComputedStyle(node).backgroundColor] : ['#fff'];
  const ratio = (ink, ground) => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  const found = [];
  for (const node of document.querySelectorAll('main *')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!own && node.tagName !== 'svg' && node.tagName !== 'INPUT') continue;
    if (!node.checkVisibility() || node.closest('.swarmprov-away')) continue;
    if (node.disabled || node.type === 'checkbox') continue;
    const behind = grounds(node);
    const colour = ratio(over([...behind, getComputedStyle(node).color]), over(behind));
    const needed = node.tagName === 'svg' ? 3 : 4.5;
    const name = node.className.baseVal ?? node.className;
    if (colour < needed) found.push([node.tagName, name, node.textContent.slice(0, 40), colour]);
  }
  return found;
}
"""


class Widget:
    """One widget in a page: what it shows, what it sends, and what it is told."""

    def __init__(self, page, name: str, state: dict[str, Any], *, width: str = "720px", theme: str = "light") -> None:
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        variables = "".join(f"--jp-{key}: {value};" for key, value in THEMES[theme].items())
        html = _PAGE % (variables, width, stylesheet("elements.css", *STYLES[name]))
        page.route(ADDRESS, lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(ADDRESS)
        page.evaluate(_MODEL, [joined(f"{name}.js"), state])

    def show(self, state: dict[str, Any]) -> None:
        self.page.evaluate("state => window.show(state)", state)
        self.settle()

    def tell(self, message: dict[str, Any]) -> None:
        self.page.evaluate("message => window.tell(message)", message)
        self.settle()

    def settle(self) -> None:
        """Wait until a change of state has been drawn."""
        self.page.evaluate("() => new Promise(done => setTimeout(done, 60))")

    def sent(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for `count` messages and return all that were sent."""
        self.page.wait_for_function("count => window.model.sent.length >= count", arg=count)
        return self.page.evaluate("window.model.sent")

    def focused(self) -> str:
        """Return the accessible words of what has the focus."""
        return self.page.evaluate(
            "() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.textContent || e.id; }"
        )

    def overflow(self) -> list[str]:
        """Return what stands out of the card or the page."""
        return self.page.evaluate(
            """() => {
              const card = document.querySelector('.swarmprov-card').getBoundingClientRect();
              return [...document.querySelectorAll('.swarmprov-card *')]
                .filter(node => node.checkVisibility() && !node.closest('.swarmprov-away, [hidden], svg'))
                .filter(node => { const box = node.getBoundingClientRect();
                  return box.width > 2 && (box.right > card.right + 1 || box.left < card.left - 1); })
                .map(node => node.className + ': ' + node.textContent.slice(0, 40));
            }"""
        )

    def contrasts(self) -> list[list]:
        """Return every text under 4.5:1 and every icon under 3:1."""
        return self.page.evaluate(_CONTRASTS)

    def violations(self) -> list[str]:
        """Return what axe-core finds wrong; the test is skipped where it is not installed."""
        if not AXE.exists():
            pytest.skip("axe-core is not installed: run `jlpm install` in labextension")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = self.page.evaluate("axe.run('main', { rules: { region: { enabled: false } } })")
        return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in result["violations"]]
