"""L8: the command line: radkit serve | lab | extract | map | cohort | run | data | recipes | features | doctor."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from radkit._version import __version__
from radkit.volume import RadkitError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a refusal is one sentence on stderr and exit code 2."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    try:
        return options.run(options) or 0
    except RadkitError as error:
        return refuse(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("radkit", "radkit_dashboards", "radkit_lessons"):
            raise
        return refuse(f"this command needs {error.name}, which is not installed. Run pip install 'radkit[all]'.")
    except OSError as error:
        return refuse(f"{error.strerror or error} ({error.filename or 'no file'}). Check the path and its permissions.")
    except MemoryError:
        return refuse("the volume does not fit into memory. Crop it to the region, or resample more coarsely.")
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


def refuse(sentence: str) -> int:
    """Print one sentence to stderr; returns exit code 2."""
    print(f"radkit: {sentence}", file=sys.stderr)
    return 2


class _OneSentenceParser(argparse.ArgumentParser):
    def error(self, message: str):
        sys.exit(refuse(f"{message}. See {self.prog} --help."))


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    from radkit.cli import cohort, doctor, extract, listings, map, run, serve

    parser = _OneSentenceParser(
        prog="radkit",
        description="Move the knob, watch the number move: radiomics for teaching and research, not for diagnosis.",
    )
    parser.add_argument("--version", action="version", version=f"radkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_OneSentenceParser)
    for room in (serve, extract, map, cohort, run, listings, doctor):
        room.add_commands(commands)
    return parser
