"""radkit data | recipes | features: what there is, and how to get it."""

from __future__ import annotations

import sys

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
    recipes.add_argument("--modality", choices=("CT", "PET", "MR", "OTHER"), default="CT", help="for show default")
    recipes.set_defaults(run=recipes_command)
    features = commands.add_parser("features", help="the catalogue", description=features_command.__doc__)
    features.add_argument("name", nargs="?", help="one feature's card, such as cm_contrast")
    features.add_argument("--family", help="only this family")
    features.set_defaults(run=features_command)


def data_command(options) -> int:
    """List data sets and where they were found; fetch one into the cache; print how to cite one."""
    from radkit import datasets

    if options.action != "list" and not options.name:
        raise SettingError(f"radkit data {options.action} needs the name of a data set. See radkit data.")
    if options.action == "list":
        _table(
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
    """List the presets, or print one as YAML to start your own from."""
    from radkit.recipe import Recipe, preset, presets

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
    _table(("name", "hash", "unit", "binning", ""), rows)
    return 0


def features_command(options) -> int:
    """List every feature with its IBSI code, or print one feature's card."""
    from radkit import features

    known = features.catalogue()
    if options.name:
        _print_card(features.find(options.name))
        return 0
    if options.family and options.family not in features.families():
        raise SettingError(f"no family is called {options.family[:80]!r}; use one of {', '.join(features.families())}.")
    rows = [(f.tag, f.family, f.name, f.ibsi, f.unit, f.status) for f in known if options.family in (None, f.family)]
    _table(("name", "family", "feature", "ibsi", "unit", "status"), rows)
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


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column == "name")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
