"""What people see of us in a real Lab, kept as pictures: in every theme and width, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".screenshots"  # ignored by git; written anew by every run
AXE = ROOT / "labextension/node_modules/axe-core/axe.min.js"
THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}


class Size(NamedTuple):
    """A window; zoomed to 200 % it has half as many pixels for what it shows, and as many for the picture."""

    width: int
    height: int
    zoom: int = 1


SIZES = {"1280": Size(1280, 800), "800": Size(800, 800), "zoom": Size(1280, 800, 2)}
OURS = ("#swarmprov-panel", ".swarmprov-graphview", ".swarmprov-statusitem", ".jp-OutputArea .swarmprov-card",
        ".jp-OutputArea .swp-lineage")  # fmt: skip

_SPILLED = """ours => {
  const found = [];
  for (const root of document.querySelectorAll(ours.join())) {
    if (!root.checkVisibility()) continue;
    const place = root.getBoundingClientRect();
    for (const node of root.querySelectorAll('*')) {
      if (!node.checkVisibility() || node.closest('.swarmprov-away, [hidden], svg')) continue;
      if (node.closest('.swp-table')) continue; // it scrolls
      const box = node.getBoundingClientRect();
      if (box.width > 2 && (box.right > place.right + 1 || box.left < place.left - 1)) {
        found.push(`${node.className}: ${node.textContent.slice(0, 40)}`);
      }
    }
    if (root.scrollWidth > root.clientWidth + 1) found.push(`${root.className} scrolls sideways`);
  }
  return found;
}"""

_AXE = """async ours => {
  const include = ours.map(each => [each]).filter(([each]) => document.querySelector(each)?.checkVisibility());
  const rules = { region: { enabled: false }, 'page-has-heading-one': { enabled: false } };
  const result = await axe.run({ include }, { rules, resultTypes: ['violations'] });
  return result.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 200)).join(' | ')}`);
}"""


@dataclass
class Looks:
    """Keeps pictures of a page under this name, and what is wrong in each."""

    page: object
    name: str
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def keep(self, scene: str, *roots: str, show: str | None = None) -> None:
        """Keep the scene in every theme and size; `roots` are what is ours in it, `show` what is scrolled to."""
        for theme in THEMES:
            self.theme(theme)
            for size, window in SIZES.items():
                self.size(size, show)
                name = f"{self.name}-{scene}-{theme}-{size}"
                self.page.screenshot(path=KEPT / f"{name}.png", scale="css" if window.zoom == 1 else "device")
                self._look(name, roots or OURS, audit=size == "1280")
        self.theme("light")
        self.size("1280")

    def theme(self, theme: str) -> None:
        """Change Lab's theme, as its menu does."""
        name = THEMES[theme]
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def size(self, name: str, show: str | None = None) -> None:
        """Change the window's size or zoom, and wait until what is in it has found its place."""
        size = SIZES[name]
        self.page.set_viewport_size({"width": size.width // size.zoom, "height": size.height // size.zoom})
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 150)))")
        if show is not None:
            self.page.locator(show).first.evaluate("node => node.scrollIntoView({ block: 'start' })")

    def _look(self, name: str, roots: tuple[str, ...], *, audit: bool) -> None:
        found = self.spilled(*roots)
        if audit:
            found += self.violations(*roots)
        if found:
            self.wrong[name] = found

    def spilled(self, *roots: str) -> list[str]:
        """Return what stands out of what is ours."""
        return self.page.evaluate(_SPILLED, list(roots or OURS))

    def violations(self, *roots: str) -> list[str]:
        """Return what axe-core finds wrong in what is ours; the test is skipped where it is not installed."""
        if not AXE.exists():
            pytest.skip("axe-core is not installed: run `jlpm install` in labextension")
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        return self.page.evaluate(_AXE, list(roots or OURS))


def new_folder() -> None:
    """Make the folder of the pictures, where it is missing."""
    KEPT.mkdir(exist_ok=True)


def kept(name: str) -> set[str]:
    """Return the scenes that were kept under a name, without theme and size."""
    scene = re.compile(rf"{re.escape(name)}-(.+)-(?:{'|'.join(THEMES)})-(?:{'|'.join(SIZES)})\.png")
    return {found[1] for path in KEPT.glob("*.png") if (found := scene.fullmatch(path.name))}
