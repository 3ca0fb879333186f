"""Tokens, number words and the style sheet of every bench."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

BLUE = "#0072B2"  # the baseline
ORANGE = "#D55E00"  # now
GRAY = "#8A8F98"  # the noise
BLUE_ON_DARK = "#56B4E9"  # the same accent where the surface is dark (contrast)
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
FONT = 'Roboto, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif'
MINUS, TIMES, NARROW = "\u2212", "\u00d7", "\u202f"


def format_value(value: float, unit: str = "1", digits: int = 3) -> str:
    """A number with three significant digits and its unit; "1" is dimensionless and not written.

    Examples
    --------
    >>> format_value(1234.5, "HU").replace(NARROW, " ")
    '1 230 HU'
    >>> format_value(0.012345)
    '0.0123'
    >>> format_value(float("nan"), "mm")
    'undefined'
    """
    if value is None or math.isnan(value):
        return "undefined"
    number = _digits(float(value), digits)
    return number if unit in ("", "1", None) else f"{number}{NARROW}{unit}"


def format_change(relative: float, digits: int = 2) -> str:
    """A relative change with its arrow and sign, never color alone.

    Examples
    --------
    >>> format_change(0.381)
    '↑ +38%'
    >>> format_change(0.0)
    '= 0%'
    """
    if relative is None or math.isnan(relative):
        return "from 0"
    percent = 100 * relative
    if abs(percent) < 0.005:
        return "= 0%"
    arrow, sign = ("↑", "+") if percent > 0 else ("↓", MINUS)
    return f"{arrow} {sign}{_digits(abs(percent), digits)}%"


def _digits(value: float, digits: int) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0"
    sign = MINUS if value < 0 else ""
    exponent = math.floor(math.log10(float(f"{abs(value):.{digits - 1}e}")))
    rounded = float(f"{abs(value):.{digits - 1}e}")
    if exponent >= 6 or exponent < -4:
        mantissa = f"{rounded / 10**exponent:.{digits - 1}f}"
        power = str(exponent).replace("-", MINUS).translate(_SUPERSCRIPT)
        return f"{sign}{mantissa}{TIMES}10{power}"
    text = f"{rounded:.{max(0, digits - 1 - exponent)}f}"
    whole, dot, rest = text.partition(".")
    return f"{sign}{_grouped(whole)}{dot}{rest}"


def _grouped(whole: str) -> str:
    return f"{int(whole):,}".replace(",", NARROW) if len(whole) > 3 else whole


_SUPERSCRIPT = str.maketrans("0123456789" + MINUS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@cache
def asset(name: str) -> str:
    """One of the shell's own scripts or style sheets, as text."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def theme() -> dict:
    """Page settings: quiet surfaces, one accent, light and dark; text on surface at least 4.5:1."""
    fonts = {"fontFamily": FONT, "fontSize": 14}
    light = {
        "primary": {"main": BLUE, "contrastText": "#FFFFFF"},
        "background": {"default": "#F6F7F9", "paper": "#FFFFFF"},
        "text": {"primary": "#1B1F24", "secondary": "#4A525C"},
    }
    dark = {
        "primary": {"main": BLUE_ON_DARK, "contrastText": "#0B0E12"},
        "background": {"default": "#0E1116", "paper": "#161A20"},
        "text": {"primary": "#E8EBEF", "secondary": "#B4BCC6"},
    }
    header = {
        "bgcolor": "background.paper", "color": "text.primary", "backgroundImage": "none", "boxShadow": "none",
        "borderBottom": "1px solid", "borderColor": "divider",
    }  # fmt: skip
    return {
        "theme_config": {
            "light": {"palette": light, "typography": fonts},
            "dark": {"palette": dark, "typography": fonts},
        },
        # The first entry tells panel_material_ui that what stands in the header keeps the surface's colors.
        "sx": {
            ".MuiAppBar-root": {"bgcolor": "primary.contrastText", "color": "primary.main"},
            "height": "100dvh",
            "& .MuiAppBar-root.header": header,
        },
    }
