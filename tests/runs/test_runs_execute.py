"""A run lands whole in a folder of its own, or not at all; a refused one never starts a kernel."""

import json
import sys
from importlib import import_module

import nbformat
import pytest

from radkit import runs
from radkit.io import write_text
from radkit.runs.page import fetches
from radkit.volume import SettingError

MODULE = import_module("radkit.runs.execute")  # the package has the function of that name
NOTEBOOK = """\
# %% [markdown]
# # Tiny & <b>small</b>

# %% tags=["parameters"]
width = 25.0  # float, HU, 1 to 200: width of a bin
who = "you"  # str: a name
fail = False  # bool: raise in the middle

# %% [markdown]
# ## Run

# %%
import os
import sys

print("width", width, "who", who)
print(os.environ["OMP_NUM_THREADS"], os.environ["NUMBA_NUM_THREADS"], sys.executable)

# %%
if fail:
    raise ValueError("first line\\nlast line")

# %%
print("the end")
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.py"
    path.write_text(NOTEBOOK)
    return path


def outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    return "".join(o.get("text", "") for c in cells if c.cell_type == "code" for o in c.outputs)


@pytest.fixture
def no_kernel(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a kernel was about to start")

    monkeypatch.setattr(MODULE, "_machinery", refuse)


@pytest.mark.parametrize("bad", [{"nonsense": "1"}, {"width": "-3"}, {"width": "1; import os"}, {"import os": "1"}])
def test_a_refused_parameter_starts_no_kernel_and_leaves_no_folder(tiny, tmp_path, no_kernel, bad):
    with pytest.raises(SettingError):
        runs.execute(tiny, bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_leaves_notebook_page_parameters_and_manifest(tiny, tmp_path, monkeypatch):
    seen = []
    hostile = 'a "b" \\ {c} <script>'
    result = runs.execute(tiny, {"width": "10", "who": hostile}, tmp_path / "out", progress=seen.append)

    folder = result.folder
    assert folder.parent == tmp_path / "out" / "runs" / "tiny"
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "params.json", "tiny.html", "tiny.ipynb"]
    assert result.parameters == {"width": 10.0, "who": hostile, "fail": False}
    assert json.loads((folder / "params.json").read_text()) == result.parameters
    text = outputs(result.notebook)
    assert f"width 10.0 who {hostile}\n" in text
    assert f"1 1 {sys.executable}\n" in text
    assert seen == ["Tiny & <b>small</b> (cell 1 of 7)", "Run (cell 4 of 7)"]
    assert not result.reused
    assert result.seconds > 0
    assert result.peak_mib is None or 20 < result.peak_mib < 2000
    assert result.cpu_seconds is None or 0 < result.cpu_seconds < 120
    assert result.manifest["changed"] == ["who", "width"]
    assert str(tmp_path) not in result.notebook.read_text()
    page = result.html.read_text()
    assert fetches(page) == []
    assert "<title>Tiny &amp; &lt;b&gt;small&lt;/b&gt;</title>" in page
    assert "<script>" not in page

    monkeypatch.setattr(MODULE, "_machinery", lambda: pytest.fail("it was computed again"))
    again = runs.execute(tiny, {"who": hostile, "width": 10}, tmp_path / "out")
    assert again.reused
    assert again.manifest == result.manifest
    assert "nothing was computed" in again.message


def test_a_failed_cell_is_named_and_the_notebook_kept(tiny, tmp_path):
    with pytest.raises(runs.RunFailed) as failed:
        runs.execute(tiny, {"fail": "true"}, tmp_path)
    (folder,) = (tmp_path / "runs" / "tiny").iterdir()
    assert str(failed.value) == (
        f'cell 6 of tiny, under "Run", failed with ValueError: first line last line; see {folder / "failed.ipynb"}.'
    )
    assert sorted(p.name for p in folder.iterdir()) == ["failed.ipynb", "params.json"]
    text = outputs(folder / "failed.ipynb")
    assert "width 25.0" in text
    assert "the end" not in text


@pytest.fixture
def instant(monkeypatch):
    """Runs that need no kernel: the notebook comes back as it went in, and every call is counted."""
    from radkit.runs.kernel import Execution

    calls = []

    def run_cells(notebook, parameters, progress):
        calls.append(parameters)
        return Execution(notebook=notebook, failure=None, peak_mib=1.0, cpu_seconds=1.0)

    monkeypatch.setattr(MODULE, "_machinery", lambda: (run_cells, lambda *arguments: "<html></html>"))
    return calls


def test_other_parameters_another_notebook_or_force_run_again(tiny, tmp_path, instant):
    first = runs.execute(tiny, {}, tmp_path)
    assert runs.execute(tiny, {"width": "25"}, tmp_path).folder == first.folder  # the default, said aloud
    assert len(instant) == 1
    runs.execute(tiny, {"width": "26"}, tmp_path)
    runs.execute(tiny, {}, tmp_path, force=True)
    tiny.write_text(NOTEBOOK + "\nprint('more')\n")
    last = runs.execute(tiny, {}, tmp_path)
    assert len(instant) == 4
    assert not last.reused


def test_a_killed_run_does_not_count_as_finished(tiny, tmp_path, instant, monkeypatch):
    written = []

    def dies(path, text):
        if path.name == "manifest.json":
            raise KeyboardInterrupt
        written.append(path.name)
        write_text(path, text)

    monkeypatch.setattr(MODULE, "write_text", dies)
    with pytest.raises(KeyboardInterrupt):
        runs.execute(tiny, {}, tmp_path)
    monkeypatch.undo()
    assert written == ["params.json", "tiny.ipynb", "tiny.html"]
    (folder,) = (tmp_path / "runs" / "tiny").iterdir()
    assert not (folder / "manifest.json").exists()


@pytest.mark.parametrize("damage", ["manifest.json", "tiny.ipynb", "tiny.html"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_damaged_run_is_run_again(tiny, tmp_path, instant, damage, how):
    first = runs.execute(tiny, {}, tmp_path)
    broken = first.folder / damage
    broken.write_bytes(broken.read_bytes()[:-5]) if how == "cut" else broken.unlink()
    again = runs.execute(tiny, {}, tmp_path)
    assert not again.reused
    assert again.folder != first.folder
    assert runs.execute(tiny, {}, tmp_path).folder == again.folder


def test_two_runs_of_one_second_get_two_folders(tiny, tmp_path, instant):
    folders = {runs.execute(tiny, {}, tmp_path, force=True).folder for _ in range(5)}
    assert len(folders) == 5


def test_a_folder_that_cannot_be_written_is_named(tiny, tmp_path, instant):
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.raises(SettingError, match="cannot be written"):
        runs.execute(tiny, {}, tmp_path)


def test_without_jupyter_the_refusal_says_what_to_install(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "radkit.runs.kernel", None)
    with pytest.raises(SettingError, match=r"install radkit\[notebooks\]"):
        runs.execute(tiny, {}, tmp_path)
