"""Records of the bench as text: rows of the table, HTML of findings, reasons, code and provenance. All of it safe."""

from __future__ import annotations

import re
from html import escape

from radkit.datasets import NO_REIDENTIFICATION
from radkit.plots import Plot
from radkit_dashboards.feature_bench.state import FeatureBench, Screen
from radkit_dashboards.shell.style import format_change, format_value
from radkit_dashboards.shell.text import safe

FAMILIES = {  # what each family counts, in a word or two that fit beside a feature's name; others keep their own
    "morphology": "shape",
    "local_intensity": "peak",
    "statistics": "intensity",
    "intensity_histogram": "histogram",
    "intensity_volume_histogram": "volume histogram",
    "glcm": "pairs",
    "glrlm": "runs",
    "glszm": "zones",
    "gldzm": "zone distance",
    "ngtdm": "tone difference",
    "ngldm": "dependence",
}


def finding_html(plot: Plot, key: str) -> str:
    """What a plot shows: its finding, the sentence with its numbers for those who do not see it, and its key."""
    title = re.sub(r"(?<=\d) (?=HU|SUV|mm)|(?<=\d) (?=to )|(?<=to) (?=\d)", "\N{NO-BREAK SPACE}", escape(plot.title))
    return f'<h3 class="finding">{title}</h3><p class="key">{escape(key)}</p><p class="unseen">{escape(plot.alt)}</p>'


def rows(screen: Screen) -> list[list]:
    """The table's rows: texts ready to show, and the relative change that the bar and the order need."""
    made = []
    for value, change in zip(screen.features, screen.changes, strict=True):
        moved = change.relative
        unit = change.unit.replace("^2", "²").replace("^3", "³")
        words = format_change(float("nan") if moved is None else moved)
        number = format_value(change.value, unit)
        family = FAMILIES.get(change.family, change.family)
        made.append([change.tag, change.label, family, number, words, moved, value.note])
    return made


def why_html(screen: Screen) -> str:
    """Why it moved, in sentences, and the stages with their times."""
    sentences = "".join(f"<p class='why'>{escape(s)}</p>" for s in screen.why)
    body = "".join(
        f"<tr><th scope='row'>{escape(s.name.replace('_', ' '))}</th>"
        f"<td class='number'>{s.ms:.1f}</td><td>{'yes' if s.cached else 'no'}</td>"
        f"<td class='number'>{s.n_voxels:,}</td><td class='number'>{s.n_levels or ''}</td>"
        f"<td>{escape(s.note)}</td></tr>"
        for s in screen.features.stages
    )
    columns = ("Stage", "Time (ms)", "From cache", "Voxels", "Gray levels", "Note")
    head = "<tr>" + "".join(f"<th scope='col'>{name}</th>" for name in columns) + "</tr>"
    return f'{sentences}<div class="wide"><table class="facts"><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def code_html(code: str) -> str:
    """The code of this screen with a copy button; the browser copies, the server is not asked."""
    copy = "navigator.clipboard.writeText(this.parentNode.querySelector('code').textContent)"
    done = "this.textContent='Copied'; setTimeout(() => { this.textContent = 'Copy' }, 1500)"
    return (
        f'<div class="code"><button type="button" onclick="{escape(copy)}; {escape(done)}">Copy</button>'
        f"<pre><code>{escape(code)}</code></pre></div>"
    )


def provenance_html(screen: Screen, state: FeatureBench) -> str:
    """What these numbers were made of."""
    facts, source = screen.features.provenance, state.scan.source
    pairs = {
        "Recipe": f"{facts['recipe']} ({facts['recipe_hash']})",
        "radkit": facts["radkit_version"],
        "Image, mask (sha256)": f"{facts['image_digest'][:12]}, {facts['mask_digest'][:12]}",
        "Voxels": f"{facts['n_voxels_mask']:,} in the mask as drawn, {facts['n_voxels_intensity']:,} measured",
        "Versions": ", ".join(f"{k} {v}" for k, v in facts["versions"].items()),
        "Data": f"{source.title}. {source.found}",
        "Licence": source.licence,
        "Changes made to the data": source.changes,
        "To cite": " ".join(source.citation),
    }
    body = "".join(f"<tr><th scope='row'>{k}</th><td>{safe(v, 1200)}</td></tr>" for k, v in pairs.items() if v)
    return f'<table class="facts">{body}</table>'


def source_html(state: FeatureBench) -> str:
    """Which data are on screen, in one line; terms and citations on hover."""
    source = state.scan.source
    people = " Never try to re-identify anyone." if NO_REIDENTIFICATION in source.changes else ""
    terms = safe(f"{source.title.rstrip('.')}. {source.changes} {' '.join(source.citation)}", 1500)
    return (
        f'<p class="source" title="{terms}" tabindex="0"><b>{safe(state.case)}</b>, {safe(source.licence)}, '
        f"{safe(source.found.rstrip('.'), 200)}.{people}</p>"
    )
