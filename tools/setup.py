"""Sets radkit up in .venv, once, and runs one target: `python tools/setup.py serve` (or lab, test, lint, bench, clean).

`make TARGET` is this script; Windows, which has no make, calls it directly. Standard library only.
The first run makes the virtual environment, installs torch with pip (which finds a CPU build where one is
configured) and everything else with uv (fifteen times as fast). A stamp in .venv says what is installed, so that
later runs start at once; a changed pyproject.toml or constraints.txt installs again.
"""

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN, EXE = (VENV / "Scripts", ".exe") if os.name == "nt" else (VENV / "bin", "")
STAMP = VENV / "radkit-setup.json"
LOG = VENV / "radkit-setup.log"

# What a target installs: the extras of pyproject.toml, and the room they take (GB, measured, with some to spare).
SERVE, ALL = "dashboards,notebooks,judge", "all"
NEEDS_GB = {SERVE: 2.5, ALL: 4.0}
# target: (extras, commands run one after the other)
TARGETS = {
    "serve": (SERVE, [["radkit", "serve"]]),
    "lab": (SERVE, [["radkit", "lab"]]),
    "test": (ALL, [["python", "-m", "pytest", "-n", "2", "--dist", "loadgroup"]]),
    "lint": (ALL, [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["lint-imports"]]),
    "bench": (ALL, [["python", str(p)] for p in sorted((ROOT / "benchmarks").glob("bench_*.py"))]),
}
LITTER = ["build", "dist", "radkit.egg-info", ".pytest_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis"]
NO_NETWORK = ("name resolution", "NewConnectionError", "ConnectTimeout", "dns error", "unreachable", "error sending")
NO_SPACE = ("No space left", "os error 28", "Errno 28")


def stop(sentence):
    """Ends with one sentence on stderr and exit code 2."""
    sys.stderr.write(f"radkit: {sentence}\n")
    sys.exit(2)


def check_machine(extras, stamp):
    """Refuses a Python or a disk that the installation would fail on, before anything is written."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        stop(
            f"this is Python {version[0]}.{version[1]}, and radkit needs 3.{OLDEST[1]} to 3.{NEWEST[1]}; "
            "install one of them, or name it: make test PYTHON=python3.12"
        )
    for module in ("venv", "ensurepip"):
        try:
            importlib.import_module(module)
        except ImportError:
            stop(
                f"{sys.executable} has no {module} module; install it (Debian and Ubuntu: apt install python3-venv), "
                "or name another Python: make test PYTHON=python3.12"
            )
    free = shutil.disk_usage(ROOT).free / 1e9
    if stamp.get("extras") not in (extras, ALL) and free < NEEDS_GB[extras]:
        stop(f"{ROOT} has {free:.1f} GB free, and the installation needs {NEEDS_GB[extras]} GB; free some, then repeat")


def wait_for_turn():
    """The lock that lets one set-up of this checkout run at a time (not on Windows); held until the file is closed."""
    lock = Path(__file__).open("rb")  # noqa: SIM115  the caller closes it
    if fcntl is not None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("radkit: waiting for another set-up of this folder", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def here():
    """What a stamp must say to hold: this folder, this Python, and a digest of the files that name the packages."""
    text = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return {
        "root": str(ROOT),
        "python": list(sys.version_info[:2]),
        "fingerprint": hashlib.sha256(text).hexdigest(),
    }


def read_stamp():
    """What an earlier run installed here, and for which folder; empty where there was none."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_ready(stamp, extras):
    """True where the stamp promises these extras, of these files, for this Python and this place."""
    programs = [(BIN / name).with_suffix(EXE) for name in ("python", "radkit")]
    return here().items() <= stamp.items() and stamp["extras"] in (extras, ALL) and all(p.exists() for p in programs)


def explain(label, tail):
    """The one sentence for a failed step, from the end of its log."""
    if any(sign in tail for sign in NO_SPACE):
        return f"the disk filled up during '{label}'; free some space, then repeat"
    if any(sign in tail for sign in NO_NETWORK):
        return f"no package index could be reached during '{label}'; check the network (or pip's proxy), then repeat"
    return f"'{label}' failed; the end of {LOG.relative_to(ROOT)}:\n{tail}"


def step(label, command):
    """Runs one command with its output in the log; prints one line: what it does, and how long it took."""
    start, live = time.monotonic(), sys.stdout.isatty()
    print(f"  {label} ...", end="", flush=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    VENV.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        while True:
            try:
                code = process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                if live:
                    print(f"\r  {label} ... {time.monotonic() - start:.0f} s", end="", flush=True)
    print(f"\r  {label} ... {time.monotonic() - start:.0f} s" if live else f" {time.monotonic() - start:.0f} s")
    if code:
        lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
        stop(explain(label, "\n".join(lines[-15:])))


def usable_version(stamp):
    """(major, minor) of the Python in .venv; None where there is none that runs, or the folder was moved since."""
    if stamp.get("root", str(ROOT)) != str(ROOT):
        return None
    ask = "import sys, pip; print(sys.version_info[0], sys.version_info[1], sys.prefix, sep='|')"
    try:
        answer = subprocess.run([str(BIN / "python"), "-c", ask], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    major, minor, prefix = answer.stdout.strip().split("|", 2)
    return (int(major), int(minor)) if Path(prefix).resolve() == VENV.resolve() else None


def install(extras, stamp):
    """Makes .venv where it is missing, of another Python or broken; installs radkit with these extras; stamps it."""
    start = time.monotonic()
    print(f"radkit: setting up in {VENV} (once; some minutes on a slow line)", flush=True)
    LOG.unlink(missing_ok=True)
    STAMP.unlink(missing_ok=True)
    version, python = "{}.{}".format(*sys.version_info), str(BIN / "python")
    if usable_version(stamp) != sys.version_info[:2]:
        base = getattr(sys, "_base_executable", None) or sys.executable
        step(f"virtual environment, Python {version}", [base, "-m", "venv", "--clear", str(VENV)])
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    pip = [python, "-m", "pip", "install", *quiet, "--constraint", "constraints.txt"]
    step("uv, the installer", [*pip, "uv"])
    if extras == ALL:
        step("torch (a CPU build is 0.2 GB, the usual one with CUDA 3 GB)", [*pip, "torch"])
    uv = [python, "-m", "uv", "pip", "install", "--python", python, "--constraint", "constraints.txt"]
    step(f"radkit[{extras}]", [*uv, "--editable", f".[{extras}]"])
    STAMP.write_text(json.dumps({**here(), "extras": extras}) + "\n", encoding="utf-8")
    print(f"radkit: ready after {time.monotonic() - start:.0f} s", flush=True)


def clean():
    """Removes what building and testing left; keeps .venv and the results in runs/."""
    for path in [ROOT / name for name in LITTER]:
        shutil.rmtree(path, ignore_errors=True)
    for room in ("radkit", "dashboards", "lessons", "tests", "benchmarks"):
        for path in list((ROOT / room).rglob("__pycache__")):
            shutil.rmtree(path, ignore_errors=True)


def run(commands, arguments):
    """Runs the target's commands, the last one with the caller's arguments; ends with the first failure's code."""
    for number, (program, *rest) in enumerate(commands, 1):
        command = [str((BIN / program).with_suffix(EXE)), *rest, *(arguments if number == len(commands) else [])]
        if number == len(commands) and os.name != "nt":
            os.execv(command[0], command)  # the server gets Ctrl-C itself
        code = subprocess.call(command, cwd=ROOT)
        if code or number == len(commands):
            sys.exit(code)


def run_all(commands, arguments):
    """Runs every benchmark, one that misses its aim or not; the one beside the peers gets the caller's arguments."""
    worst = 0
    for program, script in commands:
        rest = arguments if Path(script).name == "bench_peers.py" else []
        print(f"== {Path(script).name}", flush=True)
        worst = max(worst, subprocess.call([str((BIN / program).with_suffix(EXE)), script, *rest], cwd=ROOT))
    sys.exit(worst)


def main(target="help", *arguments):
    """Sets up what the target needs, then runs it."""
    if target == "clean":
        return clean()
    if target not in TARGETS:
        stop(f"'{target}' is none of {', '.join(TARGETS)}, clean")
    extras, commands = TARGETS[target]
    os.chdir(ROOT)
    if not is_ready(read_stamp(), extras):
        with wait_for_turn():
            stamp = read_stamp()  # the other set-up may have done it all
            if not is_ready(stamp, extras):
                extras = ALL if stamp.get("extras") == ALL else extras
                check_machine(extras, stamp)
                install(extras, stamp)
    return run_all(commands, arguments) if target == "bench" else run(commands, arguments)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        stop("interrupted; the next run goes on from here")
