"""DICOM series: geometry, units, order, and one named sentence for each way a series can be broken."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from radkit.io import read, read_dicom
from radkit.volume import (
    GeometryError,
    MissingTag,
    RadkitError,
    RefusedFile,
    SeriesError,
    SettingError,
    UnreadableFile,
)


def test_ct_is_sorted_by_position_and_in_hu(series):
    folder, voxels = series("CT")
    image = read(folder)
    assert (image.modality, image.unit) == ("CT", "HU")
    assert image.array.dtype == np.int16
    np.testing.assert_array_equal(image.array, voxels - 1024)
    assert image.grid.spacing_mm == (3.0, 2.0, 1.5)
    assert image.grid.origin_mm == (100.0, 20.0, -10.0)
    np.testing.assert_array_equal(image.grid.direction, np.eye(3))


def test_slices_against_the_normal_are_turned_with_their_grid(series):
    folder, voxels = series("CT", step=-3.0)
    image = read(folder)
    np.testing.assert_array_equal(image.array, voxels[::-1] - 1024)
    assert image.grid.origin_mm[0] == 100 - 3 * 3.0


def test_an_oblique_series_keeps_its_place(series):
    row, column = np.array([1, 0, 0]), np.array([0, 0.8, 0.6])
    normal = np.cross(row, column)

    def edit(ds, i):
        ds.ImageOrientationPatient = [*row, *column]
        ds.ImagePositionPatient = [float(f"{v:.6g}") for v in [5, 6, 7] + 3.0 * i * normal]

    image = read(series("MR", edit=edit, RescaleIntercept=0)[0])
    assert image.unit == "a.u."
    for index in np.ndindex(2, 2, 2):
        k, j, i = index
        world = np.array([5, 6, 7]) + 3.0 * k * normal + 2.0 * j * column + 1.5 * i * row
        np.testing.assert_allclose(image.grid.to_world(index), world[::-1], atol=1e-6)


def test_every_slice_has_its_own_rescale(series):
    def edit(ds, i):
        ds.RescaleSlope, ds.RescaleIntercept = 0.5 + i, 2.0 * i

    folder, voxels = series("MR", edit=edit)
    expected = [voxels[i] * (0.5 + i) + 2.0 * i for i in range(4)]
    np.testing.assert_allclose(read(folder).array, expected, rtol=1e-15)


def test_mr_without_rescale_is_stored_as_it_is(series):
    def edit(ds, i):
        del ds.RescaleSlope, ds.RescaleIntercept

    folder, voxels = series("MR", edit=edit)
    image = read(folder)
    np.testing.assert_array_equal(image.array, voxels)
    assert image.array.dtype == np.int16


def test_twelve_of_sixteen_bits_are_read_with_their_sign(series):
    def edit(ds, i):
        values = np.full((5, 6), 0x7FFF if i else 0xF800, np.uint16)  # the upper four bits are someone else's
        ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.PixelData = 12, 11, 1, values.tobytes()

    image = read(series("CT", n=2, edit=edit, RescaleIntercept=0)[0])
    assert image.array[0].max() == image.array[0].min() == -(2**11)
    assert image.array[1].max() == image.array[1].min() == -1


def test_unsigned_values_beyond_int16_stay_exact(series):
    def edit(ds, i):
        values = np.full((5, 6), 65535, np.uint16)
        ds.PixelRepresentation, ds.PixelData = 0, values.tobytes()

    image = read(series("CT", n=2, edit=edit)[0])
    assert image.array.max() == 65535 - 1024
    assert image.array.dtype == np.int32


def test_a_pet_series_becomes_suv_and_says_so(series):
    folder, voxels = series("PT", RescaleSlope=3.0)
    image = read(folder)
    factor = 70 * 1000 / (370e6 * 2 ** (-3600 / 6588))
    np.testing.assert_allclose(image.array, voxels * 3.0 * factor, rtol=1e-12)
    assert (image.modality, image.unit) == ("PET", "SUV")
    assert "SUV by body weight" in image.notes[-1]


def test_a_pet_series_can_keep_its_activity(series):
    folder, voxels = series("PT", RescaleSlope=3.0)
    image = read(folder, unit="Bq/ml")
    np.testing.assert_allclose(image.array, voxels * 3.0, rtol=1e-15)
    assert image.unit == "Bq/ml"
    assert "not converted" in image.notes[-1]


def test_pet_values_without_decay_correction_use_the_time_of_their_own_frame(series):
    def edit(ds, i):
        ds.AcquisitionTime = f"11{10 * i:02}00"

    folder, voxels = series("PT", n=3, edit=edit, DecayCorrection="NONE")
    image = read(folder)
    for i in range(3):
        factor = 70 * 1000 / (370e6 * 2 ** (-(3600 + 600 * i) / 6588))
        np.testing.assert_allclose(image.array[i], voxels[i] * factor, rtol=1e-12)


def test_the_scan_starts_with_the_earliest_frame(series):
    def edit(ds, i):
        ds.AcquisitionTime, ds.SeriesTime = f"11{30 - 10 * i:02}00", "120000"  # post-processed: series time is later

    image = read(series("PT", n=3, edit=edit)[0])
    assert "70 min" in image.notes[-1]  # 10:00 to 11:10, the last slice's frame


def test_the_injection_date_and_time_zone_are_kept(series):
    def edit(ds, i):
        dose = ds.RadiopharmaceuticalInformationSequence[0]
        dose.RadiopharmaceuticalStartDateTime = "20010304080000+0000"
        ds.TimezoneOffsetFromUTC = "+0200"  # so 10:00 on the scanner's clock

    assert "60 min" in read(series("PT", edit=edit)[0]).notes[-1]


def test_missing_weight_is_refused_by_name(series):
    with pytest.raises(MissingTag, match="Patient's Weight"):
        read(series("PT", PatientWeight=None)[0])


def test_philips_private_factor_needs_its_creator(series):
    def edit(ds, i):
        ds.Units = "CNTS"
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.0005")

    folder, voxels = series("PT", edit=edit)
    np.testing.assert_allclose(read(folder).array, voxels * 0.0005, rtol=1e-12)

    def of_another_vendor(ds, i):
        ds.Units = "CNTS"
        ds.private_block(0x7053, "SOMEBODY ELSE", create=True).add_new(0x00, "DS", "0.0005")

    with pytest.raises(MissingTag, match="Philips"):
        read(series("PT", name="other", edit=of_another_vendor)[0])


def test_a_missing_slice_is_named_with_its_place(series):
    folder, _ = series("CT", n=6)
    (folder / "015-3.dcm").unlink(missing_ok=True)
    names = sorted(folder.iterdir())
    assert len(names) == 6
    by_position = {file: i for i, file in enumerate(names)}
    victim = next(f for f in by_position if f.name.endswith("-3.dcm"))  # InstanceNumber 3 of 6: index 3, at 109 mm
    victim.unlink()
    with pytest.raises(SeriesError, match=r"gap: slices are 3 mm apart, but none lies between 106\.00 and 112\.00 mm"):
        read(folder)


def test_duplicates_are_named(series):
    def edit(ds, i):
        ds.ImagePositionPatient = [-10.0, 20.0, 100 + 3.0 * (i // 2)]

    with pytest.raises(SeriesError, match="2 of 4 slices lie where another one lies already"):
        read(series("CT", edit=edit)[0])


def test_uneven_spacing_is_named(series):
    def edit(ds, i):
        ds.ImagePositionPatient = [-10.0, 20.0, 100 + 3.0 * i + (0.8 if i == 2 else 0)]

    with pytest.raises(SeriesError, match=r"unevenly spaced, from 2.2 to 3.8 mm"):
        read(series("CT", edit=edit)[0])


def test_gantry_tilt_is_named(series):
    def edit(ds, i):
        ds.ImagePositionPatient = [-10.0, 20.0 + 0.5 * i, 100 + 3.0 * i]

    with pytest.raises(SeriesError, match="gantry tilt"):
        read(series("CT", edit=edit)[0])


@pytest.mark.parametrize(
    ("attribute", "value", "words"),
    [
        ("ImageOrientationPatient", [0, 1, 0, 0, 0, -1], "mixes orientations"),
        ("PixelSpacing", [2.0, 1.6], "mixes pixel spacings"),
        ("BitsStored", 12, "several pixel types"),
    ],
)
def test_a_slice_unlike_the_others_is_named(series, attribute, value, words):
    def edit(ds, i):
        if i == 1:
            setattr(ds, attribute, value)
            ds.HighBit = ds.BitsStored - 1

    with pytest.raises(SeriesError, match=words):
        read(series("CT", edit=edit)[0])


def test_mixed_sizes_are_named(series):
    def edit(ds, i):
        if i == 1:
            ds.Rows, ds.PixelData = 4, ds.PixelData[: 4 * 6 * 2]

    with pytest.raises(SeriesError, match="sizes"):
        read(series("CT", edit=edit)[0])


def test_two_series_in_a_folder_are_listed_and_can_be_chosen(series):
    folder, voxels = series("CT")

    def edit(ds, i):
        ds.SeriesInstanceUID, ds.SeriesNumber = "1.2.3.9", 2

    other, _ = series("MR", n=3, name="other", edit=edit, RescaleIntercept=0)
    for i, file in enumerate(other.iterdir()):
        file.rename(folder / f"mr{i}.dcm")
    with pytest.raises(SeriesError, match=r"2 series \(1: MR, 3 images, series number 2; 2: CT, 4 images") as error:
        read(folder)
    assert "CANARY" not in str(error.value)
    assert "1.2.3.9" not in str(error.value)
    assert read(folder, series=1).modality == "MR"
    np.testing.assert_array_equal(read(folder, series=2).array, voxels - 1024)
    assert read(folder, modality="CT").modality == "CT"
    with pytest.raises(SeriesError, match="series is 3"):
        read(folder, series=3)
    with pytest.raises(SettingError, match="no series of modality PET"):
        read(folder, modality="PET")


def test_other_files_of_the_folder_are_left_out_and_noted(series, rtstruct):
    folder, _ = series("CT")
    (folder / "README.txt").write_text("a note")
    rtstruct({"GTV": [[[0, 0, 0], [1, 0, 0], [1, 1, 0]]]}).rename(folder / "RS.dcm")
    assert read(folder).notes == ("2 files of the folder hold no CT, MR or PET image and were left out",)


def test_nothing_of_the_patient_leaves_the_file(series, tmp_path):
    from radkit.io import write_nifti, write_nrrd

    image = read(series("PT")[0])
    write_nifti(tmp_path / "a.nii", image)
    write_nrrd(tmp_path / "a.nrrd", image)
    everything = repr(image.notes) + repr(image.grid) + image.modality + image.unit
    for file in ("a.nii", "a.nrrd"):
        everything += (tmp_path / file).read_bytes().decode("latin-1")
    for secret in ("CANARY", "19010203", "20010304", "1.2.3.4"):
        assert secret not in everything


@pytest.mark.parametrize(
    ("attributes", "error", "words"),
    [
        ({"BurnedInAnnotation": "YES"}, RefusedFile, "burned into its pixels"),
        ({"NumberOfFrames": 3}, RefusedFile, "multi-frame"),
        ({"RescaleType": "Z_EFF"}, RefusedFile, "not in Hounsfield units"),
        ({"RescaleSlope": None}, MissingTag, "no RescaleSlope"),
        ({"RescaleSlope": 0}, UnreadableFile, "RescaleSlope of 0"),
        ({"ImagePositionPatient": None}, MissingTag, "no ImagePositionPatient"),
        ({"PixelSpacing": [0.0, 1.0]}, GeometryError, "pixel spacing"),
        ({"PixelSpacing": [-1.0, 1.0]}, GeometryError, "pixel spacing"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, GeometryError, "right angles"),
        ({"SamplesPerPixel": 3}, RefusedFile, "color"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, RefusedFile, "color"),
        ({"HighBit": 13}, RefusedFile, "upper bits"),
        ({"Rows": 60000, "Columns": 60000}, RefusedFile, "limit is 2048"),
        ({"Rows": 0}, UnreadableFile, "0 rows"),
    ],
)
def test_a_series_that_cannot_be_read_is_refused_by_name(series, attributes, error, words):
    with pytest.raises(error, match=words):
        read(series("CT", **attributes)[0])


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("image_dfl.dcm", "deflated"),
        ("MR_small_RLE.dcm", "RLE Lossless"),
        ("693_J2KI.dcm", "JPEG 2000"),
        ("JPEG-lossy.dcm", "JPEG"),
        ("MR_truncated.dcm", "truncated"),
        ("rtdose.dcm", "RTDOSE"),
        ("no_meta.dcm", "does not know"),
    ],
)
def test_files_shipped_with_pydicom_are_refused_by_name(file, words):
    with pytest.raises(RadkitError, match=words):
        read(get_testdata_file(file))


@pytest.mark.parametrize("file", ["MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm"])
def test_all_uncompressed_transfer_syntaxes_read_the_same(file):
    image = read(get_testdata_file(file))
    np.testing.assert_array_equal(image.array, read(get_testdata_file("MR_small.dcm")).array)
    assert image.array.shape == (1, 64, 64)


def test_a_single_ct_slice_from_pydicom():
    import pydicom

    file = get_testdata_file("CT_small.dcm")
    image = read_dicom(file)
    np.testing.assert_array_equal(image.array[0], pydicom.dcmread(file).pixel_array - 1024)
    assert image.grid.spacing_mm == pytest.approx((5.0, 0.661468, 0.661468))


def test_units_that_do_not_fit_are_refused(series):
    with pytest.raises(SettingError, match="Leave unit out"):
        read(series("CT")[0], unit="SUV")
    with pytest.raises(SettingError, match="SUV or Bq/ml"):
        read(series("PT", name="pet")[0], unit="HU")


@pytest.mark.mirror
def test_raw_activity_becomes_the_published_suv(mirror):
    image = read(mirror / "dicom_suv" / "STS_001_BQML")
    published = read(mirror / "sts51" / "PET" / "STS_001_PET.nii.gz", modality="PET")
    index = np.argwhere(np.ones(published.array.shape, bool))
    there = image.grid.to_index(published.grid.to_world(index))
    nearest = np.rint(there).astype(int)
    inside = (nearest >= 0).all(axis=1) & (nearest < image.array.shape).all(axis=1)
    assert inside.sum() == 8 * 31 * 29
    np.testing.assert_allclose(there[inside], nearest[inside], atol=1e-3)
    difference = image.array[tuple(nearest[inside].T)] - published.array[tuple(index[inside].T)]
    assert np.abs(difference).max() < 1e-3
    assert image.unit == "SUV"


@pytest.mark.mirror
def test_the_header_of_the_reference_series_gives_its_geometry(mirror):
    image = read(mirror / "dicom_rt" / "STS_019" / "PET" / "image")
    assert image.array.shape == (47, 28, 28)
    assert image.grid.spacing_mm == (3.27, 4.6875, 4.6875)
    assert "already SUV" in image.notes[-1]
