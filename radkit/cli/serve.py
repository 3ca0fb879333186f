"""radkit serve and radkit lab: the dashboards, and JupyterLab with the lessons."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from radkit.cli.first_run import say_when_compiling
from radkit.volume import SettingError


def add_commands(commands) -> None:
    """Register ``serve`` and ``lab``."""
    server = commands.add_parser("serve", help="open the dashboards in the browser", description=__doc__)
    server.add_argument("--port", type=int, help="default: 5006, or the next free one")
    server.add_argument("--address", default="127.0.0.1", help="default: this machine only")
    server.add_argument("--no-show", dest="show", action="store_false", help="do not open a browser")
    server.set_defaults(run=serve)
    lab = commands.add_parser("lab", help="open JupyterLab with the lessons", description=__doc__)
    lab.add_argument("--folder", type=Path, default=Path("radkit-lessons"), help="where your copies of the lessons go")
    lab.add_argument("--port", type=int, help="default: Jupyter's own choice")
    lab.add_argument("--no-show", dest="show", action="store_false", help="do not open a browser")
    lab.set_defaults(run=open_lab)


def serve(options) -> int:
    """Serve every bench until interrupted."""
    import radkit_dashboards
    from radkit import datasets
    from radkit_dashboards.shell.serve import serve as serve_apps

    case = datasets.default_case()
    print(f"radkit: {case.name}, {case.source.licence}. {case.source.found}", flush=True)
    with say_when_compiling():
        radkit_dashboards.warm_up()
    serve_apps(radkit_dashboards.apps(), port=options.port, address=options.address, show=options.show)
    return 0


def open_lab(options) -> int:
    """Copy lessons that are not there yet as notebooks, then start JupyterLab in that folder."""
    import jupyterlab  # noqa: F401  named in the refusal where it is missing
    import jupytext

    import radkit_lessons

    if options.folder.exists() and not options.folder.is_dir():
        raise SettingError(f"{options.folder.name} is a file; the lessons need a folder. Choose another with --folder.")
    options.folder.mkdir(parents=True, exist_ok=True)
    for slug in radkit_lessons.slugs():
        notebook = options.folder / f"{slug}.ipynb"
        if not notebook.exists():
            from radkit.io import write_bytes

            content = jupytext.read(radkit_lessons.path(slug))
            content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            write_bytes(notebook, jupytext.writes(content, fmt="ipynb").encode())
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={options.folder}"]
    command += [f"--port={options.port}"] if options.port else []
    command += [] if options.show else ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    print(f"radkit: lessons in {options.folder}", file=sys.stderr)
    return subprocess.call(command)
