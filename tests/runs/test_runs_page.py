"""The page of a run asks no other machine for anything."""

import nbformat
import pytest

from radkit.runs.page import fetches, page


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ('<a href="https://doi.org/10.1148/radiol.2020191145">paper</a>', 0),
        ('<script src="https://cdn.example.org/require.js"></script>', 1),
        ("<link rel=stylesheet href=//cdn.example.org/a.css>", 1),
        ('<img alt="x" src="http://example.org/a.png">', 1),
        ('<img src="data:image/png;base64,AAAA">', 0),
        ("<style>@import url(https://example.org/a.css)</style>", 1),
        ("<script>const about = 'https://bokeh.org'</script>", 0),
    ],
)
def test_what_counts_as_a_request(text, n):
    assert len(fetches(text)) == n


def test_a_page_is_whole_and_forbids_requests():
    cells = [nbformat.v4.new_markdown_cell("# A <i>title</i>\n\n| a | b |\n|---|---|\n| 1 | 2 |")]
    code = nbformat.v4.new_code_cell("print('x')", outputs=[nbformat.v4.new_output("stream", text="<b>x</b>\n")])
    text = page(nbformat.v4.new_notebook(cells=[*cells, code]), "A <title>", "run & done")
    assert fetches(text) == []
    assert "default-src 'none'" in text
    assert "<title>A &lt;title&gt;</title>" in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "run &amp; done" in text
    assert "In [" not in text
