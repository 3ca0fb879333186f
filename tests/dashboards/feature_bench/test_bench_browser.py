"""The bench in Chromium: a turn of each knob is seen, the address keeps the screen, nothing leaves the machine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from radkit_dashboards.feature_bench import app
from radkit_dashboards.feature_bench.state import FeatureBench

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = ["--no-sandbox", "--disable-gpu"]  # the bench draws on plain canvases
CONTRAST, HOMOGENEITY = "cm_contrast_3D_avg", "cm_inv_diff_mom_3D_avg"
KNOBS = {"blur": "Blur (PSF sigma)", "spacing": "Voxel spacing", "width": "Bin width", "count": "Number of bins"}


@pytest.fixture(scope="module")
def address():
    """The bench as `panel serve` gives it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", str(Path(app.__file__)), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--address", "127.0.0.1", "--allow-websocket-origin", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/app"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(url, timeout=120).close()
                break
            except OSError:
                time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


class Page:
    """One open bench, and what it did behind the scenes."""

    def __init__(self, browser, url: str, width: int = 1280, height: int = 900):
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)
        self.open(url)

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _request(self, request) -> None:
        if not re.match(r"(data:|blob:|(http|ws)://127\.0\.0\.1[:/])", request.url):
            self.strangers.append(request.url)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.locator(".features[data-serial]").wait_for(state="attached", timeout=90_000)
        self.page.wait_for_timeout(1500)

    def slider(self, knob: str):
        return self.page.get_by_label(KNOBS[knob], exact=True)

    def serial(self) -> int:
        """How often the table has been given numbers."""
        return int(self.page.locator(".features").get_attribute("data-serial"))

    def wait_past(self, serial: int) -> None:
        """Until the table has newer numbers than those of ``serial``."""
        for _ in range(600):
            if self.serial() > serial:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the table got no new numbers in 30 s")

    def turn(self, knob: str, presses: int = 1, key: str = "ArrowRight") -> None:
        """Press an arrow key on a knob, each time until the table has new numbers."""
        for _ in range(presses):
            serial = self.serial()
            self.slider(knob).focus()
            self.page.keyboard.press(key)
            self.wait_past(serial)

    def press(self, name: str) -> None:
        """Click a button of the top bar and let the page follow."""
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_timeout(1000)

    def fresh(self) -> Page:
        """All knobs at their defaults, which are the baseline, drawer closed; as if just opened."""
        opened = self.page.locator("[role=tab][aria-selected=true]")
        if opened.count():
            opened.first.click()
        self.press("Reset all knobs")
        self.press("Pin this screen")
        self.complaints.clear()
        return self

    def value(self, tag: str) -> float:
        text = self.page.locator(f"tr[data-tag='{tag}'] td.value").text_content()
        return float(re.sub(r"[^\d.eE−-]", "", text).replace("−", "-"))

    def change(self, tag: str) -> str:
        return self.page.locator(f"tr[data-tag='{tag}'] .change").text_content()

    def seen(self) -> dict:
        """What is on screen: the drawn columns of picture, map and histogram, and the table's text."""
        return self.page.evaluate(SEEN) | {"table": self.page.locator(".features tbody").first.text_content()}


SEEN = """() => {
  const sum = (data) => {
    const flat = data instanceof ArrayBuffer ? new Float32Array(data) : data;
    let s = flat.length;
    for (let i = 0; i < flat.length; i++) s = (s * 31 + (Number.isFinite(+flat[i]) ? +flat[i] * 1000 : 7)) % 1e9;
    return s;
  };
  const of = (name, column) => {
    for (const doc of Bokeh.documents) for (const model of doc._all_models.values()) {
      if (model.type !== "Figure" || model.name !== name) continue;
      for (const r of model.renderers) {
        const data = r.data_source.data;
        const got = data.get ? data.get(column) : data[column];
        if (got !== undefined && got.length) return sum(got[0] && got[0].length ? got[0] : got);
      }
    }
    return null;
  };
  return { picture: of("axial", "image"), matrix: of("matrix", "image"), histogram: of("histogram", "top") };
}"""


@pytest.fixture(scope="module")
def opened(browser, address):
    page = Page(browser, address)
    yield page
    page.page.close()


@pytest.fixture
def bench(opened):
    return opened.fresh()


@pytest.mark.parametrize("knob", ["blur", "spacing", "width"])
def test_a_turn_of_each_knob_changes_picture_map_histogram_and_table(bench, knob):
    before = bench.seen()
    assert None not in before.values()
    bench.turn(knob, 4)
    bench.page.wait_for_timeout(300)
    after = bench.seen()
    assert [name for name in before if before[name] == after[name]] == []
    assert bench.complaints == []


def test_with_a_fixed_width_contrast_falls_and_homogeneity_rises_with_blur(bench):
    contrast, homogeneity = bench.value(CONTRAST), bench.value(HOMOGENEITY)
    for _ in range(3):
        bench.turn("blur", 3)
        assert bench.value(CONTRAST) < contrast
        assert bench.value(HOMOGENEITY) > homogeneity
        contrast, homogeneity = bench.value(CONTRAST), bench.value(HOMOGENEITY)
    assert bench.change(CONTRAST).startswith("↓")
    assert bench.change(HOMOGENEITY).startswith("↑")
    bench.page.get_by_role("tab", name="Why it moved").click()
    assert bench.page.get_by_text("Blur mixes neighbors").is_visible()


def test_with_a_fixed_count_the_page_says_that_contrast_need_not_fall(bench):
    bench.press("Fixed count")
    bench.press("Pin this screen")
    assert bench.change(CONTRAST) == "= 0%"
    bench.turn("blur", 3)
    bench.page.get_by_role("tab", name="Why it moved").click()
    assert bench.page.get_by_text("contrast need not fall").is_visible()


def test_reload_restores_the_whole_screen(bench):
    bench.turn("blur", 3)
    bench.turn("width", 2)
    bench.page.locator(".features thead").click()  # a key belongs to the input that has the focus
    bench.page.keyboard.press("b")
    bench.page.wait_for_timeout(1000)
    bench.turn("spacing", 2)
    bench.page.wait_for_timeout(800)
    before, url = bench.seen(), bench.page.url
    labels = [bench.slider(knob).get_attribute("aria-valuetext") for knob in ("blur", "spacing", "width")]
    bench.open(url)
    assert bench.seen() == before
    assert [bench.slider(knob).get_attribute("aria-valuetext") for knob in ("blur", "spacing", "width")] == labels
    assert bench.change(CONTRAST) != "= 0%"


def test_undo_and_reset_come_back(bench):
    start = bench.value(CONTRAST)
    bench.turn("blur", 3)
    bench.page.wait_for_timeout(500)
    moved = bench.value(CONTRAST)
    bench.press("Undo")
    assert moved < bench.value(CONTRAST) <= start
    bench.press("Reset all knobs")
    assert bench.value(CONTRAST) == start
    assert bench.slider("blur").get_attribute("aria-valuenow") == "0"


def test_features_are_found_and_sorted_by_what_moved(bench):
    bench.turn("blur", 4)
    bench.page.wait_for_timeout(900)
    rows = bench.page.locator(".features tbody").nth(1).locator("tr")
    sizes = [
        float(n) if (n := re.sub(r"[^\d.]", "", text)) else 0.0 for text in rows.locator(".change").all_text_contents()
    ]
    finite = [size for size in sizes if size]
    assert finite[:8] == sorted(finite[:8], reverse=True)
    bench.page.get_by_label("Find a feature").fill("sphericity")
    names = bench.page.locator(".features tr:not([hidden]) th[scope=row] .name").all_text_contents()
    assert "Sphericity" in names
    assert len(names) < 4
    bench.page.get_by_label("Find a feature").fill("")
    family = bench.page.get_by_label("Family of features")
    family.select_option("shape")
    shown = bench.page.locator(".features tbody tr:not([hidden]) .family").all_text_contents()
    assert set(shown) == {"shape"}
    family.select_option("")


def test_an_impossible_link_is_answered_with_a_sentence(browser, address):
    page = Page(browser, f"{address}?bin_width=-3&case=nowhere")
    assert "ignored" in page.page.locator(".notice").text_content()
    assert page.value(CONTRAST) > 0
    assert page.complaints == []
    page.page.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_asks_no_stranger_and_does_not_complain(browser, address, tmp_path, width, theme):
    bench = Page(browser, address + ("?theme=dark" if theme == "dark" else ""), width, 844 if width < 600 else 900)
    page = bench.page
    if width < 600:
        page.get_by_role("button", name="Knobs").first.click()
        page.wait_for_timeout(400)
    bench.turn("blur", 2)
    assert page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth") <= 0
    picture = Path(os.environ.get("RADKIT_SHOTS", tmp_path)) / f"bench-{width}-{theme}.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 20_000
    assert bench.strangers == []
    assert bench.complaints == []
    page.close()


def test_the_code_on_the_page_is_that_of_the_state(bench):
    bench.turn("width", 1)
    bench.page.get_by_role("tab", name="Code").click()
    shown = bench.page.locator(".code code").text_content()
    state = FeatureBench()
    state.bin_width = round(state.bin_width + state.knob("bin_width").step, 6)
    assert shown == state.code()
    assert bench.page.get_by_role("button", name="Copy", exact=True).is_visible()
