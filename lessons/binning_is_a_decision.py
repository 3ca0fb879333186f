# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   radkit:
#     id: L05
#     title: Binning is a decision
#     objectives:
#       - {verb: count, what: gray levels without the off-by-one, claims: [B05]}
#       - {verb: predict, what: what one voxel of metal does to both ways of binning, claims: [B06, B10]}
#       - {verb: bound, what: the entropy of a co-occurrence matrix, claims: [B07]}
#       - {verb: calculate, what: what binning does to the variance, claims: [B08]}
#       - {verb: weigh, what: steadiness against information, claims: [B09]}
#       - {verb: decide, what: between a fixed bin width and a fixed bin count, claims: [B13]}
#     prerequisites: []
#     reading_minutes: 25
#     run_seconds: {fast: 40, full: 60}
#     memory_mib: 700
#     cores: 1
#     dashboard: feature_bench
#     data: STS_008 of Soft-tissue-Sarcoma (CT, native grid) where it is found, a simulated lesion otherwise
#     licence: CC BY 3.0 (Soft-tissue-Sarcoma); the simulated lesion is radkit's own, Apache-2.0
# ---

# %% [markdown]
# # Binning is a decision
#
# You will
#
# - **count** gray levels without the off-by-one (B05),
# - **predict** what one voxel of metal does to both ways of binning (B06, B10),
# - **bound** the entropy of a co-occurrence matrix (B07),
# - **calculate** what binning does to the variance (B08),
# - **weigh** steadiness against information (B09),
# - **decide** between a fixed bin width and a fixed bin count (B13).
#
# It takes 25 minutes to read and under a minute to run, on one core, in 700 MiB. You need nothing before it. It pairs
# with the dashboard *feature bench*. The data are a soft-tissue sarcoma on CT (Soft-tissue-Sarcoma, STS_008, CC BY 3.0)
# where this machine has it, and a simulated lesion otherwise. For teaching and research, not for diagnosis.

# %%
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import radkit
from radkit import FixedBinCount, FixedBinWidth, Image, Mask, Resegment, extract, sweep
from radkit_dashboards.feature_bench.state import FeatureBench
from radkit_lessons.figure import Figure, ready

ready()

# %% [markdown]
# ## Why
#
# A patient has a sarcoma. You outline it on the CT, and your software writes down its contrast. A biopsy follows. It
# leaves a clip: one voxel of metal at the edge of your outline. You measure again, and almost nothing is left of the
# number.
#
# The tumor is the same. The scanner is the same. The formula is the same. Who changed the contrast?
#
# Between the scan and the number stands a step that nobody draws in the figures of a paper: every intensity is put into
# a **bin**, and the texture is counted on the bins. How wide the bins are, where the first one starts, who decides
# their number: that is your choice. You make it even when you leave it to the software.

# %% [markdown]
# ## Predict
#
# These are the knobs of the lesson. Leave them for the first reading.

# %% tags=["parameters"]
case = "auto"  # str: a case in HU or SUV by its name in `radkit data`; auto: a sarcoma on CT, or a simulated lesion
bin_method = "width"  # choice, width | count: what stays the same from patient to patient
bin_width = 25.0  # float, HU, 3 to 200: width of a gray-level bin (on a PET, 50 HU stand for 1 SUV)
n_bins = 32  # int, 4 to 256: number of bins where the count is fixed
phase = 0.0  # float, bin widths, 0 to 1: where the mean falls inside its bin; 0 is an edge, 0.5 the center
speed = "fast"  # choice, fast | full: 6 or 16 repeat scans
seed = 0  # int, 0 to 9999: of the simulated lesion, its noise and the repeat scans

# %% [markdown]
# Now write down what you expect: replace `None`. The lesson compares it with what it measures, at the end.

# %% tags=["answer"]
predicted_levels = None  # From -100 to 400 HU in bins of 25 HU: how many gray levels?
predicted_metal = None  # One voxel of 3000 HU enters, 32 bins: does contrast go "up", "down", or "stay"?
predicted_variance = None  # You bin at twice the standard deviation: does the variance go "up" or "down"?
predicted_double = None  # Every intensity doubles, 32 bins: does contrast go "up", "down", or "stay"?

# %% [markdown]
# ## Run
#
# First the scan: the real tumor if this machine has it, a simulated one if not. The next line says which.

# %%
sarcoma = "native/STS_008/CT"
found = sarcoma in radkit.datasets.cases("native", only_found=True)
name = {"auto": sarcoma if found else "simulated"}.get(case, case)
unit = radkit.load(name).image.unit  # an unknown name is refused here, with the nearest one
if name.startswith("simulated/"):
    name, seed = "simulated", int(name.removeprefix("simulated/"))
# One HU counts as 0.02 SUV: the default bins, 25 HU and 0.5 SUV, are then the same step.
step, believable, metal = {"HU": (1, (-500, 400), 3000), "SUV": (0.02, (0, 50), 60)}.get(unit, (None, None, None))
if step is None:
    raise ValueError(f"{name} is in {unit}: a bin width means nothing before that is calibrated; take a CT or a PET")
bench = FeatureBench(case=name, seed=seed)
scan = bench.scan
said = f"**{scan.name}**: {scan.mask.n_voxels:,} voxels inside the outline. {scan.source.title}. {scan.source.found}"
if case == "auto" and not found:
    said += (
        f" {sarcoma} is not on this machine, so a simulated lesion stands in (`radkit data fetch {sarcoma}` gets it)."
    )
Markdown(said)

# %% [markdown]
# The recipe comes from the dashboard's own state, so that both speak of the same thing. The voxels stay as scanned:
# only the bins move in this lesson.

# %%
bench.from_params({"bin_method": bin_method, "bin_width": bin_width * step, "n_bins": n_bins, "spacing_mm": 0})
yours = bench.recipe().replace(families=("statistics", "intensity_histogram", "glcm"), aggregations=("3D_comb",))
origin = radkit.Recipe.default(scan.image.modality).binning.origin
fixed_width = yours.replace(binning=FixedBinWidth(width=25 * step, origin=origin, unit=unit))
fixed_count = yours.replace(binning=FixedBinCount(n_bins=32))
parameters = {name: globals()[name] for name in ("case", "bin_method", "bin_width", "n_bins", "phase", "speed", "seed")}
measured = []


# %%
def note(claim, said, verdict, number, rests_on_it):
    measured.append((claim, said, verdict, number, bool(rests_on_it)))


def made_from(title, *cases, recipe=yours):
    return radkit.report.card(title, *cases, parameters=parameters, seed=seed, recipe_hash=recipe.hash)


Figure(radkit.plots.histogram(bench.pipeline().levels), made_from("Your bins on the tumor", scan))

# %% [markdown]
# ### Twenty or twenty-one?
#
# Take a ruler from -100 to 400 HU, one voxel for each whole number. Divide 500 HU by 25 HU: twenty bins, says
# everybody. `np.histogram` agrees. Now ask for the gray level of 400 HU itself.

# %%
ruler = Image.of(np.arange(-100.0, 401.0).reshape(1, 1, -1), spacing_mm=(1, 1, 1), modality="CT", unit="HU")
whole = Mask.of(np.ones(ruler.array.shape), spacing_mm=(1, 1, 1))
on_ruler = fixed_width.replace(binning=FixedBinWidth(width=25, origin=-100, unit="HU"))
n_levels = extract(ruler, whole, on_ruler).provenance["n_levels"]
half_open = len(np.histogram(ruler.array, bins=np.arange(-100, 401, 25))[0])
note(
    "B05",
    "bins of 25 HU on [-100, 400] HU make 21 gray levels",
    "holds if the maximum is included",
    f"{n_levels} levels; np.histogram {half_open}",
    n_levels == 21 and half_open == 20,
)
Markdown(
    f"A fixed bin width opens **{n_levels}** gray levels on [-100, 400] HU: level = floor((x + 100) / 25) + 1, so the "
    f"maximum, 400 HU, opens a bin of its own. `np.histogram` counts **{half_open}**: it closes its last bin at the "
    "top and pushes 400 HU into it. `claim:B05`"
)

# %% [markdown]
# Neither is wrong. They are two conventions, and a paper that says "20 bins" may mean either. IBSI's is the first.
#
# ### One voxel of metal
#
# Now the clip. One voxel of the tumor becomes metal. Two recipes measure it again. One keeps the width of its bins, the
# other keeps their number: 32 between the region's own minimum and maximum. Here is the second one, before (blue
# outline) and after.

# %%
clipped = scan.image.array.astype(float)
clipped[tuple(np.argwhere(scan.mask.array)[0])] = metal
with_metal = scan.image.with_array(clipped, note="one voxel of metal put in")
before, after = [radkit.extraction.run_stages(i, scan.mask, fixed_count).levels for i in (scan.image, with_metal)]
Figure(radkit.plots.histogram(after, baseline=before), made_from("32 bins and one voxel of metal", scan))

# %%
repaired = Resegment(range=believable, unit=unit)
clip = pd.DataFrame(
    {
        name: [
            extract(scan.image, scan.mask, recipe)["cm_contrast_3D_comb"],
            extract(with_metal, scan.mask, recipe)["cm_contrast_3D_comb"],
            extract(with_metal, scan.mask, recipe.replace(resegment=repaired))["cm_contrast_3D_comb"],
        ]
        for name, recipe in {f"bins of {25 * step:g} {unit}": fixed_width, "32 bins": fixed_count}.items()
    },
    index=["the tumor", "with one voxel of metal", f"re-segmented to {believable[0]} ... {believable[1]} {unit}"],
)
clip.style.format("{:.3g}").set_caption("GLCM contrast (1)")

# %%
kept, counted = (clip[column] for column in clip)
both = [radkit.extraction.run_stages(i, scan.mask, fixed_width).levels.array for i in (scan.image, with_metal)]
n_moved, n_moved_count = int((both[0] != both[1]).sum()), int((before.array != after.array).sum())
note(
    "B06",
    "a fixed bin count makes the bin width depend on the range",
    "holds",
    f"contrast of 32 bins {counted.iloc[0]:.3g} to {counted.iloc[1]:.3g}; {n_moved_count:,} voxels change level",
    counted.iloc[1] < counted.iloc[0] / 2 and kept.iloc[1] >= kept.iloc[0] and n_moved == 1 < n_moved_count,
)
Markdown(
    f"With 32 bins the contrast falls from {counted.iloc[0]:.3g} to **{counted.iloc[1]:.3g}**: the range has grown, "
    f"the bins with it, and {n_moved_count:,} of {scan.mask.n_voxels:,} voxels have a new gray level. With a fixed "
    f"width it goes from {kept.iloc[0]:.3g} to **{kept.iloc[1]:.3g}**: {n_moved} voxel has a new gray level, the "
    "metal, and the rise is the metal's own. `claim:B06`"
)

# %% [markdown]
# Both numbers are wrong about the tumor. Only one of them is wrong about nearly every voxel of it. The last row of the
# table is the cure: **re-segmentation** leaves voxels out that cannot be tumor, before anything is binned.

# %%
inside = extract(ruler, whole, on_ruler.replace(resegment=Resegment(range=(0, 300), unit="HU")))
n_left, mean_left = inside.provenance["n_voxels_intensity"], inside["stat_mean"]
back = abs(counted.iloc[2] / counted.iloc[0] - 1)
note(
    "B10",
    "re-segmentation keeps exactly the voxels that its range names",
    "holds",
    f"{n_left} voxels, mean {mean_left:g} HU; contrast back to within {back:.1%}",
    n_left == 301 and mean_left == 150 and counted.iloc[2] > 2 * counted.iloc[1],
)
Markdown(
    f"On the ruler you can check it by hand: [0, 300] HU keeps {n_left} of 501 voxels, and their mean is {mean_left:g} "
    f"HU. On the tumor the contrast of 32 bins comes back to within {back:.1%} of where it was. `claim:B10`"
)

# %% [markdown]
# ### Finer bins, more entropy
#
# Entropy asks how many bits you need, on average, to say which pair of gray levels two neighbors have. Make the bins
# finer. There are more pairs to tell apart.

# %%
widths = tuple(w * step for w in (5, 10, 25, 50, 100))
turned = sweep(scan.image, scan.mask, fixed_width, {"bin_width": widths})
occupied = [int((bench.pipeline(bin_method="width", bin_width=w).levels.counts > 0).sum()) for w in widths]
entropy = radkit.plots.DoseResponse.of(
    turned, "cm_joint_entr_3D_comb", feature="joint entropy", unit="bits", series="tumor"
)
bound = replace(entropy, series="2 log2 G", values=tuple(float(2 * np.log2(g)) for g in occupied))
bits = entropy.values
note(
    "B07",
    "finer bins have a higher joint entropy, at most 2 log2 G bits",
    "holds",
    " > ".join(f"{b:.2f}" for b in bits) + " bits",
    all(a > b for a, b in pairwise(bits)) and all(b <= top for b, top in zip(bits, bound.values, strict=True)),
)
Figure(radkit.plots.dose_response(entropy, bound), made_from("Entropy and bin width", scan, recipe=fixed_width))

# %% [markdown]
# Entropy falls with every step to wider bins, and never passes 2 log2 G, where G is the number of gray levels that
# occur: G times G pairs, all equally often, would need that many bits. `claim:B07` A table that compares the entropy of
# two hospitals with two bin widths compares bin widths.
#
# ### What binning does to the variance
#
# You often read that wide bins *shrink* the variance. Think of one voxel in a bin of width w. All you know is that it
# lies somewhere in the bin; you write down the center. The error has the spread of a flat distribution, w²/12. Sheppard
# wrote it down in 1898: variance after binning = σ² + w²/12.
#
# Take pure noise with a standard deviation of 20 HU, where nothing else can interfere, and move the bins.

# %%
random = np.random.default_rng(seed).normal(50, 20, (32, 32, 32))
noise = Image.of(random, spacing_mm=(1, 1, 1), modality="CT", unit="HU")
cube = Mask.of(np.ones(random.shape), spacing_mm=(1, 1, 1))
only_histogram = on_ruler.replace(families=("statistics", "intensity_histogram"))
plain_noise = extract(noise, cube, only_histogram)
mean, variance = plain_noise["stat_mean"], plain_noise["stat_var"]


def binned_variance(width, phase):
    """Variance of the bin centers in HU², the mean of the noise lying at ``phase`` in its bin."""
    bins = FixedBinWidth(width=width, origin=mean - (phase + 50) * width, unit="HU")
    return extract(noise, cube, only_histogram.replace(binning=bins))["ih_var"] * width**2


noise_widths = (5, 10, 20, 25, 30, 40, 50, 75, 100)
sheppard = radkit.plots.DoseResponse(
    knob="bin width",
    knob_unit="HU",
    settings=noise_widths,
    feature="variance after binning",
    feature_unit="HU²",
    values=tuple(variance + w**2 / 12 for w in noise_widths),
    series="σ² + w²/12",
)
at = {phase: f"phase {phase:g}", 0.0: "mean on an edge", 0.5: "mean in mid-bin"}
curves = [replace(sheppard, series=s, values=tuple(binned_variance(w, p) for w in noise_widths)) for p, s in at.items()]
Figure(radkit.plots.dose_response(*curves, sheppard), made_from("Binned noise, σ = 20 HU", recipe=only_histogram))

# %%
narrow = max(abs(binned_variance(w, p) / (variance + w**2 / 12) - 1) for w in (5, 10, 25, 30) for p in (0, 0.25, 0.5))
widest = [binned_variance(200, p) for p in (0.0, 0.25, 0.5)]
note(
    "B08",
    "often said: a bin that is too wide shrinks the variance",
    "contradicted up to 1.5 σ; far beyond, the phase decides",
    f"within {narrow:.1%} of σ² + w²/12; at 10 σ {min(widest):.2g} to {max(widest):,.0f} HU²",
    narrow < 0.05 and min(widest) < variance / 10 and max(widest) > 10 * variance,
)
Markdown(
    f"Up to 1.5 σ every phase stays within {narrow:.1%} of Sheppard's line: binning **adds** variance. At 200 HU, ten "
    f"times σ, the same noise has a variance of {max(widest):,.0f} HU² when its mean lies on an edge, and "
    f"{min(widest):.2g} HU² when it lies in the middle of a bin; the truth is {variance:.0f} HU². So *wide bins shrink "
    "the variance* is contradicted for narrow bins, and for wide ones it holds in some phases and fails in others. "
    "`claim:B08`"
)

# %% [markdown]
# One more often-heard sentence: *bin width moves skewness and kurtosis*. Which ones? IBSI has two families with the
# same names: `stat_...` from the intensities, `ih_...` from the bins.

# %%
names = ["stat_var", "ih_var", "stat_skew", "ih_skew", "stat_kurt", "ih_kurt"]
by_width = turned.to_wide().rename_axis(f"bin width ({unit})")
stat = [tag for tag in by_width if tag.startswith("stat_")]
restless = [tag for tag in stat if by_width[tag].nunique() > 1]
note(
    "B08",
    "often said: bin width moves skewness and kurtosis",
    "contradicted for stat_, holds for ih_",
    f"{len(restless)} of {len(stat)} stat_ features move; ih_skew moves by {np.ptp(by_width['ih_skew']):.2g}",
    not restless and np.ptp(by_width["ih_skew"]) > 0 and np.ptp(by_width["ih_kurt"]) > 0,
)
by_width[names].style.format("{:.4g}").format_index("{:g}").set_caption("The tumor, binned five times")

# %% [markdown]
# Every `stat_` column holds one value, equal to the last bit; every `ih_` column moves. `claim:B08` Two papers that
# both say *skewness* may not speak of the same thing.
#
# ### Twice the intensity
#
# Now forget the unit. Multiply every voxel by two, as an uncalibrated scanner might.

# %%
twice = scan.image.with_array(scan.image.array * 2.0, note="doubled")
# The same edges, started far enough below for doubled air.
widths_far = {w * step: FixedBinWidth(width=w * step, origin=3 * origin, unit=unit) for w in (5, 25)}
recipes = {f"{w:g} {unit}": fixed_width.replace(binning=bins) for w, bins in widths_far.items()} | {
    "32 bins": fixed_count
}
doubled = pd.DataFrame(
    {
        name: [extract(image, scan.mask, recipe)["cm_contrast_3D_comb"] for image in (scan.image, twice)]
        for name, recipe in recipes.items()
    },
    index=["as scanned", "doubled"],
)
ratio = doubled.loc["doubled"] / doubled.loc["as scanned"]
note(
    "B13",
    "often said: a fixed bin width is preferable to a fixed count",
    "holds if the unit is calibrated",
    "doubled: " + ", ".join(f"x {r:.3g} ({name})" for name, r in ratio.items()),
    2 < ratio.iloc[0] < 4.5 and abs(4 - ratio.iloc[0]) < abs(4 - ratio.iloc[1]) and ratio.iloc[2] == 1,
)
doubled.style.format("{:.4g}").set_caption("GLCM contrast (1)")

# %%
Markdown(
    f"With a fixed width the contrast grows by {ratio.iloc[1]:.3g}, and the finer the bins, the closer to four "
    f"({ratio.iloc[0]:.3g} here): differences double, contrast squares them. With a fixed count it is the same number "
    "to the last bit. So a fixed width holds its promise where the unit is calibrated: HU, SUV. On raw MR, where a "
    "doubled image is the same image, it needs a named normalization first. `claim:B13`"
)

# %% [markdown]
# ### Steady, or informative?
#
# The textbook trade-off: wide bins are steady and lose information, narrow bins keep it and count noise. Test it on
# data whose truth you know. One simulated lesion is scanned again and again; only the noise is new. A second lesion has
# the same mean and the same spread, but lumps of 4 mm instead of 3 mm.

# %%
n_scans = {"fast": 6, "full": 16}[speed]
tags = {
    "contrast": "cm_contrast_3D_comb",
    "joint entropy": "cm_joint_entr_3D_comb",
    "energy (ASM)": "cm_energy_3D_comb",
}
ct = radkit.Recipe.default("CT").replace(resample=None, families=("glcm",), aggregations=("3D_comb",))
spread_widths, scanner = (5, 10, 25, 50, 100, 200), radkit.phantoms.Scanner(noise_sd=15)
fine_lumps = radkit.phantoms.Lesion()
coarse_lumps = replace(fine_lumps, texture=replace(fine_lumps.texture, length_mm=4.0))


def repeats(lesion):
    scans = [radkit.phantoms.simulate(lesion, scanner, seed, noise_seed=10_000 + i) for i in range(n_scans)]
    frames = [sweep(s.image, s.mask, ct, {"bin_width": spread_widths}).to_wide() for s in scans]
    return pd.concat(frames, keys=range(n_scans))[list(tags.values())].groupby(level=1)


same, other = repeats(fine_lumps), repeats(coarse_lumps)
spread = (same.std() / same.mean()).fillna(1.0)  # a feature that is 0 in every scan has nothing left to measure
apart = ((same.mean() - other.mean()).abs() / ((same.var() + other.var()) / 2) ** 0.5).fillna(0.0)
blank = {"settings": spread_widths, "feature": "spread over repeat scans", "feature_unit": "%"}
curves = [replace(sheppard, **blank, series=name, values=tuple(100 * spread[tag])) for name, tag in tags.items()]
Figure(radkit.plots.dose_response(*curves), made_from(f"{n_scans} scans of one simulated lesion", recipe=ct))

# %%
contrast, entropies, energy = (spread[tag] for tag in tags.values())
telling = apart["cm_contrast_3D_comb"]
note(
    "B09",
    "often said: wide bins are steady but lose information",
    "holds for the information; steadiness depends on the feature (one simulated lesion)",
    f"lesions {telling[25]:.1f} SD apart at 25 HU, {telling[200]:.1f} at 200; spread of contrast "
    f"{contrast[25]:.1%} and {contrast[200]:.0%}",
    telling[200] < telling[25] and contrast[200] > contrast[25] and entropies[200] > entropies[5],
)
Markdown(
    f"From 5 to 100 HU the spread of the contrast hardly moves ({contrast[5]:.1%} and {contrast[100]:.1%}). At 200 HU "
    "nearly all voxels share one level, the number hangs on the few that do not, and the spread is "
    f"**{contrast[200]:.0%}**. Energy goes from {energy[5]:.1%} to {energy[200]:.1%}. The information goes: at 25 HU "
    f"the contrast tells both lesions apart by {telling[25]:.1f} standard deviations, at 200 HU by {telling[200]:.1f}. "
    "So the second half of the sentence holds here, and the first half depends on the feature. `claim:B09`"
)

# %% [markdown]
# What this does not show: patients, repositioning, another outline. n = 1 lesion, noise is all that changes, and a
# simulator decides what noise is. The spread of repeat scans is no intraclass correlation: that needs many lesions.

# %% [markdown]
# ## Investigate
#
# The dashboard *feature bench* holds the same case, the same bins, the same seed. Start it with `radkit serve`, then
# follow the link. Ask it three things: which features do not move at all when you turn the bin width? Which way does
# contrast go when you blur? What changes when you switch to a fixed count first?

# %%
Markdown(f"[Open this state in the feature bench](http://127.0.0.1:5006/feature_bench?{urlencode(bench.to_params())})")

# %% [markdown]
# ## Modify
#
# Three tasks. Replace `None`, run the cell and the one below it, read the verdict. Hints come in three steps.


# %%
def verdict(given, truth, tolerance):
    if given is None:
        return "Not answered yet."
    return "Right." if abs(given - truth) <= tolerance else "Not yet. Open the next hint."


# %% [markdown]
# **1. Count.** A region runs from -200 to 300 HU, both included. Bins are 50 HU wide, the first starts at -200 HU. How
# many gray levels?
#
# <details><summary>Hint 1</summary>Which gray level does the voxel of 300 HU get?</details>
# <details><summary>Hint 2</summary>level = floor((x - origin) / width) + 1</details>
# <details><summary>Hint 3</summary>Put the maximum into the formula of hint 2. Do not divide the range by the
# width.</details>

# %% tags=["answer"]
my_levels = None

# %%
longer = ruler.with_array(np.linspace(-200.0, 300.0, ruler.array.size).reshape(ruler.array.shape))
task = on_ruler.replace(binning=FixedBinWidth(width=50, origin=-200, unit="HU"))
print(verdict(my_levels, extract(longer, whole, task).provenance["n_levels"], 0))

# %% [markdown]
# **2. Calculate.** The noise has a standard deviation of 20 HU. You bin it at 30 HU. What is its variance now, in HU²?
# (3% are allowed.)
#
# <details><summary>Hint 1</summary>Two spreads add up: that of the noise, and that of not knowing where in its bin a
# voxel lies.</details>
# <details><summary>Hint 2</summary>Variances add, standard deviations do not.</details>
# <details><summary>Hint 3</summary>A flat distribution of width w has the variance w²/12. Squares first.</details>

# %% tags=["answer"]
my_variance = None

# %%
print(verdict(my_variance, binned_variance(30, 0.25), 0.03 * binned_variance(30, 0.25)))

# %% [markdown]
# **3. Repair.** The tumor with its voxel of metal, 32 bins. Choose a re-segmentation range, in the unit of the scan,
# that brings the contrast back to within 1% of where it was.
#
# <details><summary>Hint 1</summary>Look at the first histogram: where does the tumor end?</details>
# <details><summary>Hint 2</summary>The range must hold every voxel of the tumor, or you trade one error for
# another.</details>
# <details><summary>Hint 3</summary>Anything between the tumor's maximum and the metal will do as the upper end. And
# below?</details>

# %% tags=["answer"]
my_low, my_high = None, None

# %%
mine = None
if None not in (my_low, my_high):
    chosen = fixed_count.replace(resegment=Resegment(range=(my_low, my_high), unit=unit))
    mine = extract(with_metal, scan.mask, chosen)["cm_contrast_3D_comb"]
print(verdict(mine, counted.iloc[0], 0.01 * counted.iloc[0]))

# %% [markdown]
# ## Make
#
# Take another case of `radkit data`. Write the two sentences of a methods section that let a stranger repeat your
# texture features: width or count, which number, which unit, which origin, what was left out before. Run the lesson on
# it with `radkit run binning_is_a_decision -p case=NAME -p bin_width=10`, and let somebody else compute one feature
# from your two sentences alone. Do your numbers agree?

# %% [markdown]
# ## Check
#
# What is said, against what this run has measured. If one verdict did not rest on its number, the run would stop here.

# %%
table = pd.DataFrame(measured, columns=["claim", "said", "verdict", "measured here", "holds"])
assert set(table["claim"]) == {"B05", "B06", "B07", "B08", "B09", "B10", "B13"}
assert table["holds"].all(), "not so here: " + "; ".join(
    table.loc[~table["holds"], "claim"] + " " + table["measured here"]
)
left = [{"selector": "th, td", "props": "text-align: left"}]
table.drop(columns="holds").style.hide(axis="index").set_table_styles(left)

# %%
direction = {True: "up", False: "down"}
asked = {
    "levels from -100 to 400 HU": (predicted_levels, n_levels),
    "contrast of 32 bins with metal": (predicted_metal, direction[bool(counted.iloc[1] > counted.iloc[0])]),
    "variance at twice σ": (predicted_variance, direction[binned_variance(40, 0.25) > variance]),
    "contrast of 32 bins, doubled": (predicted_double, "stay" if ratio.iloc[2] == 1 else direction[ratio.iloc[2] > 1]),
}
if any(said is not None for said, _ in asked.values()):
    display(pd.DataFrame(asked, index=["you said", "measured"]).T)
else:
    print("You predicted nothing this time. Go back to Predict: the surprise is half of the lesson.")

# %% [markdown]
# ## Takeaways
#
# - A texture feature has no meaning without its bins: say the width, its unit, its origin, and what you left out.
# - A fixed count lets the most extreme voxel of each patient set the scale. `claim:B06`
# - A fixed width needs a calibrated unit. `claim:B13`
# - Twenty or twenty-one is a convention: ask which. `claim:B05`
# - Binning adds w²/12 to the variance while the bins are narrow; when they are wide, the phase decides. `claim:B08`
# - Steadiness is measured, feature by feature, and not bought with wide bins. `claim:B09`
#
# **One sentence to take home: whoever chooses the bins chooses the number.**

# %% [markdown]
# ## Provenance

# %%
made_from("This lesson", scan)

# %%
source = scan.source
credit = "\n".join(f"- {line}" for line in source.citation)
Markdown(f"{source.title}. Licence: {source.licence}. {source.changes}\n\n{credit}")

# %% [markdown]
# ## References
#
# - Zwanenburg A, Vallières M, Abdalah MA, et al. The Image Biomarker Standardization Initiative. *Radiology* 2020;
#   295:328-338. [doi:10.1148/radiol.2020191145](https://doi.org/10.1148/radiol.2020191145)
# - Zwanenburg A, Leger S, Vallières M, Löck S. Image biomarker standardisation initiative: reference manual.
#   [arXiv:1612.07003](https://arxiv.org/abs/1612.07003)
# - Leijenaar RTH, Nalbantov G, Carvalho S, et al. The effect of SUV discretization in quantitative FDG-PET radiomics.
#   *Scientific Reports* 2015; 5:11075. [doi:10.1038/srep11075](https://doi.org/10.1038/srep11075)
# - Sheppard WF. On the calculation of the most probable values of frequency-constants, for data arranged according to
#   equidistant division of a scale. *Proceedings of the London Mathematical Society* 1898; 29:353-380.
