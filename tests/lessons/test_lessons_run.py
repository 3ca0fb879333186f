"""The lesson runs as it says: offline, within its time and memory, without a warning, with the same conclusions."""

import os
import re
from urllib.parse import parse_qsl

import jupytext
import nbformat
import numpy as np
import pytest

import radkit_lessons
from radkit import runs
from radkit.runs.page import fetches
from radkit_dashboards.feature_bench.state import FeatureBench

SLUG = "binning_is_a_decision"
HEADER = jupytext.read(radkit_lessons.path(SLUG)).metadata["radkit"]
SLOWER = 1.5  # a run may take this much more than declared, and no more
VERDICTS = [
    "holds if the maximum is included",
    "contradicted up to 1.5 σ; far beyond, the phase decides",
    "contradicted for stat_, holds for ih_",
    "holds if the unit is calibrated",
    "holds for the information; steadiness depends on the feature (one simulated lesion)",
]

# Python reads this file at the start of every kernel of these tests: no address but the kernel's own files exists.
NO_NETWORK = """\
import socket

_socket = socket.socket


class NoNetwork(_socket):
    def __init__(self, family=-1, *arguments, **settings):
        if family in (socket.AF_INET, socket.AF_INET6, -1):
            raise OSError("no network in this test")
        super().__init__(family, *arguments, **settings)


socket.socket = NoNetwork
"""


@pytest.fixture
def offline(tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(NO_NETWORK)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    """Neither a mirror nor a checkout's neighbor: the embedded default."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("RADKIT_DATA", str(tmp_path / "empty"))
    return {"case": "simulated"}


def within_budget(result, speed):
    """Time and memory as declared. Processor time, where it is known: other work on the machine does not count."""
    seconds = min(result.seconds, result.cpu_seconds or result.seconds)
    memory = result.peak_mib is None or result.peak_mib < SLOWER * HEADER["memory_mib"]
    return seconds < SLOWER * HEADER["run_seconds"][speed] and memory


def run(tmp_path, **parameters):
    return runs.execute(SLUG, parameters, tmp_path / "out")


def said(result):
    """Text of every output, HTML tags taken out; fails where a cell wrote to stderr."""
    texts = []
    for cell in nbformat.read(result.notebook, as_version=4).cells:
        for output in cell.get("outputs", ()):
            assert output.get("name") != "stderr", f"a learner would see: {output['text']}"
            data = output.get("data", {})
            texts += [output.get("text", ""), data.get("text/markdown", ""), data.get("text/html", "")]
    return re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", "\n".join(texts), flags=re.DOTALL)


def conclusions(text):
    return [verdict for verdict in VERDICTS if verdict in text]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_fast_on_the_embedded_default(tmp_path, offline, no_data):
    result = run(tmp_path, **no_data)
    text = said(result)
    assert conclusions(text) == VERDICTS
    assert text.count("Not answered yet.") == 3
    assert "simulated" in text.lower()
    assert within_budget(result, "fast"), result.message
    page = result.html.read_text(encoding="utf-8")
    assert fetches(page) == []
    assert page.count("<figure") == page.count("<figcaption") == 5
    assert page.count('class="radkit-card"') == 6
    assert "Histogram of " in text
    link = re.search(r"/feature_bench\?([^)]+)\)", text)[1]
    bench = FeatureBench()
    bench.from_params(dict(parse_qsl(link)))
    assert (bench.case, bench.bin_method, bench.bin_width, bench.spacing_mm) == ("simulated", "width", 25.0, 0.0)


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.timeout(400)
def test_fast_on_a_real_tumor(tmp_path, mirror, monkeypatch):
    monkeypatch.setenv("RADKIT_DATA", str(mirror))
    text = said(run(tmp_path))
    assert conclusions(text) == VERDICTS
    assert "native/STS_008/CT**: 8,862 voxels" in text
    assert "CC BY 3.0" in text
    assert "Never try to re-identify anyone" in text


def draw(rng):
    """A random value of every knob within its bounds."""
    drawn = {}
    for p in runs.schema(SLUG).parameters:
        match p.kind:
            case "int":
                drawn[p.name] = int(rng.integers(p.low, p.high, endpoint=True))
            case "float":
                drawn[p.name] = float(rng.uniform(p.low, p.high))
            case "choice":
                drawn[p.name] = str(rng.choice(p.choices))
    return drawn


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.timeout(400)
def test_a_random_draw_on_a_pet_says_the_same_in_suv(tmp_path, mirror, monkeypatch):
    monkeypatch.setenv("RADKIT_DATA", str(mirror))
    text = said(run(tmp_path, **{**draw(np.random.default_rng(20)), "case": "sts51/STS_001/PET", "speed": "fast"}))
    assert conclusions(text) == VERDICTS
    assert "bins of 0.5 SUV" in text


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_full_says_the_same_and_answers_get_their_verdict(tmp_path, no_data):
    source = radkit_lessons.path(SLUG).read_text(encoding="utf-8")
    answered = source.replace("my_levels = None", "my_levels = 11").replace("my_variance = None", "my_variance = 430")
    answered = answered.replace("my_low, my_high = None, None", "my_low, my_high = -500, 400")
    answered = answered.replace("predicted_levels = None", "predicted_levels = 20")
    path = tmp_path / "answered.py"
    path.write_text(answered, encoding="utf-8")
    result = runs.execute(path, {**no_data, "speed": "full"}, tmp_path / "out")
    text = said(result)
    assert conclusions(text) == VERDICTS
    assert within_budget(result, "full"), result.message
    assert text.count("Right.") == 2
    assert text.count("Not yet. Open the next hint.") == 1
    assert "Not answered yet." not in text
    assert re.search(r"levels from -100 to 400 HU\s+20\s+21", text)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_case_without_a_calibrated_unit_is_named(tmp_path, no_data):
    with pytest.raises(runs.RunFailed, match="a bin width means nothing before that is calibrated") as failed:
        run(tmp_path, case="ibsi-digital")
    assert "\n" not in str(failed.value)
