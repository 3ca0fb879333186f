"""CT numbers: attenuation to Hounsfield units and back, and what a drifting calibration does to them."""

from __future__ import annotations

import math

import numpy as np

from radkit.volume import Image, SettingError, UnitMismatch

MU_WATER_PER_MM = 0.0193  # at 70 keV (NIST XCOM); HU only depends on the ratio to it


def attenuation_to_hu(mu_per_mm, mu_water_per_mm: float = MU_WATER_PER_MM):
    """CT number in HU of a linear attenuation coefficient.

    ``HU = 1000 (mu - mu_water) / mu_water``: water is 0 and nothing at all -1000, by definition.

    Parameters
    ----------
    mu_per_mm : a number or an array, per mm.
    mu_water_per_mm : water's coefficient at the same energy, above 0.

    Source: Hounsfield GN. Br J Radiol 1973 (there with a factor of 500).

    Examples
    --------
    >>> attenuation_to_hu(0.0193), attenuation_to_hu(0.0)
    (0.0, -1000.0)
    """
    _check_water(mu_water_per_mm)
    return 1000 * (mu_per_mm - mu_water_per_mm) / mu_water_per_mm


def hu_to_attenuation(hu, mu_water_per_mm: float = MU_WATER_PER_MM):
    """Linear attenuation coefficient per mm of a CT number: ``mu = mu_water (1 + HU / 1000)``.

    Examples
    --------
    >>> round(hu_to_attenuation(1000.0), 4)
    0.0386
    """
    _check_water(mu_water_per_mm)
    return mu_water_per_mm * (1 + hu / 1000)


def drift(hu, epsilon: float, offset_hu: float = 0.0):
    """CT numbers as a scanner reads them whose coefficient of water is wrong by the fraction ``epsilon``.

    ``HU' = (HU + 1000) / (1 + epsilon) - 1000 + offset``: the error is 0 for air and grows toward bone. It is
    affine, so the variance is divided by (1 + epsilon)^2 and skewness and kurtosis stay.

    Parameters
    ----------
    hu : a number, an array, or an Image in HU (an Image comes back as float64, with a note).
    epsilon : relative error of water's coefficient, above -1; 0.005 moves water by 5 HU.
    offset_hu : additive error in HU.

    Examples
    --------
    >>> round(drift(45.0, 0.005), 4)
    39.801
    """
    if not (math.isfinite(epsilon) and epsilon > -1 and math.isfinite(offset_hu)):
        raise SettingError(
            f"drift has epsilon {epsilon} and offset {offset_hu} HU; epsilon must lie above -1, both be finite."
        )
    if isinstance(hu, Image):
        if hu.unit != "HU":
            raise UnitMismatch(f"calibration drift acts on HU, the image is in {hu.unit!r}. Pass a CT image in HU.")
        array = drift(hu.array.astype(np.float64, copy=False), epsilon, offset_hu)
        return hu.with_array(array, note=f"calibration drift epsilon {epsilon:.4g}, offset {offset_hu:.4g} HU")
    return (hu + 1000) / (1 + epsilon) - 1000 + offset_hu


def _check_water(mu_water_per_mm: float) -> None:
    if not (math.isfinite(mu_water_per_mm) and mu_water_per_mm > 0):
        raise SettingError(
            f"mu_water_per_mm is {mu_water_per_mm}; it must be above 0. "
            f"Water at 70 keV has about {MU_WATER_PER_MM} per mm."
        )
