"""Why a PyRadiomics setting has no equal in a recipe, and which numbers come out different: the sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radkit.filters import LaplacianOfGaussian, Wavelet

if TYPE_CHECKING:
    from radkit.recipe.recipe import Recipe

_ADVICE_IMAGE = "leave its columns out, or make the image yourself and extract from it as the original"

NO_IMAGE = {
    "Square": f"radkit has no square of intensities; {_ADVICE_IMAGE}",
    "SquareRoot": f"radkit has no square root of intensities; {_ADVICE_IMAGE}",
    "Logarithm": f"radkit has no logarithm of intensities; {_ADVICE_IMAGE}",
    "Exponential": f"radkit has no exponential of intensities; {_ADVICE_IMAGE}",
    "Gradient": f"radkit has no gradient magnitude; {_ADVICE_IMAGE}",
    "LBP2D": f"radkit has no local binary pattern; {_ADVICE_IMAGE}",
    "LBP3D": f"radkit has no local binary pattern; {_ADVICE_IMAGE}",
}

NO_EQUAL = {
    "removeOutliers": "radkit clips no intensities after the z-score; resegment outlier_sd leaves outliers of the "
    "region out instead, which is another thing",
    "resegmentRange": "radkit takes a range in the image's unit, or mean ± n SD with one n; not a part of the maximum, "
    "not n SD to one side: threshold the mask before extracting",
    "resegmentShape": "the morphological mask stays whole (IBSI); threshold the mask before extracting",
    "label": "a recipe has no label: radkit extract --label, or io.read_mask(..., label=...)",
    "label_channel": "radkit reads one channel; write the one you want to a file of its own, or give a SEG and --label",
    "minimumROIDimensions": "radkit refuses no small region; what has no value there is undefined, with the reason",
    "minimumROISize": "radkit refuses no small region; look at n_voxels in the provenance and leave it out yourself",
    "geometryTolerance": "radkit's own tolerance holds; a mask on another grid goes through preprocess.resample_like",
    "correctMask": "a mask on another grid is refused; bring it there with preprocess.resample_like",
    "voxelArrayShift": "radkit shifts no intensities: Energy, TotalEnergy and RootMeanSquared are those of shift 0",
    "symmetricalGLCM": "radkit's matrix is symmetric, as IBSI's is",
    "distances": "radkit looks at the direct neighbors only (distance 1)",
    "weightingNorm": "radkit weighs directions alike; the recipe averages over them, as PyRadiomics does by default",
    "gldm_a": "radkit counts neighbors of the same gray level (0); use wider bins",
    "force2Ddimension": "radkit's slices lie across the first axis (z): turn the volume before reading it",
    "shape2D": "radkit measures shape in 3-D; the list of names has its nearest",
    "level": "PyRadiomics filters the first level's approximation again with the same kernel, radkit widens the kernel "
    "(stationary transform): only level 1 of start_level 0 agrees and is in the recipe",
    "filtered bins": "a response has no unit for a bin width: radkit takes a fixed number of bins (filter_binning), so "
    "texture of filtered images differs; give binCount in both programs to compare",
    "voxelSetting": "it belongs to feature maps, not to the features of a region",
    "of one image": "radkit has one setting for all images; the one in the section setting is used",
}

_NEAR = "about 1e-5 off: radkit fills cubes that are cut at two opposite corners in the way that prefers no axis"
_AXES = "larger by √(N / (N − 1)), N the number of voxels: PyRadiomics divides the covariance by N, IBSI by N − 1"
_KURTOSIS = "3 lower: IBSI's is the excess over a normal distribution's 3"
_GRID = (
    "the new grid shares its center with the scan (IBSI), there a corner: the same voxels only where the new spacing "
    "divides the scan's extent; the mask is interpolated and cut at 0.5, there it is the nearest voxel; integer "
    "scans are rounded where the unit is HU, there truncated; PyRadiomics keeps an axis on which the mask is one voxel"
)
_NORMAL = (
    "PyRadiomics divides by the sample SD (N − 1), radkit by the population SD (N): 1/(2N) off, N voxels of the scan"
)
_LOG = (
    "times (voxel / sigma)², the voxel being the cube root of its volume: PyRadiomics gives the response per mm² times "
    "sigma², radkit per voxel²; besides, a sampled kernel is not a recursive one: 1 to 2 % for a sigma of two "
    "voxels, tens of percent for one below a voxel"
)
_EDGE = "different within {n} voxels of the scan's edge only: radkit mirrors the image there, PyRadiomics repeats it"
_TIES = (
    "sums and differences of few whole numbers fall onto bin edges and percentiles exactly, where rounding decides: "
    "texture and RobustMeanAbsoluteDeviation can differ by some percent"
)


def differences(recipe: Recipe, scale: float, feature_classes: dict[str, list[str]]) -> list[tuple[str, str]]:
    """(what, why) for every group of features that comes out different although its setting is mapped."""
    found: list[tuple[str, str]] = []
    if recipe.resample is not None:
        found.append(("all features", _GRID))
    if recipe.normalize is not None:
        found.append(("normalized intensities", _NORMAL))
    if scale != 1:
        text = f"radkit keeps units of 1 SD: intensities are {scale:g} times, variances {scale**2:g} times smaller"
        found.append(("firstorder of the original image", text))
    if "morphology" in recipe.families:
        found.append(("shape MeshVolume, SurfaceArea, Sphericity, SurfaceVolumeRatio", _NEAR))
        found.append(("shape MajorAxisLength, MinorAxisLength, LeastAxisLength", _AXES))
    if "statistics" in recipe.families:
        found.append(("firstorder Kurtosis", _KURTOSIS))
    if any(isinstance(f, LaplacianOfGaussian) for f in recipe.filters):
        found.append(("log-sigma-...-mm-3D", _LOG))
    reaches = [max(f.reach((1.0, 1.0, 1.0))) for f in recipe.filters if isinstance(f, Wavelet)]
    if reaches:
        found.append(("wavelet-...", _EDGE.format(n=int(max(reaches)))))
    if any(isinstance(f, Wavelet) and f.family == "haar" for f in recipe.filters):
        found.append(("wavelet haar of whole numbers", _TIES))
    if any(feature_classes.values()):
        found.append(("feature lists", "a recipe computes whole families: more columns than the file asks for"))
    return found
