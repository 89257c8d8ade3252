"""requirements.txt holds the recorded packages, and nothing that a stranger could slip in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.exports.requirements import render


def rendered(*packages, python="3.11.7"):
    environment = {"python": {"version": python, "implementation": "CPython"}, "packages": list(packages)}
    return render({"predicate": {"environment": environment}}, manifest_sha256="ab" * 32).decode()


def lines(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_packages_are_pinned_and_sorted_as_indexes_compare_names():
    names = ["scikit-learn", "Zope.interface", "numpy", "zlib_ng"]
    text = rendered(*({"name": name, "version": "1.0"} for name in names))
    assert lines(text) == ["numpy==1.0", "scikit-learn==1.0", "zlib_ng==1.0", "Zope.interface==1.0"]


def test_the_head_names_the_python_and_the_manifest():
    assert rendered().startswith(
        f"# The packages of the recorded session, from the manifest with sha256 {'ab' * 32}.\n# CPython 3.11.7\n"
    )


def test_what_was_installed_from_a_folder_is_a_comment():
    text = rendered({"name": "mine", "version": "0.1", "editable": True})
    assert lines(text) == []
    assert "# mine 0.1 was installed from a folder" in text


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("numpy\n--extra https://evil.example", "1"),
        ("numpy", "1\nevil"),
        ("numpy", "1 --hash=sha256:00"),
        ("-r other.txt", "1"),
        ("git+https://evil.example/x", "1"),
        ("numpy\u2028evil", "1"),
        ("numpy", "1;os_name=='posix'"),
    ],
)
def test_a_name_or_version_that_is_none_becomes_a_comment(name, version):
    text = rendered({"name": name, "version": version})
    assert lines(text) == []
    assert text.count("\n") == 3


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=20)), max_size=5), st.text(max_size=20))
def test_whatever_the_names_are_each_line_is_a_pin_or_a_comment(pairs, python):
    text = rendered(*({"name": name, "version": version} for name, version in pairs), python=python)
    assert text.isascii()
    assert text.count("\n") == 2 + len(pairs)
    assert all("==" in line and " " not in line for line in lines(text))
