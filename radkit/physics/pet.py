"""PET activity to standardized uptake value by body weight: decay, dose, weight, and what to refuse.

Source: the vendor-neutral pseudo-code for SUV of the QIBA FDG-PET/CT Profile (Radiological Society of North America),
and DICOM PS3.3 C.8.9 (PET Series, PET Image). DICOM's dose is in Bq at the injection time, half-life in seconds,
weight in kg.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from radkit.volume import MissingTag, SettingError, UnitMismatch

F18_HALF_LIFE_MIN = 109.77  # National Nuclear Data Center, 1.8295 h
LEAST_DOSE_BQ = 1e4  # 10 kBq: below it no image; a header that says 370 means MBq
MOST_WEIGHT_KG = 700.0  # above it the header holds grams
MOST_HALF_LIVES = 10.0  # 0.1 % of the dose is left: beyond it date, time or half-life is wrong
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class PetHeader:
    """The DICOM attributes that turn stored PET values (after rescale slope and intercept) into SUV.

    Parameters
    ----------
    units : Units (0054,1001), such as "BQML", "CNTS", "GML".
    decay_correction : Decay Correction (0054,1102): "START", "ADMIN" or "NONE".
    dose_bq : Radionuclide Total Dose (0018,1074).
    half_life_s : Radionuclide Half Life (0018,1075).
    weight_kg : Patient's Weight (0010,1030).
    injection : Radiopharmaceutical Start DateTime (0018,1078), or the time (0018,1072) on the series date.
    injection_dated : True if the date of ``injection`` came from the file; False if it was assumed.
    series : Series Date and Time (0008,0021), (0008,0031).
    acquisition : the earliest Acquisition Date and Time (0008,0022), (0008,0032) of the series.
    frame_start : the acquisition time of this slice's own frame (bed position); None: ``acquisition``.
    frame_duration_ms : Actual Frame Duration (0018,1242).
    frame_reference_ms : Frame Reference Time (0054,1300).
    scan_start : GE's private scan date and time (0009,100D), if there is one.
    philips_suv_factor : Philips' private (7053,1000), from counts to SUV.
    philips_bqml_factor : Philips' private (7053,1009), from counts to Bq/ml.
    corrected_image : Corrected Image (0028,0051), such as ("DECY", "ATTN"); empty where the file has none.
    suv_type : SUV Type (0054,1006), for units GML; empty means body weight ("BW").
    manufacturer : Manufacturer (0008,0070).
    """

    units: str
    decay_correction: str = ""
    dose_bq: float | None = None
    half_life_s: float | None = None
    weight_kg: float | None = None
    injection: datetime | None = None
    injection_dated: bool = False
    series: datetime | None = None
    acquisition: datetime | None = None
    frame_start: datetime | None = None
    frame_duration_ms: float | None = None
    frame_reference_ms: float | None = None
    scan_start: datetime | None = None
    philips_suv_factor: float | None = None
    philips_bqml_factor: float | None = None
    corrected_image: tuple[str, ...] = ()
    suv_type: str = ""
    manufacturer: str = ""


def suv(
    activity_bq_ml: float,
    *,
    weight_kg: float,
    dose_bq: float,
    minutes: float = 0.0,
    half_life_min: float = F18_HALF_LIFE_MIN,
) -> float:
    """Standardized uptake value by body weight, in g/ml.

    ``SUV = activity * weight_g / (dose * 2^(-minutes / half_life))``

    Parameters
    ----------
    activity_bq_ml : activity concentration in Bq/ml, a number or an array, as it is at the time of measurement.
    weight_kg, dose_bq : body weight, and dose at the time of injection.
    minutes : from injection to measurement; 0 where the dose is already decayed to it.
    half_life_min : of the radionuclide; the default is fluorine-18.

    Examples
    --------
    >>> round(suv(12e3, weight_kg=70, dose_bq=370e6), 3)
    2.27
    >>> round(suv(12e3, weight_kg=70, dose_bq=370e6, minutes=60), 3)
    3.316
    """
    return activity_bq_ml * weight_kg * 1000 / (dose_bq * 2 ** (-minutes / half_life_min))


def suv_factor(header: PetHeader) -> tuple[float, str]:
    """Factor from stored PET values (rescaled) to SUV by body weight, in g/ml, and the sentence that says how.

    BQML: ``1000 weight / (dose 2^(-t / half_life))``, where t runs from the injection to the time to which the
    values are decay corrected: the start of the scan (START), the injection itself (ADMIN, t = 0), or the time of
    average activity within each slice's own frame (NONE). CNTS: Philips' factor to SUV, or its factor to Bq/ml and
    then as BQML. GML: 1. The residual in the syringe is not subtracted.

    The start of the scan is the series time. Where that lies after the earliest acquisition the series was
    post-processed, and GE's private scan time, or else the earliest acquisition time, takes its place.

    Raises
    ------
    MissingTag : weight, dose, half-life, a time or a factor is absent, zero or negative; or attenuation or decay
        correction is missing from Corrected Image.
    UnitMismatch : units other than BQML, CNTS, GML; a dose that looks like MBq, a weight that looks like grams;
        an SUV that is not by body weight.
    SettingError : times that contradict each other, or an unknown decay correction.

    Examples
    --------
    >>> header = PetHeader(
    ...     units="BQML", decay_correction="START", dose_bq=370e6, half_life_s=6588, weight_kg=70,
    ...     injection=datetime(2000, 1, 1, 10, 0), series=datetime(2000, 1, 1, 11, 0),
    ... )
    >>> factor, sentence = suv_factor(header)
    >>> round(12e3 * factor, 2)
    3.32
    """
    _require_corrections(header)
    match header.units.upper():
        case "GML":
            if header.suv_type.upper() not in ("", "BW"):
                raise UnitMismatch(
                    f"PET values are SUV of type {header.suv_type}, not by body weight (BW). "
                    "Export the series in BQML, and radkit computes SUV by body weight."
                )
            return 1.0, "values are already SUV by body weight in g/ml (units GML)"
        case "BQML":
            factor, how = _body_weight_factor(header)
            return factor, f"Bq/ml to SUV by body weight: {how}"
        case "CNTS":
            return _philips_factor(header)
    raise UnitMismatch(
        f"PET units are {header.units!r}; SUV can be computed from BQML, CNTS (with Philips' factors) or GML. "
        "Export the series in BQML."
    )


def _philips_factor(header: PetHeader) -> tuple[float, str]:
    if _positive(header.philips_suv_factor):
        factor = float(header.philips_suv_factor)
        return factor, f"counts to SUV by body weight with Philips' factor {factor:.6g} (7053,1000)"
    if _positive(header.philips_bqml_factor):
        scale = float(header.philips_bqml_factor)
        factor, how = _body_weight_factor(header)
        return scale * factor, f"counts to Bq/ml with Philips' factor {scale:.6g} (7053,1009), then to SUV: {how}"
    raise MissingTag(
        "PET units are CNTS, and neither Philips' SUV factor (7053,1000) nor its activity factor (7053,1009) is there. "
        "Export the series in BQML, with private attributes kept."
    )


def _body_weight_factor(header: PetHeader) -> tuple[float, str]:
    weight = _needed(header.weight_kg, "Patient's Weight (0010,1030)", "kg")
    dose = _needed(header.dose_bq, "Radionuclide Total Dose (0018,1074)", "Bq")
    if weight > MOST_WEIGHT_KG:
        raise UnitMismatch(f"Patient's Weight is {weight:.6g} kg, which looks like grams. Correct it to kg.")
    if dose < LEAST_DOSE_BQ:
        raise UnitMismatch(
            f"Radionuclide Total Dose is {dose:.6g} Bq, which looks like MBq. Correct it to Bq (370 MBq is 3.7e8 Bq)."
        )
    about = f"weight {weight:.4g} kg, dose {dose / 1e6:.4g} MBq"
    if header.decay_correction.upper() == "ADMIN":
        return weight * 1000 / dose, f"{about}, values decay corrected to the injection (ADMIN)"
    half_life = _needed(header.half_life_s, "Radionuclide Half Life (0018,1075)", "s")
    measured, what = _time_of_values(header, half_life)
    seconds, midnight = _since_injection(header, measured, half_life)
    factor = weight * 1000 / (dose * 2 ** (-seconds / half_life))
    return factor, f"{about}, decayed over {seconds / 60:.4g} min from the injection to {what}{midnight}"


def _time_of_values(header: PetHeader, half_life_s: float) -> tuple[datetime, str]:
    """When the voxel values hold, and in words."""
    match header.decay_correction.upper():
        case "START":
            return _scan_start(header, half_life_s)
        case "NONE":
            start = header.frame_start or header.acquisition
            if start is None:
                raise MissingTag(
                    "values are not decay corrected (NONE), and Acquisition Time (0008,0032) is missing. "
                    "Export the series again with its acquisition times."
                )
            if not _positive(header.frame_duration_ms):
                return start, "the start of the slice's own frame (decay correction NONE, frame duration unknown)"
            inside = timedelta(seconds=average_activity_s(header.frame_duration_ms / 1000, half_life_s))
            return start + inside, "the average activity of the slice's own frame (decay correction NONE)"
        case "":
            raise MissingTag(
                "Decay Correction (0054,1102) is missing, so nobody knows to which time the values belong. "
                "Export the series again, or give START, ADMIN or NONE."
            )
    raise SettingError(f"Decay Correction is {header.decay_correction!r}; DICOM knows START, ADMIN and NONE.")


def average_activity_s(duration_s: float, half_life_s: float) -> float:
    """Seconds into a frame at which its mean activity occurs: ``ln(k T / (1 - e^(-k T))) / k`` (DICOM C.8.9.4.1.5).

    Examples
    --------
    >>> round(average_activity_s(240, 6588), 2)  # a little before the middle
    119.75
    """
    k = math.log(2) / half_life_s
    return math.log(k * duration_s / -math.expm1(-k * duration_s)) / k


def _scan_start(header: PetHeader, half_life_s: float) -> tuple[datetime, str]:
    series, first = header.series, header.acquisition
    if series is None and first is None:
        raise MissingTag(
            "Series Time (0008,0031) and Acquisition Time (0008,0032) are both missing, so the decay cannot be "
            "computed. Export the series again with its times."
        )
    if series is not None and (first is None or series <= first):
        return series, "the series time (decay correction START)"
    if header.scan_start is not None:
        return header.scan_start, "GE's scan time (0009,100D), as the series time lies after the acquisition"
    why = "as the series time lies after it" if series is not None else "as there is no series time"
    return first, f"the earliest acquisition time, {why}{_other_opinion(header, half_life_s)}"


def _other_opinion(header: PetHeader, half_life_s: float) -> str:
    """The scan start that Frame Reference Time would give, in words, where it differs by more than a minute."""
    if not (_positive(header.frame_reference_ms) and _positive(header.frame_duration_ms)):
        return ""
    start = header.frame_start or header.acquisition
    inside = average_activity_s(header.frame_duration_ms / 1000, half_life_s)
    other = start + timedelta(seconds=inside - header.frame_reference_ms / 1000)
    difference = (header.acquisition - other).total_seconds()
    if abs(difference) <= 60:
        return ""
    side = "earlier" if difference > 0 else "later"
    return f" (Frame Reference Time would put the scan {abs(difference):.0f} s {side})"


def _since_injection(header: PetHeader, measured: datetime, half_life_s: float) -> tuple[float, str]:
    """Seconds from the injection, and a word about midnight."""
    if header.injection is None:
        raise MissingTag(
            "the injection time is missing: neither Radiopharmaceutical Start DateTime (0018,1078) nor Start Time "
            "(0018,1072) is there. Add it, or export values decay corrected to the injection (ADMIN)."
        )
    injection, midnight = header.injection, ""
    if not header.injection_dated and injection > measured and injection - measured < DAY:
        injection -= DAY
        midnight = ", the injection being on the day before"
    seconds = (measured - injection).total_seconds()
    if not 0 <= seconds <= MOST_HALF_LIVES * half_life_s:
        raise SettingError(
            f"the injection lies {seconds / 60:.5g} min before the scan, the half-life is {half_life_s / 60:.4g} min; "
            "a scan lies 0 to 10 half-lives after the injection. Check the injection's date (de-identification may "
            "have shifted only some dates: then keep its time of day), and that the half-life is in seconds."
        )
    return seconds, midnight


def _require_corrections(header: PetHeader) -> None:
    done = {word.upper() for word in header.corrected_image}
    if not done:
        return
    if "ATTN" not in done:
        raise MissingTag(
            f"Corrected Image (0028,0051) is {'/'.join(header.corrected_image)}, without ATTN: without attenuation "
            "correction there is no SUV. Choose the attenuation-corrected series."
        )
    decays = header.units.upper() == "BQML" and header.decay_correction.upper() in ("START", "ADMIN")
    if decays and not done & {"DECY", "DECAY"}:
        raise MissingTag(
            f"Corrected Image (0028,0051) is {'/'.join(header.corrected_image)}, without DECY, but Decay Correction is "
            f"{header.decay_correction}: they contradict each other. Export the series again."
        )


def _positive(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _needed(value: float | None, name: str, unit: str) -> float:
    if value is None:
        raise MissingTag(f"{name} is missing; SUV needs it in {unit}. Add it to the header, or export SUV (GML).")
    if not _positive(value):
        raise MissingTag(
            f"{name} is {value:.6g} {unit}; SUV needs a value above 0. Correct the header, or export SUV (GML)."
        )
    return float(value)
