"""A figure in a lesson has its picture, its words, its numbers and its card, and fetches nothing."""

import numpy as np
import pandas as pd
import pytest

from radkit.plots import DoseResponse, Plot, dose_response
from radkit.report import card
from radkit.runs.page import fetches
from radkit_lessons.figure import Figure, ready


@pytest.fixture
def figure():
    blur = DoseResponse(
        knob="blur", knob_unit="mm", settings=(0, 2), feature="contrast", feature_unit="1", values=(8.0, 2.0)
    )
    return Figure(dose_response(blur), card("a figure", seed=1))


def test_picture_words_numbers_and_card(figure):
    text = figure._repr_html_()
    assert fetches(text) == []
    assert "<script" in text
    assert f">{figure.plot.alt}</figcaption>" in text
    assert 'role="img"' in text
    assert "The numbers: 2 x 3" in text
    assert 'class="radkit-card"' in text
    assert figure.plot.alt in repr(figure)


def test_a_long_table_is_cut_and_says_so(figure):
    table = pd.DataFrame(np.zeros((100, 30)))
    text = Figure(Plot("a title", "a <b>word</b>", table, figure.plot.draw), figure.card)._repr_html_()
    assert "The numbers: 100 x 30, the first 40 x 12 shown" in text
    assert "a &lt;b&gt;word&lt;/b&gt;" in text


def test_the_script_stands_in_the_notebook():
    text = ready()._repr_html_()
    assert fetches(text) == []
    assert "Bokeh" in text
    assert len(text) < 2_000_000
    assert len(repr(ready())) < 20
