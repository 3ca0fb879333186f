"""Shells, cores and thresholds by geometry and arithmetic."""

import numpy as np
import pytest

from radkit import cohort
from radkit.volume import EmptyMask, Image, Mask, SettingError, UnitMismatch

SPACING = (4.0, 2.0, 1.0)


def scene(shape, spacing=SPACING, unit="SUV", values=None):
    array = np.ones(shape) if values is None else np.asarray(values, dtype=float).reshape(shape)
    return Image.of(array, spacing_mm=spacing, modality="PET", unit=unit)


def one_voxel(shape, at, spacing=SPACING):
    array = np.zeros(shape, bool)
    array[at] = True
    return Mask.of(array, spacing_mm=spacing)


def distances(shape, at, spacing=SPACING):
    """From the center of one voxel to every other, in mm: the definition, without a transform."""
    return np.sqrt(sum(((i - a) * s) ** 2 for i, a, s in zip(np.indices(shape), at, spacing, strict=True)))


def apply(text, image, mask):
    return cohort.apply_region(cohort.parse_region(text), image, mask)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("", cohort.AsDrawn()),
        ("tumor", cohort.AsDrawn()),
        (" shell:5 ", cohort.Shell(0, 5)),
        ("shell:2-7.5", cohort.Shell(2, 7.5)),
        ("core:3", cohort.Core(3)),
        ("pet41", cohort.ShareOfMaximum(41)),
        ("pet42.5", cohort.ShareOfMaximum(42.5)),
        ("suv4.0", cohort.FixedUptake(4)),
        ("fixed:2.5", cohort.FixedUptake(2.5)),
    ],
)
def test_the_words(text, region):
    assert cohort.parse_region(text) == region


@pytest.mark.parametrize(
    "text", ["shell", "shell:-5", "shell:0", "shell:900", "shell:7-2", "core:0", "pet0", "pet100", "suv0", "SUV4", "5"]
)
def test_words_that_mean_nothing(text):
    with pytest.raises(SettingError, match=r"\.$"):
        cohort.parse_region(text)


@pytest.mark.parametrize(("text", "inner", "outer"), [("shell:5", 0, 5), ("shell:2-7", 2, 7), ("shell:4", 0, 4)])
def test_a_shell_around_a_voxel_is_the_ball_without_it(text, inner, outer):
    shape, at = (9, 17, 25), (4, 8, 12)
    shell, remark = apply(text, scene(shape), one_voxel(shape, at))
    d = distances(shape, at)
    np.testing.assert_array_equal(shell.array, (d > inner) & (d <= outer))
    assert remark == ""


def test_a_shell_of_any_mask_is_the_union_of_balls_without_the_mask():
    shape = (7, 14, 28)
    rng = np.random.default_rng(3)
    inside = np.zeros(shape, bool)
    inside[3:5, 5:9, 10:16] = rng.random((2, 4, 6)) < 0.4
    mask = Mask.of(inside, spacing_mm=SPACING)
    shell, _ = apply("shell:6", scene(shape), mask)
    near = np.any([distances(shape, at) <= 6 for at in np.argwhere(inside)], axis=0)
    np.testing.assert_array_equal(shell.array, near & ~inside)


def test_a_shell_that_leaves_the_image_says_so():
    shape = (9, 17, 25)
    assert apply("shell:4", scene(shape), one_voxel(shape, (0, 8, 12)))[1]  # 4 mm to the slice that is not there
    assert not apply("shell:3.9", scene(shape), one_voxel(shape, (0, 8, 12)))[1]
    assert apply("shell:4", scene(shape), one_voxel(shape, (4, 8, 21)))[1]  # x: 25 - 21 = 4 voxels of 1 mm
    assert not apply("shell:4", scene(shape), one_voxel(shape, (4, 8, 20)))[1]


def test_a_shell_thinner_than_a_voxel_is_refused():
    with pytest.raises(EmptyMask, match="Widen the shell"):
        apply("shell:0.5", scene((3, 3, 3)), one_voxel((3, 3, 3), (1, 1, 1)))


def test_a_core_keeps_what_is_deeper_than_its_depth():
    shape = (7, 9, 13)
    inside = np.zeros(shape, bool)
    inside[1:6, 2:7, 3:10] = True  # a box of 5 x 5 x 7 voxels, 20 x 10 x 7 mm
    core, _ = apply("core:2", scene(shape), Mask.of(inside, spacing_mm=SPACING))
    deep = np.zeros(shape, bool)
    deep[1:6, 3:6, 5:8] = True  # outer voxels lie 4, 2 and 1, 2 mm from the outside: only the first is deeper than 2
    np.testing.assert_array_equal(core.array, deep)


def test_the_edge_of_the_image_is_an_edge_of_the_mask():
    everything = Mask.of(np.ones((3, 3, 3)), spacing_mm=(1, 1, 1))
    core, _ = apply("core:1", scene((3, 3, 3), (1, 1, 1)), everything)
    assert np.argwhere(core.array).tolist() == [[1, 1, 1]]
    with pytest.raises(EmptyMask, match="the deepest lies 2 mm"):
        apply("core:2", scene((3, 3, 3), (1, 1, 1)), everything)


class TestThresholds:
    values = (1.0, 4.0, 10.0, 4.1, 4.0, 20.0)
    image = scene((1, 1, 6), (10, 10, 10), values=values)
    mask = Mask.of([[[1, 1, 1, 1, 1, 0]]], spacing_mm=(10, 10, 10))  # the 20 is outside: bladder, say

    def kept(self, text):
        return [v for v, k in zip(self.values, apply(text, self.image, self.mask)[0].array.ravel(), strict=True) if k]

    def test_a_share_of_the_maximum_within_the_mask(self):
        assert self.kept("pet41") == [10.0, 4.1]  # 41 % of 10 is 4.1, which counts
        assert self.kept("pet40") == [4.0, 10.0, 4.1, 4.0]

    def test_a_fixed_threshold(self):
        assert self.kept("suv4.0") == [4.0, 10.0, 4.1, 4.0]
        assert self.kept("fixed:4.05") == [10.0, 4.1]

    def test_no_voxel_reaches_it(self):
        with pytest.raises(EmptyMask, match="reaches SUV 11; its highest is 10"):
            self.kept("suv11")

    def test_units(self):
        activity = scene((1, 1, 6), (10, 10, 10), "Bq/ml", self.values)
        ct = Image.of(self.image.array, spacing_mm=(10, 10, 10), modality="CT", unit="HU")
        assert apply("pet41", activity, self.mask)[0].n_voxels == 2  # a share has no unit
        for text, image in (("suv4", activity), ("suv4", ct), ("pet41", ct)):
            with pytest.raises(UnitMismatch, match=f"the image is in {image.unit}"):
                apply(text, image, self.mask)

    def test_nothing_is_a_share_of_nothing(self):
        with pytest.raises(EmptyMask, match="highest uptake in the mask is 0"):
            apply("pet41", scene((1, 1, 6), (10, 10, 10), values=np.zeros(6)), self.mask)

    def test_volume_and_glycolysis(self):
        region, _ = apply("pet41", self.image, self.mask)
        assert cohort.mtv_ml(region) == 2.0  # two voxels of 1 ml
        assert cohort.tlg(self.image, region) == pytest.approx(10.0 + 4.1)
        assert cohort.tlg(self.image, region) == pytest.approx(cohort.mtv_ml(region) * (10.0 + 4.1) / 2)


def test_glycolysis_does_not_lose_digits_in_float32():
    image = Image.of(np.full((10, 100, 100), 0.1, np.float32), spacing_mm=(10, 10, 10), modality="PET", unit="SUV")
    whole = Mask.of(np.ones((10, 100, 100)), spacing_mm=(10, 10, 10))
    assert cohort.tlg(image, whole) == pytest.approx(100_000 * float(np.float32(0.1)), rel=1e-12)
