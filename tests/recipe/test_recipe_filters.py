"""Filters in a recipe: YAML both ways, hash, refusals."""

import pytest

from radkit.filters import Gabor, LaplacianOfGaussian, Laws, Mean, Riesz, Simoncelli, Wavelet
from radkit.preprocess import FixedBinCount, FixedBinWidth, Resample
from radkit.recipe import Recipe
from radkit.volume import Grid, SettingError

EVERY = (
    Mean(support=5, dimensions=2, boundary="nearest"),
    LaplacianOfGaussian(sigma_mm=1.5, zero_sum=True),
    Laws(kernels="L5E5E5", pooling="max", energy_distance=7),
    Gabor(sigma_mm=5, wavelength_mm=2, gamma=1.5, theta_step_deg=22.5),
    Wavelet(family="db3", decomposition="LLH", level=2, pooling="average"),
    Simoncelli(level=1, boundary="wrap"),
    Riesz(of=LaplacianOfGaussian(sigma_mm=3), order=(0, 0, 1)),
    Riesz(of=Simoncelli(level=2, dimensions=2), order=(1, 1)),
)


def test_every_filter_survives_yaml():
    recipe = Recipe(filters=EVERY, filter_binning=FixedBinCount(n_bins=16), original=False)
    again = Recipe.from_yaml(recipe.to_yaml())
    assert again == recipe
    assert again.hash == recipe.hash


def test_the_hash_follows_the_filters():
    recipe = Recipe(filters=EVERY[:1])
    assert len({Recipe().hash, recipe.hash, recipe.replace(original=False).hash, Recipe(filters=EVERY[1:2]).hash}) == 4
    assert Recipe(filter_binning=FixedBinCount(n_bins=16)).hash == Recipe().hash  # without a filter it bins nothing


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("filters: log", "filters is 'log'; it must be a list"),
        ("filters: [log]", "each filter is one of mean, log, laws"),
        ("filters: [{lgo: {sigma_mm: 1}}]", "filters has no filter 'lgo'"),
        ("filters: [{log: {sigma: 1}}]", "filters.log has no setting 'sigma'; did you mean 'sigma_mm'?"),
        ("filters: [{log: {}}]", "filters.log lacks 'sigma_mm'"),
        ("filters: [{log: {sigma_mm: -1}}]", "sigma_mm is -1; it must lie in 0.1 to 50 mm"),
        ("filters: [{log: {sigma_mm: wide}}]", "sigma_mm is 'wide'"),
        ("filters: [{log: {sigma_mm: .nan}}]", "sigma_mm is nan"),
        ("filters: [{riesz: {of: {mean: {support: 3}}, order: [0, 0, 1]}}]", "a Riesz transform is of a Mean"),
        (
            "filters: [{riesz: {of: {log: {sigmm: 3}}, order: [0, 0, 1]}}]",
            "riesz.of.log has no setting 'sigmm'",
        ),
        ("filters: [{riesz: {of: 3, order: [0, 0, 1]}}]", "a Riesz transform is of a int"),
        (
            "filters: [{riesz: {of: {log: {sigma_mm: 3}}, order: 1}}]",
            "order is 1; it must be 3 whole numbers",
        ),
        (
            "filters: [{mean: {support: 3}}, {mean: {support: 3}}]",
            "'mean_3' stands in the recipe more than once",
        ),
        ("original: false", "neither the original image nor a filter"),
        ("original: maybe", "original is 'maybe'"),
        ("filter_binning: {n_bins: 1}", "n_bins is 1"),
        ("filter_binning: {width: 1}", "filter_binning has no setting 'width'"),
    ],
)
def test_bad_yaml_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(SettingError) as caught:
        Recipe.from_yaml(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_a_filter_is_refused():
    with pytest.raises(SettingError, match="filters holds a Resample"):
        Recipe(filters=(Resample.isotropic(2),))
    with pytest.raises(SettingError, match="it must be a FixedBinCount"):
        Recipe(filter_binning=FixedBinWidth(width=1, origin=0, unit="1"))
    with pytest.raises(SettingError, match="at most 200"):
        Recipe(filters=tuple(LaplacianOfGaussian(sigma_mm=1 + i / 10) for i in range(201)))


def test_support_covers_the_filter_on_the_resampled_grid():
    grid = Grid(shape=(40, 80, 80), spacing_mm=(4, 1, 1))
    recipe = Recipe(resample=Resample.isotropic(2.0), filters=(LaplacianOfGaussian(sigma_mm=3),))
    # 4 sigma are 6 voxels of 2 mm: 3 of 4 mm, 12 of 1 mm; linear interpolation's 2; 6.2 mm of the local peak
    assert recipe.support_voxels(grid) == (3 + 2 + 2, 12 + 2 + 7, 12 + 2 + 7)
    whole = recipe.replace(filters=(Simoncelli(level=1),)).support_voxels(grid)
    assert whole == (40 + 2 + 2, 80 + 2 + 7, 80 + 2 + 7)  # it sees the whole image
