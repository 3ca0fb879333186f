"""What must not change a feature, over the whole catalogue: place, orientation and, for a bin count, gain and offset.

Three sizes of agreement are asked for, each for a reason:
bit for bit, where the same numbers are added in the same order (a translation; gray levels that stay);
1e-9, where the same numbers are added in another order (a flip, a turn), which moves last digits only;
2e-10, for the smallest enclosing ellipsoid, which is iterated until its volume is that close (``MVEE_TOLERANCE``).
"""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from regions import everything, roi_of

from radkit import features, phantoms
from radkit.features.ellipsoid import MVEE_TOLERANCE
from radkit.features.local_intensity import RADIUS_MM
from radkit.matrices.aggregations import BY_DIRECTION, WITHOUT_DIRECTION
from radkit.preprocess import FixedBinCount, discretize
from radkit.volume import Grid, Image, Roi

FEW = settings(max_examples=40)  # each measures all 203 features, in every aggregation, several times
SPACING_MM = (3.0, 1.0, 2.0)
AROUND = 7  # voxels; farther than the sphere of 1 cm³ reaches at 1 mm
PHANTOM = phantoms.ibsi_digital()
ITERATED = {"morph_vol_dens_mvee", "morph_area_dens_mvee"}
TAGS = {f"{f.tag}_{a}".removesuffix("_") for family in features.FAMILIES for f in family.features
        for a in family.aggregations or [""]}  # fmt: skip
PLAIN = {f.tag for family in features.FAMILIES if not family.aggregations for f in family.features}

intensities = st.integers(0, 200).map(lambda k: k / 8)  # exact in binary, so that ties and bin edges do occur


@st.composite
def regions(draw):
    """Intensities (z, y, x), and a mask of the same shape with a voxel at least."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=4))
    image = draw(arrays(float, shape, elements=intensities))
    return image, draw(arrays(bool, shape).filter(np.any))


def phantom():
    return PHANTOM.image.array.astype(float), PHANTOM.mask.array.astype(bool)


def measured(image, mask, spacing_mm=SPACING_MM, n_bins=5):
    """Every feature, the gray levels being ``n_bins`` bins of the region's own range."""
    roi = roi_of(image, mask, spacing_mm)
    return everything(roi, discretize(roi, FixedBinCount(n_bins=n_bins)))


def assert_same(found, expected, tags=TAGS, rel=1e-9):
    """The features of ``tags``: the same values, undefined for the same reasons."""
    assert set(found) == set(expected) == TAGS
    for tag in sorted(tags):
        assert found[tag].note == expected[tag].note, tag
        if not found[tag].note:
            near = 2 * MVEE_TOLERANCE if tag in ITERATED else rel
            assert found[tag].value == pytest.approx(expected[tag].value, rel=near, abs=near and 1e-9), tag


def with_suffix(*suffixes):
    """The tags of these aggregations, and of the families that know none."""
    return {tag for tag in TAGS if tag in PLAIN or any(tag.endswith(f"_{suffix}") for suffix in suffixes)}


@FEW
@given(regions(), st.tuples(*[st.integers(0, 3)] * 3), st.integers(0, 2**32 - 1))
@example(phantom(), (3, 0, 2), 0)
def test_a_translation_changes_not_a_bit(region, start, seed):
    """The same tissue elsewhere in the array, or the same array elsewhere in the patient."""
    image, mask = region
    reach = [int(RADIUS_MM / s) + 1 for s in SPACING_MM]  # of local intensity, the one family that looks around
    tissue = np.random.default_rng(seed).normal(size=[n + 2 * r for n, r in zip(image.shape, reach, strict=True)])
    tissue[tuple(slice(r, r + n) for n, r in zip(image.shape, reach, strict=True))] = image
    inside = np.pad(mask, [(r, r) for r in reach])
    expected = measured(tissue, inside)
    margins = [(a, 3 - a) for a in start]
    assert_same(measured(np.pad(tissue, margins), np.pad(inside, margins)), expected, rel=0)
    turned = Grid(shape=tissue.shape, spacing_mm=SPACING_MM, origin_mm=(-70, 5, 1e3),
                  direction=((0, 1, 0), (1, 0, 0), (0, 0, -1)))  # fmt: skip
    roi = Roi(Image(tissue, turned), inside, inside)
    assert_same(everything(roi, discretize(roi, FixedBinCount(n_bins=5))), expected, rel=0)


@FEW
@given(regions(), st.tuples(*[st.sampled_from((1, -1))] * 3).filter(lambda steps: min(steps) < 0))
@example(phantom(), (-1, 1, 1))
@example(phantom(), (1, -1, -1))
def test_a_flip_of_any_axis_changes_nothing(region, steps):
    """A flip maps slices to slices, and the 13 directions (4 in a slice) to themselves: every aggregation holds."""
    flip = tuple(slice(None, None, step) for step in steps)
    assert_same(measured(*(array[flip] for array in region)), measured(*region))


@FEW
@given(regions(), st.integers(1, 3))
@example(phantom(), 1)
def test_a_turn_within_the_slice_changes_nothing(region, quarters):
    """It maps slices to slices and the four directions in a slice to themselves. The spacing turns with the array."""
    z, y, x = SPACING_MM
    turned = measured(
        *(np.rot90(array, quarters, axes=(1, 2)) for array in region), (z, x, y) if quarters % 2 else (z, y, x)
    )
    assert_same(turned, measured(*region))


@FEW
@given(regions(), st.permutations(range(3)), st.tuples(*[st.sampled_from((1, -1))] * 3))
@example(phantom(), (2, 0, 1), (1, 1, 1))
@example(phantom(), (1, 0, 2), (1, 1, -1))
def test_all_48_turns_and_reflections_change_nothing_in_3d(region, order, steps):
    """They map the 13 directions to themselves, so the average over directions holds as well as their sum.

    What is counted slice by slice sees other slices, and may change.
    """
    window = tuple(slice(None, None, step) for step in steps)
    turned = measured(*(array.transpose(order)[window] for array in region), tuple(SPACING_MM[k] for k in order))
    assert_same(turned, measured(*region), with_suffix("3D", "3D_avg", "3D_comb"))


def test_a_turn_out_of_the_slice_changes_what_is_counted_slice_by_slice():
    """Otherwise the test above would leave out aggregations for nothing."""
    image, mask = phantom()
    before, after = measured(image, mask), measured(np.rot90(image), np.rot90(mask), (1.0, 3.0, 2.0))
    changed = {tag for tag in TAGS if before[tag].value != pytest.approx(after[tag].value)}
    for aggregation in (*BY_DIRECTION, *WITHOUT_DIRECTION):
        here = {tag for tag in changed if tag.endswith(f"_{aggregation}")}
        assert bool(here) == (not aggregation.startswith("3D")), aggregation


def same_in_every_way(tag):
    return tag.split("_")[0] not in ("stat", "loc") and tag not in ("morph_com", "morph_integ_int")


@FEW
@given(regions(), st.integers(1, 4096).map(lambda k: k / 64), st.integers(-800, 800).map(lambda k: k / 8))
@example(phantom(), 1 / 3, -7.7)
def test_a_fixed_number_of_bins_follows_gain_and_offset(region, gain, offset):
    """Gray levels are the same, so all features of them are, bit for bit; so is what depends on the shape alone.

    Gains and offsets are exact in binary but for the example, and a bin's edge bears rounding of 1e-9 bins. Moran's I
    and Geary's C are ratios of squared deviations; the volume histogram has a fixed number of bins here, too.
    """
    image, mask = region
    before, after = measured(image, mask), measured(gain * image + offset, mask)
    autocorrelation = {"morph_moran_i", "morph_geary_c"}
    kept = {tag for tag in TAGS if same_in_every_way(tag)} - autocorrelation
    assert_same(after, before, kept, rel=0)
    assert_same(after, before, autocorrelation)


def moved(f, gain, offset):
    """What the features that are measured in intensities become under x -> gain x + offset, from their old values."""
    place = (
        "stat_mean",
        "stat_median",
        "stat_min",
        "stat_max",
        "stat_p10",
        "stat_p90",
        "loc_peak_loc",
        "loc_peak_glob",
    )
    width = ("stat_iqr", "stat_range", "stat_mad", "stat_rmad", "stat_medad")
    n_voxels = f["stat_energy"] / f["stat_rms"] ** 2
    mean_square = gain**2 * f["stat_var"] + (gain * f["stat_mean"] + offset) ** 2
    quartiles = f["stat_iqr"] / f["stat_qcod"] if f["stat_qcod"] else 2 * f["stat_median"]  # their sum
    return {
        **{tag: gain * f[tag] + offset for tag in place},
        **{tag: gain * f[tag] for tag in width},
        **{tag: f[tag] for tag in ("stat_skew", "stat_kurt")},
        "stat_var": gain**2 * f["stat_var"],
        "stat_cov": gain * f["stat_var"] ** 0.5 / (gain * f["stat_mean"] + offset),
        "stat_qcod": gain * f["stat_iqr"] / (gain * quartiles + 2 * offset),
        "stat_energy": n_voxels * mean_square,
        "stat_rms": mean_square**0.5,
        "morph_integ_int": f["morph_volume"] * (gain * f["stat_mean"] + offset),
    }


@FEW
@given(regions(), st.integers(1, 640).map(lambda k: k / 64), st.integers(1, 800).map(lambda k: k / 8))
@example(phantom(), 1 / 3, 7.7)
def test_statistics_follow_gain_and_offset_as_their_formulas_say(region, gain, offset):
    image, mask = region
    image = image + 1  # a mean and a sum of quartiles above 0
    before, after = measured(image, mask), measured(gain * image + offset, mask)
    assume(not before["stat_rmad"].note)
    expected = moved({tag: v.value for tag, v in before.items()}, gain, offset)
    assert set(expected) | {"morph_com"} == {tag for tag in TAGS if not same_in_every_way(tag)}
    assert {tag: after[tag].value for tag in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)


@FEW
@given(regions(), st.integers(1, 4096).map(lambda k: k / 64))
def test_the_shift_of_the_center_follows_no_gain(region, gain):
    """The center of mass is weighted by intensity: a gain cancels, an offset pulls it to the middle of the mask."""
    image, mask = region
    before, after = measured(image, mask), measured(gain * image, mask)
    assert_same(after, before, {"morph_com"})
    middle = measured(np.where(mask, 3.0, image), mask)
    assert middle["morph_com"].value == pytest.approx(0, abs=1e-9)
