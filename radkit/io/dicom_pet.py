"""What a DICOM PET slice says about activity, dose and time, for physics.pet to turn into SUV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from radkit.io.dicom_file import Attributes
from radkit.physics.pet import PetHeader, suv_factor
from radkit.volume import SeriesError, UnreadableFile

PHILIPS = "Philips PET Private Group"
GE = "GEMS_PETD_01"
TAGS = (
    "Units", "DecayCorrection", "RadiopharmaceuticalInformationSequence", "PatientWeight", "SeriesDate", "SeriesTime",
    "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "TimezoneOffsetFromUTC", "ActualFrameDuration",
    "FrameReferenceTime", "CorrectedImage", "SUVType", "Manufacturer",
    0x70530010, 0x70531000, 0x70531009, 0x00090010, 0x0009100D,
)  # fmt: skip
CLOCK = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?\Z")
DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})\Z")
ZONE = re.compile(r"([+-])(\d{2})(\d{2})\Z")


def pet_header(slice_: Attributes) -> PetHeader:
    """The header of one slice, with its own frame's start as ``acquisition`` and ``frame_start``."""
    dose = (slice_.items("RadiopharmaceuticalInformationSequence") or [None])[0]
    zone = slice_.text("TimezoneOffsetFromUTC")
    series_date = slice_.text("SeriesDate")
    acquired = _moment(slice_, "AcquisitionDate", "AcquisitionTime") or _full(slice_, "AcquisitionDateTime", zone)
    injected = _full(dose, "RadiopharmaceuticalStartDateTime", zone) if dose else None
    clock = dose.text("RadiopharmaceuticalStartTime") if dose else ""
    return PetHeader(
        units=slice_.text("Units"),
        decay_correction=slice_.text("DecayCorrection"),
        dose_bq=dose.number("RadionuclideTotalDose") if dose else None,
        half_life_s=dose.number("RadionuclideHalfLife") if dose else None,
        weight_kg=slice_.number("PatientWeight"),
        injection=injected or moment(series_date, clock, slice_.name),
        injection_dated=injected is not None,
        series=_moment(slice_, "SeriesDate", "SeriesTime"),
        acquisition=acquired,
        frame_start=acquired,
        frame_duration_ms=slice_.number("ActualFrameDuration"),
        frame_reference_ms=slice_.number("FrameReferenceTime"),
        scan_start=full_moment(slice_.private(0x0009, 0x0D, GE), zone, slice_.name),
        philips_suv_factor=_decimal(slice_.private(0x7053, 0x00, PHILIPS)),
        philips_bqml_factor=_decimal(slice_.private(0x7053, 0x09, PHILIPS)),
        corrected_image=slice_.texts("CorrectedImage"),
        suv_type=slice_.text("SUVType"),
        manufacturer=slice_.text("Manufacturer"),
    )


def suv_factors(slices: Sequence[Attributes]) -> tuple[list[float], str]:
    """For each slice the factor from its rescaled values to SUV, and the sentence that says how.

    The scan starts with the earliest frame of the series; only values that are not decay corrected need the time of
    their own frame.
    """
    headers = [pet_header(slice_) for slice_ in slices]
    for what in ("units", "decay_correction", "suv_type"):
        if len({getattr(header, what) for header in headers}) > 1:
            raise SeriesError(f"the PET series mixes several values of {what}. Export it as one reconstruction.")
    starts = [header.acquisition for header in headers if header.acquisition is not None]
    earliest = min(starts) if starts else None
    pairs = [suv_factor(replace(header, acquisition=earliest)) for header in headers]
    return [factor for factor, _ in pairs], pairs[0][1]


def moment(date: str, clock: str, name: str) -> datetime | None:
    """DICOM's DA and TM as one time, None where either is absent.

    Examples
    --------
    >>> moment("20000907", "112011.00", "slice")
    datetime.datetime(2000, 9, 7, 11, 20, 11)
    """
    if not date or not clock:
        return None
    day, time = DATE.match(date), CLOCK.match(clock)
    try:
        hour, minute, second = (int(part or 0) for part in time.groups()[:3])
        micro = int((time[4] or "0").ljust(6, "0"))
        whole = datetime(int(day[1]), int(day[2]), int(day[3]), hour, minute, min(second, 59), micro)
    except (AttributeError, ValueError, TypeError):
        raise UnreadableFile(f"{name} has a damaged date or time. Export it from the scanner or PACS again.") from None
    return whole + timedelta(seconds=max(0, second - 59))  # second 60 is a leap second


def full_moment(text: str, zone: str, name: str) -> datetime | None:
    """DICOM's DT on the clock of the file's time zone, None where it is absent."""
    if not text:
        return None
    own = text[-5:] if ZONE.match(text[-5:]) else ""
    digits = text[:-5] if own else text
    whole = moment(digits[:8], digits[8:], name)
    if whole is None or not own or not ZONE.match(zone):
        return whole
    return whole + _offset(zone) - _offset(own)


def _offset(zone: str) -> timedelta:
    sign, hours, minutes = ZONE.match(zone).groups()
    return timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)


def _moment(slice_: Attributes, date: str, clock: str) -> datetime | None:
    return moment(slice_.text(date), slice_.text(clock), slice_.name)


def _full(item: Attributes, keyword: str, zone: str) -> datetime | None:
    return full_moment(item.text(keyword), zone, item.name)


def _decimal(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
