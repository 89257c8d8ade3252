"""References: what people paste is read, what is broken is named, what is secret is not shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.errors import InvalidReference
from swarmprov_nb.swarm import Reference

ADDRESS = "ab" * 32


@pytest.mark.parametrize(
    "text", [ADDRESS, "0x" + ADDRESS, f"bzz://{ADDRESS}", f"bzz://{ADDRESS.upper()}/", f" {ADDRESS}\n"]
)
def test_a_reference_is_read_in_every_form_people_paste(text):
    """Hex with or without 0x, bzz:// and a last slash is one and the same reference."""
    assert Reference.parse(text) == Reference(bytes.fromhex(ADDRESS))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (ADDRESS[:-1], "cut off: it has 63"),
        (ADDRESS + "ab", "cut off: it has 66"),
        (ADDRESS * 2 + "a", "too long: it has 129"),
        (ADDRESS[:-1] + "g", "'g'"),
        ("notebook.ipynb", "'n' in 'notebook.ipynb'"),
    ],
)
def test_a_broken_reference_says_what_is_wrong_and_what_to_do(text, fault):
    """The error names the fault and asks for the whole reference."""
    with pytest.raises(InvalidReference, match="Copy the whole reference") as caught:
        Reference.parse(text)
    assert fault in caught.value.what


def test_a_key_is_never_shown():
    """The key of an encrypted reference is in str, which is shared on purpose, and never in repr."""
    secret = Reference.parse(ADDRESS + "cd" * 32)
    assert secret.secret
    assert "cdcd" not in repr(secret)
    assert str(secret) == ADDRESS + "cd" * 32
    assert not Reference.parse(ADDRESS).secret


def test_a_broken_secret_reference_is_not_echoed():
    """An error about a reference with a key shows one character, not the text."""
    with pytest.raises(InvalidReference) as caught:
        Reference.parse(ADDRESS + "cd" * 31 + "xy")
    assert "cdcd" not in str(caught.value)


@given(st.binary(min_size=32, max_size=32), st.one_of(st.none(), st.binary(min_size=32, max_size=32)))
def test_a_reference_survives_its_text(address, key):
    """Parsing what str gives returns the same reference."""
    assert Reference.parse(str(Reference(address, key))) == Reference(address, key)
