"""The verify widget in a real Chromium, told by a double of the model."""

from __future__ import annotations

import re

import pytest
from widget_pages import Widget

from swarmprov_nb.testing import example_lineage
from swarmprov_nb.view import Picture

REFERENCE = "4c9c76d6" + "ab" * 25 + "dcf295"
DID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
CLOSING = "Signed: this key vouches. Captured: by the publisher's recorder. Seals may have been left out."
HOSTILE = {
    "html": "<img src=x onerror='window.hacked=1'><b>bold</b>",
    "script": "</code></script><script>window.hacked=1</script>",
    "right to left": "\u202eevil \u05d0\u05d1\u05d2 clean.csv",
    "long": "x" * 10_000,
}
CHECKS = [
    {"name": "chunks", "outcome": "pass", "detail": "214 re-hashed, all equal to their addresses"},
    {"name": "anchor", "outcome": "not checked", "detail": "none on the networks you configured"},
]
FAILURE = {"name": "artifact clean", "outcome": "fail", "detail": "its bytes differ", "expected": "9f2c" * 16}
FAILURE["actual"] = "07aa" * 16


def lineage_document() -> dict:
    return Picture(example_lineage(), title="study.ipynb").to_json()


def report(**changes) -> dict:
    said = {
        "format": "swarmprov-report/1", "reference": REFERENCE, "ok": True, "level": "signed", "exitCode": 0,
        "author": DID, "label": "Ana", "claimsToBe": None, "checks": CHECKS, "wallets": [], "networks": [],
        "headline": "Valid: level signed, signed by Ana.", "advice": "It shows that this key vouches.",
        "closing": CLOSING, **changes,
    }  # fmt: skip
    return {"phase": "report", "source": REFERENCE, "report": said, "lineage": None, "problem": None}


def state(phase: str, **more) -> dict:
    return {"phase": phase, "source": "", "report": None, "lineage": None, "problem": None, **more}


UNKNOWN = report(
    ok=False, exitCode=3, label=None, claimsToBe="Ana Ruiz",
    headline="Valid, level signed, but the signer is unknown.",
    advice=f"If you know whose key this is: swarmprov trust {DID} --as NAME",
)  # fmt: skip
FAILED = report(
    ok=False, exitCode=1, level="none", checks=[*CHECKS, FAILURE], closing=None,
    headline="1 of 3 checks failed: artifact clean.", advice="Do not rely on this publication.",
)  # fmt: skip
PHASES = {
    "empty": state("empty"), "checking": state("checking", source=REFERENCE), "valid": report(), "unknown": UNKNOWN,
    "failed": FAILED, "problem": state("problem", problem={"what": "It is no reference.", "next": "Paste 64 digits."}),
}  # fmt: skip


@pytest.fixture
def shown(page):
    """Show a state; page errors fail the test."""
    widgets = []

    def show(state: dict, **options) -> Widget:
        widgets.append(Widget(page, "verify", state, **options))
        return widgets[-1]

    yield show
    assert [widget.errors for widget in widgets] == [[]] * len(widgets)


def drop(page, name: str, size: int) -> None:
    """Drop a file of `size` bytes on the zone."""
    page.evaluate(
        """([name, size]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(size)], name));
          document.querySelector('.swarmprov-zone')
            .dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried }));
        }""",
        [name, size],
    )


def test_a_reference_is_verified_by_keyboard(shown, page):
    """Paste, press Enter; while it is checked nothing is asked twice, and the field keeps the focus."""
    widget = shown(state("empty"))
    field = page.get_by_label("Reference", exact=True)
    field.fill(f"  {REFERENCE}\n")
    field.press("Enter")
    assert widget.sent() == [{"op": "verify", "source": REFERENCE}]

    widget.show(state("checking", source=REFERENCE))
    field.press("Enter")
    assert len(widget.sent()) == 1
    assert page.get_by_role("heading", name="Verifying 4c9c76d6…dcf295…").is_visible()
    widget.show(report())
    assert field.evaluate("node => node === document.activeElement")
    page.wait_for_function("document.querySelector('p[role=status]').textContent.startsWith('Valid: level signed')")


def test_nothing_and_references_with_a_key_are_not_sent(shown, page):
    """An empty field asks for something; a reference of 64 bytes holds a key, which stays out of messages."""
    widget = shown(state("empty"))
    page.get_by_role("button", name="Verify").press("Enter")
    assert "Paste a reference first" in page.get_by_role("alert").inner_text()
    page.get_by_label("Reference", exact=True).fill("ab" * 64)
    page.get_by_role("button", name="Verify").press("Enter")
    assert "holds a key" in page.get_by_role("alert").inner_text()
    assert page.evaluate("window.model.sent") == []
    page.get_by_label("Reference", exact=True).fill(REFERENCE)
    page.get_by_role("button", name="Verify").press("Enter")
    assert page.get_by_role("alert").count() == 0
    assert len(widget.sent()) == 1


def test_a_saved_file_is_dropped_or_chosen(shown, page):
    """A saved file goes to the kernel as bytes; one that a message cannot carry is refused with another way."""
    widget = shown(state("empty"))
    drop(page, "penguins.swarm", 5000)
    assert widget.sent() == [{"op": "verify", "name": "penguins.swarm", "bytes": 5000}]

    drop(page, "large.swarm", 9_000_001)
    page.wait_for_function("document.querySelector('[role=alert]').textContent.includes('over 9 MB')")
    assert "swarmprov verify FILE" in page.get_by_role("alert").inner_text()

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a saved file…").press("Enter")
    chooser.value.set_files({"name": "other.swarm", "mimeType": "application/octet-stream", "buffer": b"12345"})
    assert widget.sent(2)[-1] == {"op": "verify", "name": "other.swarm", "bytes": 5}


def test_a_valid_report_names_level_signer_and_exit_code(shown, page):
    """Headline, meaning, checks with their outcome in words, label and closing sentence."""
    shown(report())
    text = page.inner_text("section")

    for said in (
        "Valid: level signed, signed by Ana.",
        "(exit code 0)",
        "Signed by Ana",
        CLOSING,
        "did:key:z6Mkha…ta2doK",
    ):
        assert said in text
    assert page.get_by_role("button", name="Copy the trust command").count() == 0
    assert "trust" not in text
    rows = page.get_by_role("list", name="Checks").get_by_role("listitem")
    assert rows.first.text_content().startswith("chunks: passed. 214 re-hashed")
    assert "anchor: not checked. none on" in rows.nth(1).text_content()


def test_an_unknown_signer_is_trusted_by_a_command_and_by_nothing_else(shown, page):
    """The command stands there to be copied; the claimed name is shown as a claim; no button trusts."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin="http://127.0.0.1:9")
    widget = shown(UNKNOWN)
    text = page.inner_text("section")
    assert "Signer unknown: did:key:z6Mkha…ta2doK" in text
    assert "Claims to be “Ana Ruiz”. Nobody checked that." in text
    assert "(exit code 3)" in text

    page.get_by_role("button", name="Copy the trust command").press("Enter")
    page.wait_for_function("document.querySelector('p[role=status]').textContent === 'Copied the trust command.'")
    assert page.evaluate("navigator.clipboard.readText()") == f"swarmprov trust {DID} --as NAME"
    assert page.get_by_role("button", name=re.compile("^Trust")).count() == 0
    assert page.evaluate("window.model.sent") == []
    assert widget.errors == []


def test_a_failure_says_what_was_expected_and_draws_nothing(shown, page):
    """The failed check stands out in words too; no signer is named and nothing is drawn from it."""
    shown({**FAILED, "lineage": lineage_document()})

    failed = page.get_by_role("listitem").filter(has_text="artifact clean")
    assert "artifact clean: failed." in failed.text_content()
    assert "expected 9f2c9f2c…2c9f2c is 07aa07aa…aa07aa" in failed.text_content()
    assert page.locator(f"code[title='{'9f2c' * 16}']").count() == 1
    assert "Do not rely on this publication." in page.inner_text("section")
    assert not page.get_by_text("Signed by").is_visible()
    assert page.locator(".swarmprov-drawing svg").count() == 0


def test_the_lineage_of_a_valid_publication_is_drawn_and_taken_away(shown, page):
    """The drawing comes with the report and goes with it."""
    widget = shown({**report(), "lineage": lineage_document()})
    page.locator(".swarmprov-drawing svg").first.wait_for()
    assert "clean" in page.inner_text(".swarmprov-drawing")

    widget.show(FAILED)
    assert page.locator(".swarmprov-drawing svg").count() == 0


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_text_and_stay_inside(shown, page, label):
    """A stranger's names, claims and details do nothing and do not stand out, at panel width."""
    check = {"name": label, "outcome": "fail", "detail": label, "expected": label, "actual": label}
    widget = shown(report(checks=[check], headline=label, advice=label, closing=label, exitCode=3), width="320px")
    assert widget.overflow() == []
    widget.show(report(label=None, claimsToBe=label, author=label, exitCode=3, checks=[]))
    assert widget.overflow() == []
    widget.show(state("checking", source=label))
    widget.show(state("problem", problem={"what": label, "next": label}))
    assert widget.overflow() == []

    assert page.evaluate("window.hacked") is None
    assert page.locator("section img, section b, section script").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark", "high contrast"])
def test_every_phase_is_legible_and_accessible(shown, theme):
    """Texts have 4.5:1, icons 3:1, axe-core finds nothing and nothing stands out at 320 pixels."""
    widget = shown(PHASES["empty"], theme=theme, width="320px")
    for phase, each in PHASES.items():
        widget.show(each)
        assert (phase, widget.contrasts()) == (phase, [])
        assert (phase, widget.violations()) == (phase, [])
        assert (phase, widget.overflow()) == (phase, [])


def test_a_view_that_goes_leaves_nothing(shown, page):
    """After a view is taken away nothing listens and nothing is drawn."""
    shown({**report(), "lineage": lineage_document()})
    page.evaluate("window.unmount()")

    assert page.evaluate("window.model.listening()") == 0
    assert page.locator("section").count() == 0
