"""The publish widget in a real Chromium, told by a double of the model."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from widget_pages import Widget

REFERENCE = "4c9c76d6" + "ab" * 25 + "dcf295"
DID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
WALLET = "0x8f3a00000000000000000000000000000000c21d"
STAGES = ["artifacts", "manifest", "signature", "seal", "store", "anchor", "receipt"]
WORDS = """(node => node.getAttribute('aria-label') || node.textContent || node.labels?.[0]?.textContent)(
  document.activeElement)"""
HOSTILE = {
    "html": "<img src=x onerror='window.hacked=1'><b>bold</b>",
    "script": "</code></script><script>window.hacked=1</script>",
    "right to left": "\u202eevil \u05d0\u05d1\u05d2 clean.csv",
    "long": "x" * 10_000,
}


def item(name: str, /, **changes) -> dict:
    return {
        "id": f"id-{name}", "name": name, "kind": "dataset", "detail": "Parquet, 333 rows", "size": 18_000,
        "size_text": "18 kB", "choice": "published", "ticked": True, "fixed": False, "why": None, **changes,
    }  # fmt: skip


def finding(**changes) -> dict:
    return {
        "id": "f1", "rule": "password-in-url", "place": "cell 3", "line": 2, "excerpt": "https://ana:s3s…",
        "advice": "Revoke it where it was issued.", "stops": True, "cell_id": "c3", "item": None, "accepted": False,
        **changes,
    }  # fmt: skip


def base(phase: str, **more) -> dict:
    return {
        "phase": phase, "notebook": "quickstart.ipynb", "store": {"name": "local", "label": "local store"},
        "chain": {"name": "local", "label": "local chain"}, "stages": STAGES, **more,
    }  # fmt: skip


def preview(**changes) -> dict:
    notebook = item("quickstart.ipynb", kind="notebook", fixed=True, why="The notebook goes with what it made.")
    cited = item("raw.csv", choice="cited", ticked=False, why="An input: others find it where you found it.")
    state = {
        "plan": "p1",
        "items": [item("clean"), item("forest", kind="model"), item("fig.png", kind="figure"), notebook, cited],
        "total": {"items": 4, "bytes": 557_000, "text": "557 kB"},
        "cost": {"text": "free", "detail": "on this machine"},
        "signer": {"did": DID, "wallet": WALLET},
        "findings": [],
        "advice": ["forest: no licence is stated, so nobody may use it"],
        "says": [
            "Public for ever, and cannot be recalled: clean, forest.",
            "Cited: raw.csv; who can guess it confirms.",
        ],
        "choices": choices(),
    }
    return base("preview", **{**state, **changes})


def choices(**changes) -> dict:
    chosen = {"outputs": False, "old_sources": False, "all_runs": False, "license": None, "purpose": None}
    return {**chosen, "contact": None, "hide": [], "cite": [], "accept": [], **changes}


def where(**changes) -> dict:
    """Where it goes, with a Bee node and a chain of the user's own chosen, and both ready."""
    node = choice("typed-1", "ready: stored in batch e4b1e4b1… for 92 days",
                  {"local": "this machine", "typed-1": "http://127.0.0.1:1633"})  # fmt: skip
    chain = choice("gnosis", "ready: gnosis", {"local": "this machine's chain: proves nothing to others",
                                               "none": "none: no anchor", "gnosis": "gnosis"})  # fmt: skip
    batch = choice("", "", {"": "the best that fits", "e4b1": "e4b1e4b1…: about 7.5 GB, 92 days left"})
    wallet = choice("work", "", {"work": "work 0x8f3a…c21d", "other": "other 0x1111…2222"})
    note = "Without a Bee node: save it to one file."
    return {"store": node, "batch": batch, "chain": chain, "wallet": wallet, "note": note, **changes}


def choice(chosen: str, said: str, options: dict[str, str]) -> dict:
    listed = [{"id": key, "label": label} for key, label in options.items()]
    return {"id": chosen, "options": listed, "refused": "", "test": {"tone": "pass" if said else "", "text": said}}


def elsewhere(**changes) -> dict:
    """A preview that goes to a Bee node and a public chain."""
    signer = {"did": DID, "wallet": WALLET, "dev": False, "name": "work", "network": "gnosis", "holds": "1.5 xDAI",
              "left": "0.01 xDAI"}  # fmt: skip
    cost = {"text": "at most 0.0001 xDAI", "detail": "stored in batch e4b1e4b1… for 92 days"}
    return {**preview(where=where(), signer=signer, cost=cost, asking=False), **changes}


def failing(kind: str, text: str, **changes) -> dict:
    """A preview in which asking a store, chain or wallet has failed."""
    chosen = where()
    chosen[kind] = {**chosen[kind], "test": {"tone": "fail", "text": text}, **changes}
    return elsewhere(where=chosen, stopped=text, plan="none")


def publishing(**changes) -> dict:
    state = {"stage": "store", "bytes": {"done": 345_000, "total": 557_000}, "cancelling": False, **changes}
    return base("publishing", **state)


def receipt(**changes) -> dict:
    said = {
        "reference": REFERENCE, "verify": f"swarmprov verify {REFERENCE}", "unchanged": False, "advice": [],
        "save": f"swarmprov save {REFERENCE} quickstart.swarm", "anchor": "embedded chain, block 3",
        "headline": "Stored and signed on this machine",
        "caution": "Proves nothing to others until it is on Swarm and a chain.",
    }  # fmt: skip
    return base("receipt", receipt={**said, **changes})


PROBLEM = base("problem", problem={"what": "The store's folder is full.", "next": "Free 2 MB, then try again."})
LINK = "https://gnosisscan.io/tx/0x" + "ab" * 32
UNLOCK = {"url": "http://127.0.0.1:41873/unlock/3q2-7wAAAAAbcdefgh", "address": WALLET, "name": "work"}
PHASES = {
    "empty": base("empty"), "preparing": base("preparing"), "preview": preview(findings=[finding()]),
    "elsewhere": elsewhere(), "no node": failing("store", "No Bee node answers at http://127.0.0.1:1633. Start it."),
    "publishing": publishing(), "receipt": receipt(), "problem": PROBLEM, "locked": publishing(unlock=UNLOCK),
    "anchoring": publishing(stage="anchor", detail={"text": "transaction pending", "link": LINK}),
    "anchored": receipt(stored="http://127.0.0.1:1633, until about 2027-01-20, 92 days", link=LINK, final=False,
                        anchor="Gnosis, block 41234567, included, not final yet", caution="",
                        settling="final in about 4 minutes"),
}  # fmt: skip


@pytest.fixture
def shown(page):
    """Show a state; page errors fail the test."""
    widgets = []

    def show(state: dict, **options) -> Widget:
        widgets.append(Widget(page, "publish", state, **options))
        return widgets[-1]

    yield show
    assert [widget.errors for widget in widgets] == [[]] * len(widgets)


def test_the_preview_says_what_leaves_what_it_costs_and_who_signs(shown, page):
    """Items with size, total, cost, signer, store, chain, sentences and the one button are all there."""
    shown(preview())

    text = page.inner_text("section")
    assert page.get_by_role("checkbox", name=re.compile("clean")).is_checked()
    assert not page.get_by_role("checkbox", name=re.compile("raw.csv")).is_checked()
    assert page.get_by_role("button", name="Publish 4 items").is_enabled()
    assert page.locator(".swarmprov-primary:visible").count() == 1
    for said in ("18 kB", "4 items · 557 kB · free on this machine", "did:key:z6Mkha…ta2doK", "local store",
                 "local chain", "Public, and cannot be recalled.", "Cited: raw.csv", "no licence is"):  # fmt: skip
        assert said in text
    assert page.locator(f"code[title='{DID}']").count() == 1


def test_publishing_names_the_plan_and_a_second_press_does_nothing(shown, page):
    """One press asks for one publication, of the plan that is shown."""
    widget = shown(preview())
    button = page.get_by_role("button", name="Publish 4 items")
    button.dblclick()

    assert widget.sent() == [{"op": "publish", "plan": "p1"}]
    assert button.get_attribute("aria-disabled") == "true"


def test_an_unticked_item_is_hidden_and_may_be_cited_instead(shown, page):
    """A tick is asked for anew with its choices; until the answer nothing can be published."""
    widget = shown(preview())
    page.get_by_role("checkbox", name=re.compile("clean")).press("Space")
    assert page.get_by_role("button", name="Publish 4 items").get_attribute("aria-disabled") == "true"
    assert widget.sent()[-1] == {"op": "preview", "choices": choices(hide=["id-clean"])}

    widget.show(base("preparing", waiting="waiting for the running cell"))
    assert page.locator(".swarmprov-reason", has_text="Waiting for the running cell.").is_visible()
    assert page.get_by_role("list", name="What is published").is_visible()
    assert not page.get_by_role("checkbox", name=re.compile("clean")).is_checked()

    hidden = item("clean", ticked=False, choice="hidden")
    widget.show(preview(plan="p2", items=[hidden, item("forest")], choices=choices(hide=["id-clean"])))
    page.get_by_role("combobox", name="What still leaves of clean").select_option("cite")
    assert widget.sent(2)[-1] == {"op": "preview", "choices": choices(cite=["id-clean"])}

    widget.show(preview(plan="p3", items=[hidden, item("forest")], choices=choices(cite=["id-clean"])))
    page.get_by_role("checkbox", name=re.compile("clean")).press("Space")
    assert widget.sent(3)[-1] == {"op": "preview", "choices": choices()}


def test_what_cannot_be_chosen_is_disabled_and_says_why(shown, page):
    """The notebook always goes with what it made; what is cited by its nature stays so."""
    shown(preview())

    for name, why in (("quickstart.ipynb", "goes with what it made"), ("raw.csv", "others find it")):
        box = page.get_by_role("checkbox", name=re.compile(name))
        assert box.is_disabled()
        described = box.evaluate("node => document.getElementById(node.getAttribute('aria-describedby')).textContent")
        assert why in described


def test_a_finding_that_stops_is_left_out_or_accepted_one_by_one(shown, page):
    """The button says why it is off; *Leave out* unticks the item; *Publish it anyway* names the finding."""
    widget = shown(preview(findings=[finding(item="id-clean", place="files/clean.parquet")]))
    button = page.get_by_role("button", name="Publish 4 items")
    assert button.get_attribute("aria-disabled") == "true"
    button.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("window.model.sent") == []
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('stops this')")
    assert page.locator(".swarmprov-reason", has_text="One finding stops this: take it out").is_visible()

    page.get_by_role("button", name="Publish it anyway: password in url in files/clean.parquet").press("Enter")
    assert widget.sent()[-1] == {"op": "preview", "choices": choices(accept=["f1"])}
    widget.show(
        preview(
            plan="p2",
            findings=[finding(accepted=True, stops=False, place="files/clean.parquet")],
            choices=choices(accept=["f1"]),
        )
    )
    assert button.get_attribute("aria-disabled") == "false"
    assert page.get_by_text("becomes public for ever").is_visible()
    assert widget.focused() == "Do not publish it: password in url in files/clean.parquet"

    widget.show(preview(findings=[finding(item="id-clean")]))
    page.get_by_role("button", name="Leave out clean").press("Enter")
    assert widget.sent(2)[-1] == {"op": "preview", "choices": choices(hide=["id-clean"])}
    widget.show(preview(plan="p3", items=[item("clean", ticked=False)], choices=choices(hide=["id-clean"])))
    assert page.evaluate("document.activeElement.closest('.swarmprov-card') !== null")


def test_show_is_there_where_somebody_can_show_cells(shown, page):
    """*Show* tells the host which cell; where no host listens it is not offered."""
    widget = shown(preview(findings=[finding()]))
    show = page.get_by_role("button", name="Show: password in url in cell 3")
    assert show.count() == 0

    page.evaluate("document.body.dataset.swarmprovCells = ''")
    page.evaluate("addEventListener('swarmprov:show-cell', event => (window.asked = event.detail.cell_id))")
    widget.show(preview(plan="p2", findings=[finding()]))
    show.press("Enter")
    assert page.evaluate("window.asked") == "c3"


def test_licences_are_completed_by_keyboard(shown, page):
    """The field is a combobox: type, arrow down, Enter; Escape closes; focus stays where it is."""
    widget = shown(preview())
    field = page.get_by_role("combobox", name="Licence")
    field.press_sequentially("cc-by")
    page.wait_for_function("window.model.sent.some(each => each.prefix === 'cc-by')")
    asked = [each for each in widget.sent(1) if each["op"] == "licences"]
    assert asked[-1] == {"op": "licences", "prefix": "cc-by"}
    assert all("cc-by".startswith(each["prefix"]) for each in asked)  # one, unless whoever types is slow

    known = [
        {"id": "CC-BY-4.0", "name": "Creative Commons Attribution 4.0"},
        {"id": "CC-BY-SA-4.0", "name": "<b>x</b>"},
    ]
    widget.tell({"type": "licences", "prefix": "other", "licences": known})
    assert field.get_attribute("aria-expanded") == "false"
    widget.tell({"type": "licences", "prefix": "cc-by", "licences": known})
    assert field.get_attribute("aria-expanded") == "true"
    assert page.get_by_role("option").count() == 2

    field.press("ArrowDown")
    field.press("ArrowDown")
    active = field.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert "CC-BY-SA-4.0 <b>x</b>" in page.locator(f"#{active}").inner_text()
    field.press("ArrowUp")
    field.press("Enter")
    assert field.input_value() == "CC-BY-4.0"
    assert field.get_attribute("aria-expanded") == "false"
    page.wait_for_function(
        "window.model.sent.some(each => each.op === 'preview' && each.choices.license === 'CC-BY-4.0')"
    )
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    assert [each["choices"]["license"] for each in widget.sent() if each["op"] == "preview"] == ["CC-BY-4.0"]


def test_a_patch_of_the_state_takes_neither_focus_nor_words(shown, page):
    """While somebody types, what the kernel says changes everything but their field."""
    widget = shown(preview())
    purpose = page.get_by_label("Purpose")
    purpose.press_sequentially("Teaching")
    widget.show(preview(plan="p2", total={"items": 7, "bytes": 1, "text": "1 B"}, choices=choices(purpose="old")))

    assert page.get_by_role("button", name="Publish 7 items").is_visible()
    assert purpose.input_value() == "Teaching"
    assert purpose.evaluate("node => node === document.activeElement")
    page.wait_for_function("window.model.sent.some(each => each.choices?.purpose === 'Teaching')")


def test_switches_and_words_are_asked_for_together(shown, page):
    """What is changed quickly is asked for once, with everything chosen."""
    widget = shown(preview())
    page.clock.install()
    page.clock.pause_at(datetime.now(tz=UTC) + timedelta(hours=1))  # quickly, however slow the machine is
    page.get_by_label(re.compile("^Keep the notebook")).press("Space")
    page.get_by_label("State every cell run").press("Space")
    page.get_by_label("Contact").fill("https://lab.example")
    assert page.evaluate("window.model.sent") == []
    page.clock.run_for(5000)

    assert widget.sent() == [
        {"op": "preview", "choices": choices(outputs=True, all_runs=True, contact="https://lab.example")}
    ]


def test_progress_shows_stage_and_bytes_and_can_be_cancelled(shown, page):
    """Stages, bytes and *Cancel*; stages are announced, bytes are not."""
    widget = shown(publishing(stage="seal", bytes={"done": 0, "total": 0}))
    widget.show(publishing())

    assert page.locator("[aria-current=step]").text_content() == "store, now"
    bar = page.get_by_role("progressbar")
    assert bar.get_attribute("aria-valuetext") == "345 kB of 557 kB"
    assert bar.get_attribute("aria-valuenow") == "62"
    assert page.get_by_text("storing · 345 kB of 557 kB · safe to close, it resumes").is_visible()
    page.wait_for_function("document.querySelector('[role=status]').textContent === 'storing'")
    page.get_by_role("button", name="Cancel").press("Enter")
    assert widget.sent() == [{"op": "cancel"}]

    widget.show(publishing(cancelling=True))
    assert widget.focused() == "Cancelling…"
    page.keyboard.press("Enter")
    assert len(widget.sent()) == 1


def test_focus_goes_along_from_the_button_to_the_receipt(shown, page):
    """Whoever pressed *Publish* hears the progress and lands on the receipt; nobody else is pulled there."""
    widget = shown(preview())
    page.get_by_role("button", name="Publish 4 items").press("Enter")
    widget.show(publishing())
    assert widget.focused() == "Step 5 of 7: store"
    widget.show(receipt())
    assert widget.focused() == "Stored and signed on this machine"

    page.evaluate("document.activeElement.blur()")
    widget.show(preview())
    assert page.evaluate("document.activeElement === document.body")


def test_the_receipt_is_copied_whole(shown, page):
    """What is shown short is copied in full, and that is said."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin="http://127.0.0.1:9")
    shown(receipt())

    assert "4c9c76d6…dcf295" in page.inner_text("dl")
    for what, text in (("reference", REFERENCE), ("verify command", f"swarmprov verify {REFERENCE}"),
                       ("save command", f"swarmprov save {REFERENCE} quickstart.swarm")):  # fmt: skip
        page.get_by_role("button", name=f"Copy the {what}").press("Enter")
        said = "what => document.querySelector('[role=status]').textContent === `Copied the ${what}.`"
        page.wait_for_function(said, arg=what)
        assert page.evaluate("navigator.clipboard.readText()") == text


def test_without_a_clipboard_it_is_copied_by_selection(shown, page):
    """A page that is not served over https copies too, and keeps the focus on the button."""
    widget = shown(receipt())
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate("addEventListener('copy', () => (window.copied = document.activeElement.value))")
    page.get_by_role("button", name="Copy the reference").press("Enter")

    page.wait_for_function("window.copied !== undefined")
    assert page.evaluate("window.copied") == REFERENCE
    assert widget.focused() == "Copy the reference"


def test_the_page_opens_apart_and_only_where_it_was_asked_for(shown, page):
    """*Open page* opens what the kernel sends in a tab without a way back; unasked pages are not opened."""
    widget = shown(receipt())
    widget.tell({"type": "page", "html": "<title>unasked</title>"})
    assert len(page.context.pages) == 1

    page.get_by_role("button", name="Open page").press("Enter")
    assert widget.sent() == [{"op": "page"}]
    with page.context.expect_page() as opened:
        widget.tell({"type": "page", "html": "<!DOCTYPE html><title>A publication</title><p>text"})
    opened.value.wait_for_load_state()
    assert opened.value.title() == "A publication"
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()


def test_publish_again_and_try_again_lead_back(shown, page):
    """From the receipt and from a problem there is a way back to the preview; from nothing there is a first one."""
    widget = shown(receipt(unchanged=True))
    assert page.get_by_text("Nothing has changed since").is_visible()
    page.get_by_role("button", name="Publish again…").press("Enter")
    widget.show(PROBLEM)
    assert page.get_by_role("heading", name="The store's folder is full.").is_visible()
    page.get_by_role("button", name="Try again").press("Enter")
    widget.show(base("empty"))
    page.get_by_role("button", name="Preview the publication").press("Enter")

    assert widget.sent(3) == [{"op": "again"}, {"op": "again"}, {"op": "preview", "choices": {}}]


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_hostile_labels_are_text_and_stay_inside(shown, page, label):
    """Names, findings and sentences of any making do nothing and do not stand out, at panel width."""
    said = {"advice": [label], "says": [label], "notebook": label}
    bad = finding(rule=label, place=label, excerpt=label, advice=label, item="id-clean")
    items = [item("clean", name=label, detail=label, why=label, kind=label)]
    widget = shown(
        {**preview(items=items, findings=[bad]), **said, "store": {"name": "x", "label": label}}, width="320px"
    )
    assert widget.overflow() == []
    widget.show(
        {**receipt(headline=label, caution=label, anchor=label, verify=label, advice=[label]), "notebook": label}
    )
    assert widget.overflow() == []
    widget.show(base("problem", problem={"what": label, "next": label}))
    assert widget.overflow() == []

    assert page.evaluate("window.hacked") is None
    assert page.locator("section img, section b, section script").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark", "high contrast"])
def test_every_phase_is_legible_and_accessible(shown, theme):
    """Texts have 4.5:1, icons 3:1, and axe-core finds nothing, in each of Lab's themes."""
    widget = shown(PHASES["empty"], theme=theme)
    for phase, state in PHASES.items():
        widget.show(state)
        assert (phase, widget.contrasts()) == (phase, [])
        assert (phase, widget.violations()) == (phase, [])


@pytest.mark.parametrize("width", ["320px", "450px", "900px"])
def test_every_phase_fits_from_a_panel_to_a_wide_cell(shown, page, width):
    """Nothing stands out at 320 pixels, which is also 640 pixels at 200 % zoom, nor in a wide cell."""
    widget = shown(PHASES["empty"], width=width)
    for phase, state in PHASES.items():
        widget.show(state)
        assert (phase, widget.overflow()) == (phase, [])


def test_forced_colours_keep_the_button_a_button(shown, page):
    """In a forced palette the primary button and the marks stay told apart, and the focus is seen."""
    page.emulate_media(forced_colors="active")
    shown(preview(findings=[finding(stops=False)]))
    button = page.get_by_role("button", name="Publish 4 items")
    button.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")

    styles = button.evaluate("node => [getComputedStyle(node).backgroundColor, getComputedStyle(node).outlineStyle]")
    plain = page.get_by_role("button", name="Copy the signing key").evaluate(
        "node => getComputedStyle(node).backgroundColor"
    )
    assert styles[0] != plain
    assert styles[1] == "solid"


def test_everything_is_reached_by_keyboard(shown, page):
    """Tab walks through ticks, findings, fields and buttons in the order in which they stand."""
    shown(preview(findings=[finding(item="id-clean")]))
    seen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(WORDS))
    words = " | ".join(filter(None, seen))

    found = [
        words.find(each)
        for each in ("clean", "Leave out clean", "Licence", "Contact", "State every", "Publish 4 items")
    ]
    assert -1 not in found
    assert found == sorted(found)


def test_plain_keys_stay_and_those_of_the_host_go_on(shown, page):
    """What is typed into the form is no shortcut of the notebook around it; Ctrl+S and the palette's still are."""
    shown(preview())
    page.evaluate("window.heard = []; document.addEventListener('keydown', event => window.heard.push(event.key))")
    page.get_by_label("Purpose").focus()
    for key in ("x", "d", "Control+Enter", "Control+s", "Control+Shift+C"):
        page.keyboard.press(key)

    assert [key for key in page.evaluate("window.heard") if len(key) == 1 or key == "Enter"] == ["s", "C"]


def test_a_view_that_goes_leaves_nothing(shown, page):
    """After a view is taken away nothing listens and nothing is drawn."""
    shown(preview())
    page.evaluate("window.unmount()")

    assert page.evaluate("window.model.listening()") == 0
    assert page.locator("section").count() == 0


def test_a_problem_offers_the_choice_that_lets_it_go_on(shown, page):
    """Where a choice would help, that is the one button; what was chosen before stays chosen."""
    remedy = {"label": "Publish the old source too", "choices": {"old_sources": True}}
    said = {"what": "study.ipynb no longer holds the source of: fit [3].", "next": "Save it.", "remedy": remedy}
    widget = shown(base("problem", problem=said, choices=choices(hide=["a1"])))
    assert page.locator(".swarmprov-primary:visible").count() == 1
    page.get_by_role("button", name="Publish the old source too").press("Enter")

    assert widget.sent() == [{"op": "preview", "choices": choices(hide=["a1"], old_sources=True)}]


def test_choices_that_cannot_be_published_say_why_and_stop(shown, page):
    """The preview stays with its ticks, says what is wrong, and publishes nothing."""
    why = "Nothing is left to publish. Leave out fewer."
    widget = shown(preview(plan="none", stopped=why, advice=[why, "more"]))
    button = page.get_by_role("button", name="Publish 4 items")
    assert button.get_attribute("aria-disabled") == "true"
    assert page.get_by_text(why).count() == 1
    button.focus()
    page.keyboard.press("Enter")

    assert page.evaluate("window.model.sent") == []
    assert widget.errors == []


def test_where_it_goes_is_chosen_by_messages_that_name_ids(shown, page):
    """Store, chain and wallet are lists; a choice is asked for by its id, and nothing is published meanwhile."""
    widget = shown(elsewhere())
    batch = page.get_by_role("combobox", name="Postage batch")
    assert batch.evaluate("node => node.selectedOptions[0]?.textContent") == "the best that fits"
    text = page.inner_text("section")
    for said in ("ready: stored in batch e4b1e4b1… for 92 days", "at most 0.0001 xDAI", "with wallet work, 0x8f3a00…",
                 "holds 1.5 xDAI on gnosis · 0.01 xDAI left of your cap"):  # fmt: skip
        assert said.replace("0x8f3a00…", "0x8f3a00") in text
    page.get_by_role("combobox", name="Chain").select_option("none")
    assert widget.sent() == [{"op": "where", "kind": "chain", "id": "none"}]
    button = page.get_by_role("button", name="Publish 4 items")
    assert button.get_attribute("aria-disabled") == "true"
    widget.show(elsewhere(asking=True, plan="none"))
    assert button.get_attribute("aria-disabled") == "true"
    assert page.get_by_text("Asking the store and the chain").is_visible()
    widget.show(elsewhere(plan="p2"))
    assert button.get_attribute("aria-disabled") == "false"
    batch.select_option("e4b1")
    page.get_by_role("combobox", name="Wallet").select_option("other")
    page.get_by_role("combobox", name="Store").select_option("local")

    assert widget.sent(4)[1:] == [{"op": "where", "kind": "batch", "id": "e4b1"},
                                  {"op": "where", "kind": "wallet", "id": "other"},
                                  {"op": "where", "kind": "store", "id": "local"}]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "option", "prefix"),
    [("Store", "typing:bee", ""), ("Store", "typing:gateway", "gateway:"), ("Chain", "typing:url", "")],
)
def test_an_address_is_typed_sent_once_and_forgotten(shown, page, kind, option, prefix):
    """By keyboard alone; the page keeps nothing of it, and a refusal stands beside the field, which stays open."""
    widget = shown(elsewhere())
    page.get_by_role("combobox", name=kind).select_option(option)
    field = page.get_by_role("textbox", name=f"Address of the {kind.lower()}")
    assert widget.focused() == f"Address of the {kind.lower()}"
    field.press_sequentially("https://there.example/k3y")
    field.press("Enter")
    assert widget.sent() == [{"op": "where", "kind": kind.lower(), "text": f"{prefix}https://there.example/k3y"}]
    assert field.input_value() == ""
    assert "k3y" not in page.content()

    refused = where()
    refused[kind.lower()]["refused"] = "The address has no scheme. Write it as http://HOST:PORT."
    widget.show(elsewhere(where=refused))
    assert field.is_visible()
    assert page.locator(".swarmprov-test", has_text="The address has no scheme.").is_visible()
    field.press_sequentially("http://127.0.0.1:1")
    field.press("Enter")
    widget.show(elsewhere())
    assert not field.is_visible()
    assert page.get_by_role("combobox", name=kind).evaluate("node => node === document.activeElement")
    assert page.get_by_role("combobox", name=kind).input_value() == where()[kind.lower()]["id"]


def test_a_node_that_is_not_ready_stops_it_and_is_asked_again(shown, page):
    """What is wrong is said beside the choice and by the button, announced, and asked again by a button."""
    widget = shown(elsewhere())
    why = "The node at http://127.0.0.1:1633 has no postage batch to pay with. Buy one."
    widget.show(failing("store", why))
    button = page.get_by_role("button", name="Publish 4 items")
    assert button.get_attribute("aria-disabled") == "true"
    assert page.locator(".swarmprov-test[data-tone=fail]", has_text=why).is_visible()
    assert page.locator(".swarmprov-reason", has_text=why).is_visible()
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('Store: The node')")
    described = page.get_by_role("combobox", name="Store").evaluate(
        "node => document.getElementById(node.getAttribute('aria-describedby')).textContent"
    )
    assert described == why
    page.get_by_role("button", name="Ask the store again").press("Enter")

    assert widget.sent() == [{"op": "test"}]


def test_without_a_node_it_is_said_what_one_can_do(shown, page):
    """Where it stays on this machine the note stands there; the dev wallet is called so, a list of one is hidden."""
    here = where(store=choice("local", "", {"local": "this machine"}), wallet=choice("dev", "", {"dev": "dev"}),
                 batch=choice("", "", {}))  # fmt: skip
    widget = shown(preview(where=here, asking=False, signer={"did": DID, "wallet": WALLET, "dev": True}))
    assert page.get_by_text("Without a Bee node: save it to one file.").is_visible()
    assert page.get_by_text("s dev wallet").is_visible()
    assert not page.get_by_role("combobox", name="Wallet").is_visible()
    assert not page.get_by_role("combobox", name="Postage batch").is_visible()
    widget.show(elsewhere())
    assert page.get_by_role("combobox", name="Postage batch").is_visible()

    assert not page.get_by_text("Without a Bee node: save it to one file.").is_visible()


def test_a_locked_wallet_is_opened_by_a_link_that_goes_with_the_question(shown, page):
    """The link opens a page of this machine in a tab of its own; once it is over nothing of its address is left."""
    widget = shown(publishing())
    widget.show(publishing(unlock=UNLOCK))
    link = page.get_by_role("link", name="Unlock wallet work")
    assert (link.get_attribute("href"), link.get_attribute("target")) == (UNLOCK["url"], "_blank")
    assert "noopener" in link.get_attribute("rel")
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('wallet')")
    assert page.locator(".swarmprov-doing", has_text="waiting for the wallet").is_visible()
    widget.show(publishing())
    assert not page.locator("a[href*=unlock]").count()
    assert "3q2-7w" not in page.content()
    widget.show(publishing(unlock={**UNLOCK, "url": "http://evil.example/unlock/x"}))

    assert page.get_by_role("link").count() == 0


def test_pushing_counts_chunks_and_anchoring_names_the_transaction(shown, page):
    """Bytes and chunks while it is sent, the transaction's state and a link while it is anchored; *Cancel* in both."""
    stages = [*STAGES[:5], "push", *STAGES[5:]]
    sent = {"done": 409_600, "total": 819_200, "chunks": {"done": 100, "total": 200}}
    widget = shown({**publishing(stage="push", bytes=sent), "stages": stages})
    assert page.get_by_text("sending · 410 kB of 819 kB, 100 of 200 chunks").is_visible()
    widget.show({**PHASES["anchoring"], "stages": stages})
    assert page.locator(".swarmprov-doing", has_text="anchoring, transaction pending").is_visible()
    link = page.get_by_role("link", name="Look it up")
    assert link.get_attribute("href") == LINK
    assert "noopener" in link.get_attribute("rel")
    page.get_by_role("button", name="Cancel").press("Enter")
    assert widget.sent() == [{"op": "cancel"}]
    widget.show(publishing(stage="anchor", detail={"text": "transaction pending", "link": "javascript:alert(1)"}))

    assert page.get_by_role("link").count() == 0


def test_the_receipt_says_where_it_is_and_looks_again_until_it_is_final(shown, page):
    """Store, anchor and transaction are there; *Look again* asks; a link that is none of the web's is not made."""
    widget = shown(PHASES["anchored"])
    assert page.get_by_text("http://127.0.0.1:1633, until about 2027-01-20, 92 days").is_visible()
    assert page.get_by_role("link", name="Look the transaction up").get_attribute("href") == LINK
    assert not page.locator(".swarmprov-caution").is_visible()
    page.get_by_role("button", name="Look again how settled the anchor is").press("Enter")
    assert widget.sent() == [{"op": "settle"}]
    widget.show(receipt(anchor="Gnosis, block 41234567", final=True, link="javascript:alert(1)"))
    page.wait_for_function("document.querySelector('[role=status]').textContent === 'Gnosis, block 41234567'")

    assert page.get_by_role("link").count() == 0
    assert not page.get_by_role("button", name="Look again how settled the anchor is").is_visible()


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_of_nodes_and_settings_are_text(shown, page, label):
    """Labels of stores and chains, what a node said, a wallet's name, a coin: nothing of it acts or stands out."""
    bad = {"options": [{"id": "x", "label": label}], "id": "x", "refused": "", "test": {"tone": "fail", "text": label}}
    signer = {"did": DID, "wallet": WALLET, "name": label, "network": label, "holds": label, "left": label}
    places = dict.fromkeys(("store", "batch", "chain", "wallet"), bad)
    cost = {"text": label, "detail": label}
    state = preview(where={**places, "note": label}, signer=signer, stopped=label, cost=cost)
    widget = shown(state, width="320px")
    assert widget.overflow() == []
    widget.show(publishing(unlock={**UNLOCK, "name": label}, detail={"text": label, "link": label}))
    assert widget.overflow() == []
    widget.show(receipt(stored=label, anchor=label, link=label, settling=label))
    assert widget.overflow() == []

    assert page.evaluate("window.hacked") is None
    assert page.locator("section img, section b, section script").count() == 0
