"""The shell in Chromium: slices without the server, keys, URL, narrow screens, nothing from outside, no error."""

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
LOCAL = ("http://127.0.0.1:", "data:", "blob:")
DEMO = Path(__file__).with_name("shell_demo.py")
# A hash of a row of pixels of a slice, through every shadow root.
PIXELS = """(plane) => {
  const all = (root, found = []) => { for (const el of root.querySelectorAll('*')) {
    found.push(el); if (el.shadowRoot) all(el.shadowRoot, found); } return found; };
  const stage = all(document).find((el) => el.matches(`.stage[data-plane=${plane}]`));
  const canvas = all(stage).find((el) => el.tagName === 'CANVAS');
  const copy = new OffscreenCanvas(canvas.width, 1).getContext('2d', {willReadFrequently: true});
  copy.drawImage(canvas, 0, -(canvas.height * 0.4 | 0));
  const d = copy.getImageData(0, 0, canvas.width, 1).data;
  return d.reduce((sum, v) => (sum * 31 + v) | 0, 7);
}"""
# Milliseconds from a wheel event to the frame in which Bokeh painted the new slice.
LATENCY = """async (count) => {
  const all = (root, found = []) => { for (const el of root.querySelectorAll('*')) {
    found.push(el); if (el.shadowRoot) all(el.shadowRoot, found); } return found; };
  const stage = all(document).find((el) => el.matches('.stage[data-plane=axial]'));
  const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name('axial'));
  let painted = 0;
  const paint = view.paint.bind(view);
  view.paint = (...rest) => { paint(...rest); painted = performance.now(); };
  const times = [];
  for (let k = 0; k < count; k++) {
    await new Promise((r) => setTimeout(r, 40));
    painted = 0;
    const start = performance.now();
    stage.dispatchEvent(new WheelEvent('wheel', {deltaY: k % 20 < 10 ? 100 : -100, bubbles: true, cancelable: true}));
    while (!painted && performance.now() - start < 2000) await new Promise((r) => requestAnimationFrame(r));
    times.push((painted || performance.now()) - start);
  }
  return times;
}"""


def start(*arguments: str):
    with socket.socket() as probe:  # never the default port: other tests of the same run may serve there
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(DEMO), str(port), *arguments], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert f"127.0.0.1:{port}" in line
    return process, f"http://127.0.0.1:{port}/demo"


@pytest.fixture(scope="module")
def address():
    process, url = start()
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open a page; at the end of the test nothing may have gone outside or to the console."""
    contexts, outside, errors = [], [], []

    def open_page(url: str, width: int = 1440, height: int = 900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.sent = []
        page.on("request", lambda r: None if r.url.startswith(LOCAL) else outside.append(r.url))
        page.on("console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("websocket", lambda ws: ws.on("framesent", lambda data: page.sent.append(data)))
        page.goto(url)
        page.wait_for_function("() => window.Bokeh?.documents[0]?.is_idle", timeout=60_000)
        page.locator(".stage[data-plane=axial][aria-label]").wait_for()
        page.wait_for_timeout(500)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert errors == []


def eventually(check, seconds: float = 20.0) -> bool:
    """True as soon as ``check`` holds; a busy machine gets its time."""
    end = time.monotonic() + seconds
    while not (done := check()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(done)


def where(page, plane: str = "axial") -> str:
    return page.locator(f".stage[data-plane={plane}]").get_attribute("aria-label")


def center(page, plane: str = "axial") -> tuple[float, float]:
    box = page.locator(f".stage[data-plane={plane}]").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixels(page) -> int:
    return page.evaluate(PIXELS, "axial")


def value(page) -> float:
    """What the probe reads at the crosshair, HU."""
    return float(page.locator(".probe").inner_text().split("\u202f")[0].replace("\u2212", "-"))


def scroll(page, place: str) -> None:
    page.mouse.move(*center(page))
    page.mouse.wheel(0, 100)
    assert eventually(lambda: where(page) == place)


def leave_inputs(page) -> None:
    page.locator("h1").click()
    page.evaluate("() => document.activeElement.blur()")


def test_scrolling_window_crosshair_and_mask_never_ask_the_server(address, visit):
    page = visit(address)
    assert where(page) == "axial slice 17 of 32, 48.0 mm"
    probe = page.locator(".probe").inner_text().replace("\u202f", " ")
    assert re.fullmatch(r"\S+ HU at x 36.0, y 30.0, z 48.0 mm · voxel \(36, 30, 16\)", probe)
    assert value(page) == 4 * 16 - 60 + 20 * ((30 // 4 + 36 // 4) % 2) + 60

    asked, before = len(page.sent), pixels(page)
    scroll(page, "axial slice 18 of 32, 51.0 mm")
    assert eventually(lambda: pixels(page) != before)

    x, y = center(page)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(x + 6 * step, y + 3 * step)
    page.mouse.up()
    assert eventually(lambda: page.locator(".level").inner_text() != "L 40  W 400\u202fHU")
    assert where(page) == "axial slice 18 of 32, 51.0 mm"

    page.mouse.click(x + 40, y + 20)
    assert eventually(lambda: where(page, "sagittal") != "sagittal slice 37 of 64, 36.0 mm")
    for key, name in (("2", "Lung"), ("1", "Soft tissue")):
        page.keyboard.press(key)
        button = page.get_by_role("button", name=name)
        assert eventually(lambda button=button: button.get_attribute("aria-pressed") == "true")
    page.keyboard.press("m")
    page.get_by_text("Mask: fill").wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("z")
    zoom = page.get_by_role("button", name="Zoom")
    assert eventually(lambda: zoom.get_attribute("aria-pressed") == "true")
    page.wait_for_timeout(600)
    assert page.sent[asked:] == []

    times = np.array(page.evaluate(LATENCY, 60))
    p50, p95 = np.percentile(times, [50, 95])
    print(f"slice scroll, event to paint: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    assert p50 < 200  # the aim of 50 ms is measured on a quiet machine in benchmarks/; a busy one must not lag either
    assert page.sent[asked:] == []


def test_a_new_volume_changes_the_picture_and_nothing_else(address, visit):
    page = visit(address)
    scroll(page, "axial slice 18 of 32, 51.0 mm")
    size, level = page.locator(".stage[data-plane=axial]").bounding_box(), page.locator(".level").inner_text()
    before = pixels(page)
    page.get_by_role("slider", name="Shift").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert eventually(lambda: value(page) == 4 * 17 + 20 * ((30 // 4 + 36 // 4) % 2) + 20)  # the last turn's volume
    assert pixels(page) != before
    assert page.locator(".stage[data-plane=axial]").bounding_box() == size
    assert (where(page), page.locator(".level").inner_text()) == ("axial slice 18 of 32, 51.0 mm", level)

    leave_inputs(page)
    page.keyboard.press("b")
    page.get_by_text("Hold: before").wait_for()
    pinned = value(page)
    page.get_by_role("slider", name="Shift").press("End")
    assert eventually(lambda: value(page) == 4 * 17 + 20 * ((30 // 4 + 36 // 4) % 2) + 200)
    leave_inputs(page)
    now = pixels(page)
    page.keyboard.down(" ")
    assert eventually(lambda: value(page) == pinned and pixels(page) != now)
    page.keyboard.up(" ")
    assert eventually(lambda: pixels(page) == now)


def test_inputs_keep_their_keys_and_the_rest_of_the_keys_work(address, visit):
    page = visit(address)
    level = page.locator(".level").inner_text()
    page.get_by_label("Note").press_sequentially("2bu?")
    assert page.get_by_label("Note").input_value() == "2bu?"
    assert page.locator(".level").inner_text() == level
    leave_inputs(page)
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    surface = "() => getComputedStyle(document.documentElement).getPropertyValue('--panel-surface-color').trim()"
    assert eventually(lambda: page.evaluate(surface).lower() == "#161a20")


def test_leaving_and_coming_back_by_url_gives_the_same_screen(address, visit):
    page = visit(address)
    page.get_by_role("slider", name="Shift").press("End")
    scroll(page, "axial slice 18 of 32, 51.0 mm")
    leave_inputs(page)
    page.keyboard.press("3")
    link = "() => window.location.href"
    assert eventually(lambda: all(part in page.evaluate(link) for part in ("shift=200", "view=51", "1730")))
    again = visit(page.evaluate(link))
    assert where(again) == where(page)
    assert again.locator(".level").inner_text() == page.locator(".level").inner_text()
    assert again.get_by_role("slider", name="Shift").input_value() == "200"
    assert eventually(lambda: pixels(again) == pixels(page))


def test_a_bad_link_is_said_in_one_sentence_as_plain_text(address, visit):
    page = visit(address + "?shift=%3Cimg%20src=x%20onerror=alert(1)%3E")
    notice = page.locator(".notice")
    assert "Shift was <img src=x onerror=alert(1)> in the link" in notice.inner_text()
    assert notice.locator("img").count() == 0
    notice.get_by_role("button", name="Dismiss").click()
    assert eventually(lambda: not notice.is_visible())


def test_every_width_shows_picture_warning_and_knobs_without_sideways_scroll(address, visit):
    page = visit(address, has_touch=True)
    for width in (1440, 1280, 1024, 768, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(400)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert page.locator(".bench").evaluate("(el) => el.scrollWidth") <= width
        assert page.get_by_text("For teaching and research, not for diagnosis.").is_visible()
        stage = page.locator(".stage[data-plane=axial]").bounding_box()
        assert stage["y"] < 300
        assert stage["width"] > 300
        assert page.get_by_role("slider", name="Shift").is_visible() == (width >= 900)
        moved = page.get_by_label("What moved").bounding_box()
        assert (moved["y"] > stage["y"] + stage["height"] - 1) == (width < 1200)
    page.locator(".open-knobs").click()
    assert page.get_by_role("slider", name="Shift").is_visible()
    page.get_by_role("button", name="Close the knobs").click()
    x, y = center(page)
    page.touchscreen.tap(x + 60, y + 30)
    assert eventually(lambda: where(page, "sagittal") != "sagittal slice 37 of 64, 36.0 mm")


def test_a_volume_too_large_to_send_is_shown_slice_by_slice(visit):
    process, url = start("large")
    try:
        page = visit(url)
        before = pixels(page)
        scroll(page, "axial slice 18 of 32, 51.0 mm")
        assert eventually(lambda: pixels(page) != before)
        assert eventually(lambda: "HU at" in page.locator(".probe").inner_text())
    finally:
        process.terminate()
        process.wait(10)


def test_a_page_that_is_not_there_is_a_404(address):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(address + "-none", timeout=10)
    assert error.value.code == 404
