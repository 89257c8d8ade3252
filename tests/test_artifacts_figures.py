"""Figures: the same PNG twice, no time or version in it, and a figure that notices nothing."""

from __future__ import annotations

import io
import pickle
import struct

import pytest

pytest.importorskip("matplotlib")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from swarmprov_nb.artifacts.figures import Figures
from swarmprov_nb.artifacts.registry import family_of

FIGURES = Figures()


@pytest.fixture
def figure():
    drawn, axes = plt.subplots(layout="constrained")
    axes.plot([1, 2, 3], [3, 1, 2], label="mass")
    axes.set_title("Body mass")
    axes.legend()
    yield drawn
    plt.close("all")


def written(value):
    stream = io.BytesIO()
    encoded = FIGURES.encode(value, stream)
    return stream.getvalue(), encoded


def chunks(data):
    place, names = 8, []
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        names.append(data[place + 4 : place + 8].decode())
        place += 12 + length
    return names


def test_a_figure_gives_the_same_bytes_twice(figure):
    """PNG without time stamps or software versions is the same each time."""
    data, encoded = written(figure)

    assert (encoded.media_type, encoded.suffix, encoded.warnings) == ("image/png", ".png", ())
    assert data == written(figure)[0]
    assert set(chunks(data)) <= {"IHDR", "pHYs", "IDAT", "IEND"}


def test_content_is_what_is_seen(figure):
    """The content id is that of the pixels: a new line changes it, drawing does not."""
    before = FIGURES.content_id(figure)
    written(figure)
    unchanged = FIGURES.content_id(figure)
    figure.axes[0].axhline(2)

    assert unchanged == before
    assert FIGURES.content_id(figure) != before


def test_axes_stand_for_their_figure(figure):
    """Axes and sub-figures are written as the figure that holds them."""
    assert FIGURES.content_id(figure.axes[0]) == FIGURES.content_id(figure)
    assert family_of(figure.axes[0], declared=True).name == "figures"
    assert family_of(figure.axes[0]) is None


def test_a_figure_notices_nothing(figure):
    """Size, resolution, layout, canvas, window and pyplot's current figure stay as they were."""
    other = plt.figure()
    manager, canvas = figure.canvas.manager, figure.canvas
    position, open_figures = figure.axes[0].get_position().bounds, plt.get_fignums()
    before = (figure.dpi, tuple(figure.get_size_inches()), figure.stale)
    FIGURES.content_id(figure)
    written(figure)

    assert (figure.dpi, tuple(figure.get_size_inches()), figure.stale) == before
    assert figure.axes[0].get_position().bounds == position
    assert (figure.canvas, figure.canvas.manager) == (canvas, manager)
    assert (plt.get_fignums(), plt.gcf()) == (open_figures, other)


def test_a_figure_that_cannot_be_copied_is_drawn_itself(figure):
    """What refuses to be pickled is drawn all the same, and the warning says so."""
    figure.axes[0].format_coord = lambda x, y: ""
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(figure)
    data, encoded = written(figure)

    assert data.startswith(b"\x89PNG")
    assert "cannot be copied" in encoded.warnings[0]


def test_a_figure_without_pyplot_is_taken():
    """A Figure made by hand is a figure too."""
    bare = Figure(figsize=(3, 2))
    bare.subplots().plot([1, 2])

    assert family_of(bare).name == "figures"
    assert written(bare)[0].startswith(b"\x89PNG")


def test_description_is_for_people(figure):
    """Size and title, in words."""
    assert FIGURES.describe(figure).kind == "figure"
    assert FIGURES.describe(figure).summary == "6.4 × 4.8 inches, “Body mass”"
