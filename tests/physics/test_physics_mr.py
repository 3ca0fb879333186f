"""The z-score of MR: claim A06's invariance, the three regions, and what cannot be scaled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radkit.physics import ZScore, foreground, zscore
from radkit.volume import GeometryMismatch, Image, Mask, SettingError

approx = pytest.approx


def phantom(seed=0):
    """A body of 300 with a lesion of 420 in noise of 10, before an air background of 5."""
    rng = np.random.default_rng(seed)
    array = np.full((6, 20, 20), 5.0)
    array[:, 4:16, 4:16] = 300
    lesion = np.zeros(array.shape, bool)
    lesion[2:4, 8:12, 8:12] = True
    array[lesion] = 420
    array += rng.normal(0, 2, array.shape)
    return Image.of(array, spacing_mm=(3, 1, 1), modality="MR", unit="a.u."), Mask.of(lesion, spacing_mm=(3, 1, 1))


@pytest.mark.parametrize("region", ["roi", "body", "image"])
def test_mean_zero_and_unit_spread_over_the_named_region(region):
    image, mask = phantom()
    inside = {"roi": mask.array, "body": image.array > 150, "image": np.ones(image.array.shape, bool)}[region]
    out = zscore(image, mask, ZScore(region=region))
    assert out.array[inside].mean() == approx(0, abs=1e-9)
    assert out.array[inside].std() == approx(1, abs=1e-9)
    assert out.unit == "1"
    note = out.notes[-1]
    assert f"'{region}'" in note
    assert f"{inside.sum()} voxels" in note
    assert f"mean {image.array[inside].mean():.6g}" in note


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-1e4, 1e4), region=st.sampled_from(["roi", "body", "image"]))
def test_invariant_to_scale_and_shift(scale, shift, region):
    image, mask = phantom()
    scale = max(scale, abs(shift) * 1e-5)  # beyond it float64 itself loses the digits
    other = image.with_array(image.array * scale + shift)
    setting = ZScore(region=region)
    assert np.abs(zscore(image, mask, setting).array - zscore(other, mask, setting).array).max() <= 1e-9


def test_foreground_is_the_best_of_all_splits():
    values = np.random.default_rng(3).gamma(2, 10, 80).round()
    splits = np.unique(values)[:-1]
    scores = [np.mean(values <= s) * np.mean(values > s) * (values[values <= s].mean() - values[values > s].mean()) ** 2
              for s in splits]  # fmt: skip
    assert (foreground(values) == (values > splits[int(np.argmax(scores))])).all()
    assert foreground(np.full(4, 7)).all()


def test_integers_are_scaled_as_floats():
    image = Image.of(np.array([[[0, 10]]], np.uint8), spacing_mm=(1, 1, 1), modality="MR", unit="a.u.")
    assert zscore(image, None, ZScore(region="image")).array.ravel().tolist() == [-1, 1]


def test_refusals():
    image, mask = phantom()
    flat = image.with_array(np.full(image.array.shape, 0.1))
    for region in ("roi", "body", "image"):
        with pytest.raises(SettingError, match="same intensity"):
            zscore(flat, mask, ZScore(region=region))
    with pytest.raises(SettingError, match="needs a mask"):
        zscore(image, None, ZScore(region="roi"))
    with pytest.raises(SettingError, match="roi, body, image"):
        ZScore(region="brain")
    with pytest.raises(GeometryMismatch):
        zscore(image, Mask.of(np.ones((2, 2, 2)), spacing_mm=(1, 1, 1)), ZScore(region="roi"))
