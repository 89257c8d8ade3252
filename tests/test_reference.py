"""docs/reference.md is what scripts/reference.py makes of the code, and leaves nothing public out."""

from __future__ import annotations

import re
import runpy
from dataclasses import fields
from functools import cache
from pathlib import Path

import swarmprov
from swarmprov_nb.cli import COMMANDS
from swarmprov_nb.config import Settings
from swarmprov_nb.destinations import Destinations

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/reference.md").read_text("utf-8")


@cache
def made():
    return runpy.run_path(str(ROOT / "scripts/reference.py"))["page"]()


def test_the_page_is_what_the_code_says():
    """Options, docstrings, settings and exit codes stand there as they are in the code."""
    assert made() == PAGE, "run: python scripts/reference.py > docs/reference.md"


def test_every_public_name_and_command_has_its_place():
    """Each Python name and each command has a heading."""
    headings = set(re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE))
    commands = {f"swarmprov {command.name}" for command in COMMANDS}

    assert {*swarmprov.__all__, *commands, "%provenance", "%publish", "%verify"} <= headings


def test_every_option_says_what_it_does():
    """No row of a table is without words."""
    assert re.findall(r"^\| .* \|  \|$", PAGE, re.MULTILINE) == []


def test_every_setting_and_every_variable_of_the_environment_is_named():
    """Whatever the code reads of the user's settings and of the environment stands on the page."""
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "swarmprov_nb").rglob("*.py"))
    settings = [field.name for kind in (Settings, Destinations) for field in fields(kind)]

    assert {name for name in settings if not re.search(rf"^(\[?{name}\b)", PAGE, re.MULTILINE)} == set()
    assert {name for name in re.findall(r"\bSWARMPROV_[A-Z]{2,}\b", sources) if f"`{name}`" not in PAGE} == set()


def test_every_link_leads_somewhere():
    """Links within the page lead to its headings, others to files of the checkout."""
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(([^)]+)\)", PAGE)

    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    assert all((ROOT / "docs" / link).exists() for link in links if not link.startswith("#"))
