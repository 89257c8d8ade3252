"""Tab completion in a real kernel: what can stand there, and nothing else."""

from __future__ import annotations

import pytest


@pytest.fixture
def k(kernel):
    """A kernel with a recorded step, a dataset and a file of the user's."""
    started = kernel({})
    started.run("%load_ext swarmprov")
    made = "table_one = pd.DataFrame({'a': [1]})\nopen('rows.csv', 'w').write('a')"
    started.run(f"%%provenance tidy --dataset table_one\nimport pandas as pd\n{made}")
    return started


def test_names_options_and_words_complete(k, tmp_path):
    """Each word of each magic completes to what it can become."""
    (tmp_path / "work" / "page.html").touch()
    offered = {
        line: k.complete(line)
        for line in (
            "%provenance t",
            "%provenance step:",
            "%provenance step:ti",
            "%provenance artifact:ta",
            "%provenance --ht",
            "%provenance --html pa",
            "%%provenance x --dataset tab",
            "%%provenance x --dataset=tab",
            "%%provenance x --note t",
            "%%provenance x --license cc0",
            "%publish --ye",
            "%publish --hide ta",
            "%publish --license CC-BY-4",
            "%publish --purpose t",
            "%publish --chain ",
            "%verify --require ",
            "%verify st",
            "%verify ../work/s",
            "%verify REF --require an",
            "%verify REF --require anchored --any",
        )
    }

    assert offered == {
        "%provenance t": ["table_one", "tidy"],
        "%provenance step:": ["step:tidy"],
        "%provenance step:ti": ["step:tidy"],
        "%provenance artifact:ta": ["artifact:table_one"],
        "%provenance --ht": ["--html"],
        "%provenance --html pa": ["page.html"],
        "%%provenance x --dataset tab": ["table_one"],
        "%%provenance x --dataset=tab": ["table_one"],
        "%%provenance x --note t": offered["%%provenance x --note t"],  # a text: whatever IPython thinks
        "%%provenance x --license cc0": ["CC0-1.0"],
        "%publish --ye": ["--yes"],
        "%publish --hide ta": ["table_one"],
        "%publish --license CC-BY-4": ["CC-BY-4.0"],
        "%publish --purpose t": offered["%publish --purpose t"],
        "%publish --chain ": ["local", "none"],
        "%verify --require ": ["anchored", "signed"],
        "%verify st": ["study.ipynb"],
        "%verify ../work/s": ["../work/study.ipynb"],
        "%verify REF --require an": ["anchored"],
        "%verify REF --require anchored --any": ["--any-signer"],
    }
    assert "tidy" not in offered["%publish --purpose t"]


@pytest.mark.parametrize("line", ["%provenance step:ti", "%provenance ta", "%publish --license cc-by-4"])
def test_what_is_typed_is_replaced_whole(k, line):
    """The completion stands in the place of the typed word, colon and hyphens included."""
    k.client.complete(line)
    while (reply := k.client.get_shell_msg(timeout=30))["msg_type"] != "complete_reply":
        pass

    assert line[: reply["content"]["cursor_start"]] == line[: line.rindex(" ") + 1]
    assert reply["content"]["cursor_end"] == len(line)


def test_every_option_of_every_magic_completes(k):
    """What a magic's parser knows, Tab offers."""
    from swarmprov_nb import options

    parsers = {
        "%provenance": options.line_options(),
        "%%provenance": options.cell_options(),
        "%publish": options.publish_options(),
        "%verify": options.verify_options("verify"),
    }
    for magic, parser in parsers.items():
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(k.complete(f"{magic} --")) == known


def test_our_inner_magic_is_not_offered(k):
    """Completion after %pro names what people type, not what %%provenance turns into."""
    offered = [*k.complete("%pro"), *k.complete("pro"), *k.complete("%%pro")]

    assert "%provenance" in offered
    assert "%%provenance" in offered
    assert not [word for word in offered if "step" in word]


def test_other_lines_are_left_to_ipython(k):
    """Lines without our magics, also those below a cell magic, complete as always."""
    assert "table_one" in k.complete("tab")
    assert "table_one" in k.complete("%%provenance x\ntab")
    assert "table_one.columns" in [word if "." in word else f"table_one.{word}" for word in k.complete("table_one.col")]


def test_unloading_takes_completion_away(k):
    """After %unload_ext nothing of ours is offered."""
    k.run("%unload_ext swarmprov")

    assert "--license" not in k.complete("%publish --lic")
    assert not [word for word in k.complete("%pro") if "provenance" in word]
