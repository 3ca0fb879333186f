"""radkit run: a parametrized notebook, checked before a kernel starts, in a run folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from radkit.volume import SettingError


def add_commands(commands) -> None:
    """Register ``run``."""
    parser = commands.add_parser("run", help="run a lesson or notebook with parameters", description=__doc__)
    parser.add_argument(
        "template", metavar="NOTEBOOK", help="a lesson's name (radkit run --list) or a .py/.ipynb file", nargs="?"
    )
    parser.add_argument(
        "-p", dest="parameters", metavar="NAME=VALUE", action="append", default=[], help="set a parameter"
    )
    parser.add_argument(
        "--parameters", dest="show", action="store_true", help="list the notebook's parameters and stop"
    )
    parser.add_argument("--list", action="store_true", help="list the lessons and stop")
    parser.add_argument("--folder", type=Path, help="where run folders go (default: runs/ here)")
    parser.add_argument("--force", action="store_true", help="run again though a complete run is there")
    parser.set_defaults(run=run)


def run(options) -> int:
    """Check the parameters, execute, say where the results are."""
    from radkit import runs

    if options.list or options.template is None:
        import radkit_lessons

        print("\n".join(radkit_lessons.slugs()))
        return 0
    if options.show:
        for parameter in runs.schema(options.template).parameters:
            print(parameter.describe())
        return 0
    result = runs.execute(
        options.template,
        _pairs(options.parameters),
        options.folder,
        force=options.force,
        progress=lambda text: print(f"radkit: {text}", file=sys.stderr),
    )
    print(result.message)
    return 0


def _pairs(given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign:
            raise SettingError(f"-p {item[:80]!r} has no '='. Write -p NAME=VALUE.")
        if name in pairs:
            raise SettingError(f"parameter {name[:80]!r} is given twice. Give it once.")
        pairs[name] = value
    return pairs
