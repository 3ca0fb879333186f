"""The unit that goes with a modality where a file says neither."""

from __future__ import annotations

from radkit.io.text import nearest, safe_name
from radkit.volume import MODALITIES, SettingError

UNIT_OF = {"CT": "HU", "PET": "SUV", "MR": "a.u.", "OTHER": "1"}


def unit_of(modality: str) -> str:
    """The unit that a file without units is taken to have, by its modality.

    Examples
    --------
    >>> unit_of("PET")
    'SUV'
    """
    if modality not in UNIT_OF:
        near = nearest(modality, MODALITIES)
        hint = f"; the nearest is {near}" if near else ""
        raise SettingError(f"modality is {safe_name(modality)!r}{hint}. Use one of {', '.join(MODALITIES)}.")
    return UNIT_OF[modality]
