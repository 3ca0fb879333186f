"""An executed notebook as one HTML page that asks the network for nothing."""

from __future__ import annotations

import html
import re
from typing import Any

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'"
)
STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--paper:#fff;--code:#f6f8fa;--link:#0061a4}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a3adb8;--line:#343b43;--paper:#14171a;--code:#1d2125;
--link:#7cc0ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:800px;margin:0 auto;padding:24px 20px 80px}
h1{font-size:2.1em;line-height:1.2;margin:.6em 0 .3em}
h2{font-size:1.5em;margin:2em 0 .4em;padding-top:.6em;border-top:1px solid var(--line)}
h3{font-size:1.15em;margin:1.8em 0 .3em}
p,ul,ol{margin:.7em 0}
a{color:var(--link)}
blockquote{margin:1em 0;padding:.2em 1em;border-left:4px solid #d55e00}
pre,code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.82em}
pre{background:var(--code);border-radius:6px;padding:10px 14px;margin:.5em 0;line-height:1.45;white-space:pre-wrap;
overflow-wrap:anywhere}
:not(pre)>code{background:var(--code);color:var(--soft);padding:.1em .35em;border-radius:4px}
summary{cursor:pointer;color:var(--soft)}
details.code{margin:.3em 0}
details.code>summary{font-size:.75em;width:max-content}
.output_stderr pre{border-left:4px solid #d55e00}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9em;margin:.8em 0;display:block;
overflow-x:auto}
caption{text-align:left;color:var(--soft);padding-bottom:4px;white-space:nowrap}
th,td{padding:4px 14px 4px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
.output td,.output thead th{text-align:right;padding:4px 0 4px 18px}
.output tbody th{font-weight:400}
.text_cell thead:not(:has(th:not(:empty))){display:none}
img,svg{max-width:100%}
footer{margin-top:3em;padding-top:1em;border-top:1px solid var(--line);color:var(--soft);font-size:.85em}
"""
# Code is one click away, but what a reader sets or answers is in sight.
CELLS = """{%- extends 'basic/index.html.j2' -%}
{% block input %}{% set tags = cell.metadata.get('tags', []) %}
{% if 'parameters' in tags or 'injected-parameters' in tags or 'answer' in tags %}{{ super() }}
{% else %}<details class="code"><summary>code</summary>{{ super() }}</details>{% endif %}{% endblock %}"""
DARK_CODE = "@media (prefers-color-scheme:dark){%s}"
# What makes a browser fetch: any element with a source elsewhere, except a link that a reader may click.
FETCH = re.compile(
    r"<(?:script|img|iframe|link|source|video|audio|embed|object)\b[^>]*?\b(?:src|href|data)\s*=\s*[\"']?\s*(?:https?:)?//"
    r"|@import\s+(?:url\()?[\"']?(?:https?:)?//",
    re.IGNORECASE,
)


def page(notebook: Any, title: str, footer: str = "") -> str:
    """Render an executed notebook as a self-contained HTML page.

    Parameters
    ----------
    notebook : nbformat notebook with its outputs.
    title : shown in the browser's tab; escaped here.
    footer : one line of text under the page; escaped here.

    Returns
    -------
    str : HTML whose content policy forbids every request; pictures are embedded.
    """
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

    exporter = HTMLExporter(template_name="basic", raw_template=CELLS, embed_images=True)
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    exporter.exclude_anchor_links = True
    body, _ = exporter.from_notebook_node(notebook)
    light = HtmlFormatter(style="default", nobackground=True).get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark", nobackground=True).get_style_defs(".highlight")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{html.escape(title)}</title><style>{STYLE}{light}{DARK_CODE % dark}</style></head>"
        f"<body><main>{body}<footer>{html.escape(footer)}</footer></main></body></html>\n"
    )


def fetches(text: str) -> list[str]:
    """The places of an HTML text where a browser would ask another machine for something.

    Examples
    --------
    >>> fetches('<a href="https://example.org">read</a>')
    []
    >>> fetches('<script src="https://example.org/a.js"></script>')
    ['<script src="https://']
    """
    return [found.group(0) for found in FETCH.finditer(text)]
