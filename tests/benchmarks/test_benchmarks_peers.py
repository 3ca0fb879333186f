"""The benchmark beside the peers: its worker protocol with radkit alone, and its judgement, on a tiny region."""

import sys
from pathlib import Path

import numpy as np
import pytest

import radkit
from radkit.preprocess import FixedBinWidth
from radkit.recipe import Recipe

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FAMILIES = ("morphology", "statistics", "glcm", "glrlm", "glszm", "ngtdm", "ngldm")


@pytest.fixture(autouse=True, scope="module")
def _import_from_benchmarks():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    from inputs import Region
    from session import Session

    tmp_path, rng = tmp_path_factory.mktemp("region"), np.random.default_rng(5)
    image = rng.normal(0, 60, (8, 9, 10)).round()
    mask = np.zeros(image.shape, bool)
    mask[2:6, 2:7, 2:8] = True
    np.save(tmp_path / "image.npy", image)
    np.save(tmp_path / "mask.npy", mask)
    region = Region(
        size="small",
        image=tmp_path / "image.npy",
        mask=tmp_path / "mask.npy",
        spacing_mm=2.0,
        n_voxels=int(mask.sum()),
        origin=-500.0,
    )
    opened = Session({"radkit": sys.executable}, 1, radkit_path=str(Path(radkit.__file__).parents[1]), pinned=False)
    opened.load(region)
    yield opened
    opened.stop()


@pytest.mark.slow
def test_the_worker_computes_what_extract_does(session):
    worker = session.workers["radkit"]
    task = session.task(FAMILIES, ["3D_comb"])
    reply = worker.ask(do="run", task=task, features=True)

    image, mask = (np.load(path) for path in (session.region.image, session.region.mask))
    fs = radkit.extract(
        radkit.Image.of(image, spacing_mm=(2, 2, 2), modality="CT", unit="HU"),
        radkit.Mask.of(mask, spacing_mm=(2, 2, 2)),
        Recipe(binning=FixedBinWidth(width=25, origin=-500, unit="HU"), families=FAMILIES, aggregations=("3D_comb",)),
    )
    expected = {value.feature.tag: value.value for value in fs}
    spatial = {"morph_moran_i", "morph_geary_c"}
    assert reply["features"] == {tag: value for tag, value in expected.items() if tag not in spatial}
    assert reply["s"] > 0
    assert reply["cpu_s"] > 0

    with_spatial = worker.ask(do="run", task=session.task((*FAMILIES, "spatial"), ["3D_comb"]), features=True)
    assert with_spatial["features"] == expected
    turned = worker.ask(do="step", task=session.task(FAMILIES, ["3D_comb"], 30), features=True)
    assert turned["features"]["cm_contrast"] < reply["features"]["cm_contrast"]  # wider bins, lesser differences

    assert set(session.matrices(2)) == {"glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"}
    assert {*FAMILIES, "between the stages"} <= set(session.parts(2)["radkit"])
    assert set(session.aggregations(1)) == {"3D averaged", "3D", "all six"}


@pytest.mark.slow
def test_a_worker_says_what_went_wrong(session):
    from workers import WorkerFailed

    with pytest.raises(WorkerFailed, match=r"radkit: SettingError: .*'no such family'"):
        session.workers["radkit"].ask(do="run", task=session.task(["no such family"], ["3D_comb"]))


@pytest.mark.slow
def test_the_run_goes_on_without_a_peer_that_is_not_there(session):
    from session import Session

    path = str(Path(radkit.__file__).parents[1])
    opened = Session({"radkit": sys.executable, "zrad": sys.executable}, 1, radkit_path=path, pinned=False)
    try:
        assert opened.peers == []
        assert opened.lost == ["Z-Rad is left out: zrad: it ended: ModuleNotFoundError: No module named 'zrad'"]
        opened.load(session.region)
        assert opened.seven(1) == ([], {})
    finally:
        opened.stop()


def test_equality_counts_and_lists():
    from contests import PEERS
    from equality import compare

    ours = {"cm_contrast": 2.0, "cm_joint_avg": 3.0, "stat_kurt": 1.0, "stat_cov": float("nan"), "stat_mean": 1.0}
    theirs = {"cm_contrast": 2.0 + 1e-12, "cm_joint_avg": 3.03, "stat_kurt": 4.0, "stat_cov": float("nan")}
    found = compare(ours, theirs, PEERS["pyradiomics"])
    assert (found.n_both, found.n_equal) == (4, 2)  # contrast, and the coefficient that neither defines
    assert [(d.tag, d.why) for d in found.known] == [("stat_kurt", "it does not subtract 3")]
    assert [(d.tag, d.relative) for d in found.broken] == [("cm_joint_avg", pytest.approx(0.03 / 3.03))]


def test_a_known_difference_may_not_grow():
    from contests import PEERS
    from equality import compare

    found = compare({"morph_volume": 100.0}, {"morph_volume": 90.0}, PEERS["zrad"])
    assert [d.tag for d in found.broken] == ["morph_volume"]


def test_every_known_tag_and_code_is_in_the_catalogue():
    import ast

    from contests import PEERS

    from radkit.features import catalogue

    known = {tag for peer in PEERS.values() for reason in peer.known for tag in reason.tags.split()}
    assert known <= {feature.tag for feature in catalogue()}
    source = (BENCHMARKS / "peers" / "peer_pyradiomics.py").read_text(encoding="utf-8")
    (codes,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "CODES"
    )
    assert set(codes.values()) <= {feature.ibsi for feature in catalogue()}


def test_quick_work_is_repeated_within_a_round(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS / "peers")
    import protocol

    class Echo(protocol.Library):
        def prepare(self, task):
            self.prepared = task

        def run(self, task):
            assert task == self.prepared  # before the clock started
            widths.append(task["bin_width"])
            return {"stat_mean": task["bin_width"]}

    widths: list[float] = []
    request = {"do": "run", "task": {"bin_width": 25.0}, "features": True}
    assert protocol.answer(Echo(), request)["features"] == {"stat_mean": 25.0}
    assert widths == [25.0] * protocol.MOST
    widths.clear()
    protocol.answer(Echo(), request | {"do": "step"})
    assert widths == [25 + i / 64 for i in range(protocol.MOST)]  # nothing can be remembered of an earlier turn


def test_rounds_alternate_and_the_first_one_warms_up():
    from rounds import SLOW_S, alternate

    asked = []

    def library(name, seconds):
        def call(i):
            asked.append((name, i))
            return {"s": seconds * (10 if i < 0 else 1), "cpu_s": seconds}

        return call

    times, _ = alternate({"quick": library("quick", 0.1), "slow": library("slow", SLOW_S)}, rounds=4)
    assert asked == [
        ("quick", -1), ("slow", -1), ("quick", 0), ("slow", 0), ("quick", 1), ("slow", 1), ("quick", 2), ("quick", 3),
    ]  # fmt: skip
    assert times["quick"].wall == (0.1,) * 4
    assert times["quick"].ms() == 100
    assert times["slow"].wall == (10 * SLOW_S, SLOW_S, SLOW_S)


def test_a_missing_peer_is_one_sentence(tmp_path, monkeypatch):
    import venvs

    monkeypatch.setenv("RADKIT_PEERS", str(tmp_path))
    assert venvs.folder() == tmp_path
    here = venvs.find("zrad", sys.executable)
    assert here.python is None
    assert here.words.endswith("has no z-rad; name a Python that has it: --python zrad=PATH")
    monkeypatch.setattr(venvs, "interpreter", lambda peer: None)
    assert "it needs Python 3.12 or 3.13, which is not on the PATH" in venvs.find("pictologics", None).words
    assert "--no-install forbids" in venvs.find("pictologics", None, make=False).words
    (tmp_path / "pyradiomics").mkdir()
    (tmp_path / "pyradiomics" / venvs.MARK).write_text("it could not be installed (no compiler)")
    assert f"(no compiler); remove {tmp_path / 'pyradiomics'} to try again" in venvs.find("pyradiomics", None).words
    (tmp_path / "zrad").mkdir()
    assert "holds no z-rad that answers" in venvs.find("zrad", None).words  # not ours, so it is left alone


def test_targets_are_judged():
    from rounds import Times
    from session import Row
    from targets import of_aggregations, of_rows

    def row(what, peer, ours, theirs, size="medium"):
        ours, theirs = (Times(wall=(s,), cpu=(s,)) for s in (ours, theirs))
        return Row(size=size, n_threads=1, what=what, peer=peer, radkit=ours, other=theirs)

    rows = [
        row("seven families", "pictologics", 1.0, 1.2),
        row("seven families", "pictologics", 1.0, 1.2, size="small"),
        row("bin width turned", "pictologics", 1.0, 1.6),
        row("seven families", "pyradiomics", 1.0, 41.0),
        row("seven families", "zrad", 1.0, 0.1),  # nothing was promised
    ]
    assert [target.kept for target in of_rows(rows, "wall")] == [False, True, True, True]
    assert of_aggregations("large", 1.9).kept
    assert not of_aggregations("large", 2.1).kept
