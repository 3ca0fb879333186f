"""What lies in the repository, and that its files agree with one another."""

import json
import re
from pathlib import Path

import house
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE"]
PLUMBING = ["Makefile", "environment.yml", "pyproject.toml", "constraints.txt", ".ci/run"]
MAX_BYTES = 1_000_000


@pytest.mark.parametrize("name", DOCUMENTS + PLUMBING)
def test_it_is_there(name):
    assert (house.ROOT / name).is_file()


def test_no_data_and_no_lock_file():
    banned = re.compile(r"\.(nii|nii\.gz|nrrd|dcm|mha|mhd|h5|npy|npz)$|(^|/)(uv|poetry|pdm)\.lock$|(^|/)Pipfile\.lock$")
    assert not [str(path) for path in house.files() if banned.search(path.as_posix())]


def test_no_large_file():
    assert not [str(path) for path in house.files() if (house.ROOT / path).stat().st_size > MAX_BYTES]


def test_no_machine_path_and_no_registry_host():
    hosts = ["py" + r"pi\.org", "python" + r"hosted\.org", "registry" + r"\.npm", "deb" + r"\.debian\.org"]
    folders = [f"/{name}/" for name in ("work", "farm", "root", "opt", r"home/\w+")]
    banned = re.compile("|".join(hosts + folders))
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in house.files()
        for number, line in enumerate(house.text(path).splitlines(), 1)
        if banned.search(line)
    ]
    assert not found


def test_notebooks_carry_no_output():
    notebooks = [path for path in house.files() if path.suffix == ".ipynb"]
    cells = [(path, cell) for path in notebooks for cell in json.loads(house.text(path))["cells"]]
    assert not [str(path) for path, cell in cells if cell.get("outputs")]


def test_packages_are_the_folders():
    settings = house.pyproject()["tool"]["setuptools"]
    assert settings["package-dir"] == house.PACKAGES
    holding = {path.parent for path in house.python_files() if path.parts[0] in house.PACKAGES.values()}
    name_of = {folder: name for name, folder in house.PACKAGES.items()}
    expected = {".".join([name_of[folder.parts[0]], *folder.parts[1:]]) for folder in holding}
    assert set(settings["packages"]) == expected
    assert not [str(folder) for folder in holding if not (house.ROOT / folder / "__init__.py").is_file()]


def test_environment_yml_agrees_with_pyproject():
    dependencies = yaml.safe_load(house.text(Path("environment.yml")))["dependencies"]
    bound = house.pyproject()["project"]["requires-python"]
    assert dependencies == [f"python{bound}", "pip", {"pip": ["-e .[all]"]}]


def test_all_extras_are_in_all_but_itk():
    """itk pins old versions of its dependencies, so it stays apart."""
    extras = house.pyproject()["project"]["optional-dependencies"]
    (everything,) = map(Requirement, extras["all"])
    assert everything.extras == set(extras) - {"all", "itk"}


def test_constraints_are_versions_and_meet_pyproject():
    lines = [line for line in house.text(Path("constraints.txt")).splitlines() if line and not line.startswith("#")]
    assert not [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+]+( ; .+)?", line)]
    pinned: dict[str, list[Version]] = {}
    for requirement in map(Requirement, lines):
        pinned.setdefault(requirement.name, []).extend(Version(s.version) for s in requirement.specifier)
    project = house.pyproject()["project"]
    extras = [lines for extra, lines in project["optional-dependencies"].items() if extra not in ("all", "itk")]
    for requirement in map(Requirement, sum(extras, project["dependencies"])):
        versions = pinned[requirement.name.lower()]
        assert all(version in requirement.specifier for version in versions), requirement


def test_version_is_the_same_everywhere():
    import radkit

    citation = yaml.safe_load(house.text(Path("CITATION.cff")))
    assert citation["version"] == radkit.__version__
    assert citation["license"] == house.pyproject()["project"]["license"]
    changelog = house.text(Path("CHANGELOG.md"))
    assert re.search(rf"^## {re.escape(radkit.__version__)}\b", changelog, re.M)
    assert re.search(r"^#+ Numbers that changed$", changelog, re.M)


def test_links_in_the_documents_lead_somewhere():
    documents = [path for path in house.files() if path.suffix == ".md"]
    links = [(path, to) for path in documents for to in re.findall(r"\]\(([^)#\s]+)[^)]*\)", house.text(path))]
    here = [(path, to) for path, to in links if "://" not in to]
    dangling = [f"{path}: {to}" for path, to in here if not (house.ROOT / path.parent / to).exists()]
    assert not dangling
