"""SUV by body weight: the formula (claim A06), every branch of the header, and everything that is refused."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from radkit.physics import PetHeader, suv, suv_factor
from radkit.physics.pet import average_activity_s
from radkit.volume import MissingTag, SettingError, UnitMismatch

approx = pytest.approx

T0 = datetime(2001, 5, 4, 10, 0)
HOUR = timedelta(hours=1)
HALF_LIFE_S = 109.77 * 60
HEADER = PetHeader(
    units="BQML",
    decay_correction="START",
    dose_bq=370e6,
    half_life_s=HALF_LIFE_S,
    weight_kg=70,
    injection=T0,
    series=T0 + HOUR,
    acquisition=T0 + HOUR,
    corrected_image=("DECY", "ATTN", "SCAT"),
)
UNDECAYED = 70_000 / 370e6


def decayed(minutes):
    return UNDECAYED * 2 ** (minutes / 109.77)


def test_formula_with_and_without_decay():
    assert suv(12e3, weight_kg=70, dose_bq=370e6) == approx(12 * 70 / 370)
    assert round(suv(12e3, weight_kg=70, dose_bq=370e6), 3) == 2.270
    assert round(suv(12e3, weight_kg=70, dose_bq=370e6, minutes=60), 3) == 3.316


def test_bqml_start_decays_the_dose_to_the_series_time():
    factor, how = suv_factor(HEADER)
    assert 12e3 * factor == approx(3.316, abs=5e-4)
    assert "70 kg" in how
    assert "370 MBq" in how
    assert "60 min" in how
    assert "series time" in how


def test_series_before_the_acquisition_counts():
    header = replace(HEADER, acquisition=T0 + 2 * HOUR)
    assert suv_factor(header)[0] == approx(decayed(60))


def test_altered_series_time_gives_way_to_the_acquisition():
    header = replace(HEADER, series=T0 + 5 * HOUR)
    factor, how = suv_factor(header)
    assert factor == approx(decayed(60))
    assert "earliest acquisition time, as the series time lies after it" in how
    ge = replace(header, scan_start=T0 + timedelta(minutes=57))
    assert suv_factor(ge)[0] == approx(decayed(57))
    assert "0009,100D" in suv_factor(ge)[1]


def test_ge_scan_time_is_not_used_where_the_series_time_is_sound():
    assert suv_factor(replace(HEADER, scan_start=T0))[0] == approx(decayed(60))


def test_frame_reference_time_that_disagrees_is_mentioned():
    header = replace(HEADER, series=T0 + 5 * HOUR, frame_duration_ms=120_000, frame_reference_ms=1_260_000)
    assert "Frame Reference Time would put the scan 1200 s earlier" in suv_factor(header)[1]
    agrees = replace(header, frame_reference_ms=60_000)
    assert "Frame Reference" not in suv_factor(agrees)[1]


def test_missing_series_time_falls_back_on_the_acquisition():
    factor, how = suv_factor(replace(HEADER, series=None))
    assert factor == approx(decayed(60))
    assert "no series time" in how


def test_admin_needs_neither_times_nor_half_life():
    header = replace(HEADER, decay_correction="ADMIN", injection=None, series=None, acquisition=None, half_life_s=None)
    factor, how = suv_factor(header)
    assert factor == approx(UNDECAYED)
    assert "ADMIN" in how


def test_none_decays_each_frame_by_its_own_time():
    header = replace(HEADER, decay_correction="NONE", corrected_image=("ATTN",))
    assert suv_factor(header)[0] == approx(decayed(60))
    later = replace(header, frame_start=T0 + HOUR + timedelta(minutes=10), frame_duration_ms=240_000)
    inside = average_activity_s(240, HALF_LIFE_S)
    assert 118 < inside < 120
    assert suv_factor(later)[0] == approx(decayed(70 + inside / 60))
    with pytest.raises(MissingTag, match="Acquisition Time"):
        suv_factor(replace(header, acquisition=None))


def test_average_activity_is_the_time_of_the_mean_of_the_decay():
    half_life, duration, n = 122.0, 600.0, 200_000
    mean = sum(2 ** (-(i + 0.5) / n * duration / half_life) for i in range(n)) / n
    assert 2 ** (-average_activity_s(duration, half_life) / half_life) == approx(mean, rel=1e-9)


def test_counts_with_philips_factors():
    counts = replace(HEADER, units="CNTS", philips_suv_factor=0.0012, philips_bqml_factor=3.0)
    assert suv_factor(counts)[0] == 0.0012
    assert "7053,1000" in suv_factor(counts)[1]
    activity = replace(counts, philips_suv_factor=0.0)  # present and useless, as Philips writes it
    assert suv_factor(activity)[0] == approx(3.0 * decayed(60))
    assert "7053,1009" in suv_factor(activity)[1]
    with pytest.raises(MissingTag, match="7053,1000"):
        suv_factor(replace(activity, philips_bqml_factor=None))


def test_gml_is_suv_already_unless_it_is_another_suv():
    gml = PetHeader(units="GML")
    assert suv_factor(gml)[0] == 1
    assert suv_factor(replace(gml, suv_type="BW"))[0] == 1
    with pytest.raises(UnitMismatch, match="LBM"):
        suv_factor(replace(gml, suv_type="LBM"))


def test_time_only_injection_before_midnight_belongs_to_the_day_before():
    scan = datetime(2001, 5, 4, 0, 20)
    header = replace(HEADER, injection=datetime(2001, 5, 4, 23, 30), series=scan, acquisition=scan)
    factor, how = suv_factor(header)
    assert factor == approx(decayed(50))
    assert "day before" in how
    with pytest.raises(SettingError, match="0 to 10 half-lives"):
        suv_factor(replace(header, injection_dated=True))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"weight_kg": None}, "Patient's Weight .* is missing"),
        ({"weight_kg": 0.0}, "Patient's Weight .* is 0 kg"),
        ({"weight_kg": -70.0}, "Patient's Weight .* is -70 kg"),
        ({"dose_bq": None}, "Total Dose .* is missing"),
        ({"dose_bq": 0.0}, "Total Dose .* is 0 Bq"),
        ({"half_life_s": None}, "Half Life .* is missing"),
        ({"half_life_s": float("nan")}, "Half Life .* is nan"),
        ({"injection": None}, "injection time is missing"),
        ({"series": None, "acquisition": None}, "both missing"),
        ({"decay_correction": ""}, "Decay Correction .* is missing"),
        ({"corrected_image": ("DECY",)}, "without ATTN"),
        ({"corrected_image": ("ATTN",)}, "without DECY"),
    ],
)
def test_missing_tags_are_named(change, name):
    with pytest.raises(MissingTag, match=name):
        suv_factor(replace(HEADER, **change))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"dose_bq": 370.0}, UnitMismatch, "370 Bq, which looks like MBq"),
        ({"weight_kg": 70_000.0}, UnitMismatch, "looks like grams"),
        ({"units": "CM2ML"}, UnitMismatch, "CM2ML"),
        ({"half_life_s": 109.77}, SettingError, "half-life is in seconds"),
        ({"injection": T0 - timedelta(days=900), "injection_dated": True}, SettingError, "de-identification"),
        ({"decay_correction": "SCAN"}, SettingError, "SCAN"),
    ],
)
def test_contradictions_are_refused(change, error, words):
    with pytest.raises(error, match=words):
        suv_factor(replace(HEADER, **change))


@pytest.mark.mirror
def test_real_series_gives_the_published_suv(mirror):
    """STS_001, eight raw BQML slices: SUV from the header against the SUV volume of the same patient, to 1e-3."""
    import nibabel
    import numpy as np
    import pydicom

    volume = nibabel.load(mirror / "sts51" / "PET" / "STS_001_PET.nii.gz")
    published = np.asarray(volume.dataobj)  # (x, y, z), 0.001 SUV per unit
    worst, compared = 0.0, 0
    for file in sorted((mirror / "dicom_suv" / "STS_001_BQML").glob("*.dcm")):
        d = pydicom.dcmread(file)
        dose = d.RadiopharmaceuticalInformationSequence[0]
        header = PetHeader(
            units=d.Units,
            decay_correction=d.DecayCorrection,
            dose_bq=float(dose.RadionuclideTotalDose),
            half_life_s=float(dose.RadionuclideHalfLife),
            weight_kg=float(d.PatientWeight),
            injection=_at(d.SeriesDate, dose.RadiopharmaceuticalStartTime),
            series=_at(d.SeriesDate, d.SeriesTime),
            acquisition=_at(d.AcquisitionDate, d.AcquisitionTime),
            corrected_image=tuple(d.CorrectedImage),
        )
        image = d.pixel_array * float(d.RescaleSlope) * suv_factor(header)[0]  # (y, x)
        x, y, z = d.ImagePositionPatient
        ijk = np.linalg.inv(volume.affine) @ (-x, -y, z, 1)  # RAS index of this slice's first pixel
        k, i, j = round(ijk[2]), round(-ijk[0]), round(-ijk[1])
        if not 0 <= k < published.shape[2]:
            continue
        crop = published[:, :, k].T * 0.001 if published.dtype.kind == "i" else published[:, :, k].T
        mine = image[j : j + crop.shape[0], i : i + crop.shape[1]]
        worst, compared = max(worst, float(np.abs(mine - crop).max())), compared + 1
    assert compared == 8
    assert worst <= 1e-3


def _at(date, time):
    return datetime.strptime(date + time.split(".")[0], "%Y%m%d%H%M%S")
