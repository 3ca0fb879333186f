"""The one helper that makes foreign text safe to show: names of files, cases, structures, tags of a header."""

from __future__ import annotations

import html
import unicodedata

LIMIT = 80  # characters


def safe(text: object, limit: int = LIMIT) -> str:
    """Foreign text as it may stand in HTML, Markdown, a title or a column header.

    NFKC-normalized, unprintable and direction-changing characters dropped, whitespace collapsed, cut to ``limit``
    characters with an ellipsis, then HTML and Markdown specials escaped as entities (so the result may be longer).

    Examples
    --------
    >>> safe("<b>GTV</b>")
    '&lt;b&gt;GTV&lt;/b&gt;'
    >>> safe("a" * 100)[-2:]
    'a…'
    """
    plain = clean(text, limit)
    return "".join(_ENTITIES.get(c) or html.escape(c, quote=True) for c in plain)


def clean(text: object, limit: int = LIMIT) -> str:
    """Foreign text for places that never read markup (a canvas, an attribute set by a library that escapes).

    Examples
    --------
    >>> clean("GTV\\u202e\\x00  left")
    'GTV left'
    """
    normal = unicodedata.normalize("NFKC", str(text))
    kept = "".join(" " if c.isspace() else c for c in normal if c.isspace() or c.isprintable())
    plain = " ".join(kept.split())
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


# Markdown's and a template's specials: an entity shows the character and means nothing to a parser.
_ENTITIES = {c: f"&#{ord(c)};" for c in "`*_[]{}()#|!\\~$@:"}
