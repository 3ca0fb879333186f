"""Numbers in words, and colors that can be read."""

import math

import pytest

from radkit_dashboards.shell.style import BLUE, MINUS, NARROW, ORANGE, format_change, format_value, theme


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0, "HU", "0 HU"), (1234.5, "HU", "1 230 HU"), (-0.0123456, "1", "−0.0123"), (99.96, "mm", "100 mm"),
     (9.996, "1", "10.0"), (2.5, "SUV", "2.50 SUV"), (1.5e9, "1", "1.50×10⁹"), (2e-7, "bits", "2.00×10⁻⁷ bits"),
     (math.nan, "HU", "undefined"), (None, "HU", "undefined"), (-math.inf, "1", "−∞"), (999_600, "1", "1.00×10⁶")],
)  # fmt: skip
def test_three_significant_digits_and_the_unit(value, unit, shown):
    assert format_value(value, unit).replace(NARROW, " ") == shown


@pytest.mark.parametrize(
    ("relative", "shown"),
    [(0.381, "↑ +38%"), (-0.06, f"↓ {MINUS}6.0%"), (0.0, "= 0%"), (1e-6, "= 0%"), (math.nan, "from 0"),
     (12.3, "↑ +1 200%")],
)  # fmt: skip
def test_changes_carry_arrow_and_sign(relative, shown):
    assert format_change(relative).replace(NARROW, " ") == shown


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_accent_can_be_read_on_every_surface(mode):
    palette = theme()["theme_config"][mode]["palette"]
    for surface in palette["background"].values():
        assert contrast(palette["text"]["primary"], surface) >= 7
        assert contrast(palette["text"]["secondary"], surface) >= 4.5
        assert contrast(palette["primary"]["main"], surface) >= 4.5
    assert contrast(palette["primary"]["main"], palette["primary"]["contrastText"]) >= 4.5


def test_baseline_and_now_differ_without_color():
    assert abs(luminance(BLUE) - luminance(ORANGE)) > 0.02
