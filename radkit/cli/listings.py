"""radkit data | recipes | features: what there is, and how to get it."""

from __future__ import annotations

import sys
from pathlib import Path

from radkit.cli import pyradiomics
from radkit.cli.table import print_table
from radkit.volume import SettingError


def add_commands(commands) -> None:
    """Register ``data``, ``recipes`` and ``features``."""
    data = commands.add_parser("data", help="data sets: list, fetch, cite", description=data_command.__doc__)
    data.add_argument("action", nargs="?", choices=("list", "fetch", "cite", "cases"), default="list")
    data.add_argument("name", nargs="?", help="a data set, such as sts51")
    data.set_defaults(run=data_command)
    recipes = commands.add_parser("recipes", help="presets: list, show", description=recipes_command.__doc__)
    recipes.add_argument("action", nargs="?", choices=("list", "show"), default="list")
    recipes.add_argument("name", nargs="?", help="a preset, such as ibsi-c")
    recipes.add_argument(
        "--modality",
        choices=("CT", "PET", "MR", "OTHER"),
        default="CT",
        help="for show default, and for the unit of PyRadiomics' numbers",
    )
    recipes.add_argument("--from-pyradiomics", metavar="FILE", help="what a PyRadiomics parameter file becomes here")
    recipes.add_argument("--output", type=Path, metavar="FILE", help="with it: write the recipe as .yaml")
    recipes.set_defaults(run=recipes_command)
    features = commands.add_parser("features", help="the catalogue", description=features_command.__doc__)
    features.add_argument("name", nargs="?", help="one feature's card, such as cm_contrast")
    features.add_argument("--family", help="only this family")
    features.add_argument("--names", choices=("pyradiomics",), help="their names, each with ours")
    features.set_defaults(run=features_command)


def data_command(options) -> int:
    """List data sets and where they were found; fetch one into the cache; print how to cite one."""
    from radkit import datasets

    if options.action != "list" and not options.name:
        raise SettingError(f"radkit data {options.action} needs the name of a data set. See radkit data.")
    if options.action == "list":
        print_table(
            ("name", "cases", "where", "licence", "title"),
            [(d.name, str(d.n_cases), d.found or d.how, d.licence, d.title) for d in datasets.available()],
        )
        return 0
    if options.action == "cases":
        print("\n".join(datasets.cases(options.name)))
        return 0
    if options.action == "cite":
        print(datasets.cite(options.name))
        return 0
    report = datasets.fetch(options.name, progress=_say_progress)
    print(report)
    return 0


def _say_progress(done: int, total: int, what: str) -> None:
    print(f"radkit: {done} of {total}: {what}", file=sys.stderr)


def recipes_command(options) -> int:
    """List the presets, print one as YAML to start your own from, or translate a PyRadiomics parameter file."""
    from radkit.recipe import Recipe, preset, presets

    if options.from_pyradiomics:
        return pyradiomics.print_translation(Path(options.from_pyradiomics), options.modality, options.output)
    if options.output is not None:
        raise SettingError("--output goes with --from-pyradiomics. Use radkit recipes show NAME > FILE for a preset.")
    if options.action == "show":
        if not options.name:
            raise SettingError("radkit recipes show needs the name of a preset. See radkit recipes.")
        recipe = Recipe.default(options.modality) if options.name == "default" else preset(options.name)
        print(recipe.to_yaml(), end="")
        return 0
    rows = []
    for name in presets():
        recipe = Recipe.default("CT") if name == "default" else preset(name)
        note = "follows the modality; shown for CT" if name == "default" else ""
        rows.append((name, recipe.hash, recipe.unit or "any", type(recipe.binning).__name__, note))
    print_table(("name", "hash", "unit", "binning", ""), rows)
    return 0


def features_command(options) -> int:
    """List every feature with its IBSI code, print one feature's card, or list PyRadiomics' names with ours."""
    from radkit import features

    if options.names:
        pyradiomics.print_names()
        return 0
    known = features.catalogue()
    if options.name:
        _print_card(features.find(options.name))
        return 0
    if options.family and options.family not in features.families():
        raise SettingError(f"no family is called {options.family[:80]!r}; use one of {', '.join(features.families())}.")
    rows = [(f.tag, f.family, f.name, f.ibsi, f.unit, f.status) for f in known if options.family in (None, f.family)]
    print_table(("name", "family", "feature", "ibsi", "unit", "status"), rows)
    return 0


def _print_card(feature) -> None:
    print(f"{feature.tag}: {feature.name} ({feature.family}, IBSI {feature.ibsi or 'none'}, {feature.status})")
    print(f"unit     {feature.unit}")
    print(f"meaning  {feature.meaning}")
    print(f"formula  {feature.formula}")
    for knob, direction in (
        ("blur", feature.moves.blur),
        ("noise", feature.moves.noise),
        ("wider bins", feature.moves.wider_bins),
    ):
        print(f"{knob:<11}{direction or 'it depends'}")
