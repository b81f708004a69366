"""Planted faults: they are where the list says, nothing else changes, and the run finds them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sdtm_mapper.demo.collected import Collected, Written
from sdtm_mapper.demo.faults import KINDS, chosen, places
from sdtm_mapper.demo.faults_base import STAGES, File, Lines, Part, Planted, persons
from sdtm_mapper.demo.faults_plant import plant
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.make import write_demo
from sdtm_mapper.demo.truth import truth
from sdtm_mapper.demo.truth_base import Datasets
from sdtm_mapper.pipeline.run import Options, run_study
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.standards.rules import load_rules

STUDY = specs_dir() / "studies" / "nct07151326"
FEW, SEED = 12, 3
STUDYS_OWN = ("PRT", "RCS", "AEX", "DMX", "LBX", "EXX", "VIS", "XFM", "DLV")
WAITING = {  # kinds whose rule exists and does not see them, with the reason
    "organ-changes": "TU has the organ of a lesion's first line alone; that of later lines is not submitted",
    "not-eligible-registered": "the answer whether all criteria are met is not submitted",
}


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def one_name(file: str) -> str:
    """A file, whichever part of it or delivery of it is meant."""
    return re.sub(r"_2026\d{4}\.csv$", "", file.partition("#")[0])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    parts = list(collect(SEED, FEW))
    raw = tmp_path_factory.mktemp("small") / "raw"
    written = write_demo(parts, raw)
    return SimpleNamespace(parts=parts, raw=raw, written=written, files=tree(raw))


def planted_in(small: SimpleNamespace, raw: Path, *kinds: str) -> list[Planted]:
    shutil.copytree(small.raw, raw)
    parts: Iterable[Collected] = small.parts
    written: Mapping[str, Written] = small.written
    done, _ = plant(parts, raw, [KINDS[k] for k in kinds], written)
    return done


def differs(small: SimpleNamespace, raw: Path) -> set[str]:
    now = tree(raw)
    return {one_name(n) for n in small.files.keys() | now.keys() if small.files.get(n) != now.get(n)}


def assert_only_there(small: SimpleNamespace, raw: Path, done: list[Planted]) -> None:
    told = {one_name(change[0]) for p in done for change in p.changes}
    assert differs(small, raw) <= told | {"delivery.yaml"}
    for p in done:
        assert {one_name(c[0]) for c in p.changes} & differs(small, raw) or p.kind.name == "count-mismatch"


def test_there_are_enough_kinds_of_every_stage_and_domain() -> None:
    assert len(KINDS) >= 60
    stages = Counter(kind.stage for kind in KINDS.values())
    domains = Counter(kind.domain for kind in KINDS.values())
    assert min(stages[stage] for stage in STAGES) >= 5
    assert min(domains[domain] for domain in ("DM", "LB", "AE", "TR", "RS")) >= 5


def test_every_rule_is_one_of_the_products_or_listed_for_the_study() -> None:
    page = (Path(__file__).parents[2] / "docs" / "flagship.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ((?:PRT|RCS|AEX|DMX|LBX|EXX|VIS|XFM|DLV)\d{3}) \|", page, re.MULTILINE))
    assert {kind.rule for kind in KINDS.values()} <= listed | set(load_rules())


@pytest.mark.parametrize("seed", [1, 2, 11])
@pytest.mark.parametrize("subjects", [12, 60])
def test_every_kind_has_a_place(seed: int, subjects: int) -> None:
    found = places(persons([Part(part) for part in collect(seed, subjects)]))
    assert [k for k, v in KINDS.items() if k not in found and not isinstance(v.plant, File)] == []


def test_the_place_of_a_kind_does_not_depend_on_the_others(small: SimpleNamespace, tmp_path: Path) -> None:
    alone = planted_in(small, tmp_path / "one", "ecog-2")
    among = planted_in(small, tmp_path / "all", "ecog-2", "wrong-sum", "impossible-date")
    assert alone[0] == among[0]


@pytest.mark.parametrize("stage", STAGES)
def test_only_what_the_list_says_is_altered(small: SimpleNamespace, stage: str, tmp_path: Path) -> None:
    kinds = [k.name for k in chosen(stage)]
    done = planted_in(small, tmp_path / "raw", *kinds)
    assert_only_there(small, tmp_path / "raw", done)
    assert len(done) >= 0.8 * len(kinds)  # some of few subjects' lines are wanted by two


@pytest.mark.nightly
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_alters_nothing_else(small: SimpleNamespace, name: str, tmp_path: Path) -> None:
    done = planted_in(small, tmp_path / "raw", name)
    assert [p.kind.name for p in done] == [name]
    assert_only_there(small, tmp_path / "raw", done)


def test_a_cell_is_altered_alone(small: SimpleNamespace, tmp_path: Path) -> None:
    (done,) = planted_in(small, tmp_path / "raw", "swapped-day-and-month")
    file, record, column, before, after = done.changes[0]
    assert (column, after) == ("DMDAT", "02/25/2026")
    old = small.files[file].decode("cp1252").splitlines()
    new = (tmp_path / "raw" / file).read_bytes().decode("cp1252").splitlines()
    assert [n for n, pair in enumerate(zip(old, new, strict=True), 1) if pair[0] != pair[1]] == [int(record)]
    assert old[int(record) - 1].replace(before, after, 1) == new[int(record) - 1]


def test_unknown_words_are_no_kinds() -> None:
    with pytest.raises(KeyError, match="wrong-summ"):
        chosen("recist, wrong-summ")
    assert chosen("none") == ()
    assert len(chosen("all")) == len(KINDS)
    assert {k.stage for k in chosen("labs")} == {"labs"}


# what the run says


def converted(parts: Iterable[Collected], folder: Path, kinds: Iterable[str]) -> SimpleNamespace:
    planted, _ = plant(parts, folder / "raw", [KINDS[k] for k in kinds])
    result = run_study(STUDY, folder / "raw", folder / "package", Options(), lambda _: None)
    return SimpleNamespace(planted=planted, result=result, findings=result.findings.to_pylist())


def found(fault: Planted, findings: list[dict[str, Any]]) -> bool:
    """Whether the rule has a finding at the place of a fault, about its subject, or with its value."""
    files = {one_name(change[0]) for change in fault.changes}
    subject = f"NCT07151326-{fault.subject}" if fault.subject else "-"
    values = {text for change in fault.changes for text in change[3:] if text}
    for finding in (f for f in findings if f["rule"] == fault.kind.rule):
        if finding["usubjid"] == subject or values & set(finding["values"] or ()):
            return True
        if finding["raw_file"] and one_name(finding["raw_file"]) in files:
            return True
    return False


def assert_accounted(result: Any) -> None:
    assert result.verdict in ("COMPLETE", "INCOMPLETE")
    assert "LED002" not in result.findings.column("rule").to_pylist()
    for balance in result.files:
        assert balance.balanced, balance


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return converted(collect(1, 60), tmp_path_factory.mktemp("faults"), KINDS)


def test_a_run_on_all_faults_ends_with_every_row_accounted_for(everything: SimpleNamespace) -> None:
    assert len(everything.planted) == len(KINDS)
    assert_accounted(everything.result)


@pytest.mark.parametrize(
    "name", [k for k, kind in KINDS.items() if kind.rule in load_rules() and k not in WAITING]
)
def test_the_rule_finds_the_fault(everything: SimpleNamespace, name: str) -> None:
    (fault,) = [p for p in everything.planted if p.kind.name == name]
    ran = {r.rule for r in everything.result.results}
    if fault.kind.rule[:3] in STUDYS_OWN and fault.kind.rule not in ran:
        pytest.skip(f"{fault.kind.rule} is described and not run")
    assert found(fault, everything.findings), fault


@pytest.mark.nightly
@pytest.mark.parametrize("name", KINDS)
def test_a_run_on_one_fault_finds_it(name: str, tmp_path: Path) -> None:
    done = converted(collect(2, 18), tmp_path, [name])
    assert_accounted(done.result)
    if KINDS[name].rule in load_rules() and name not in WAITING:
        assert found(done.planted[0], done.findings), done.planted[0]


@pytest.mark.nightly
@pytest.mark.parametrize("name", [k for k, kind in KINDS.items() if isinstance(kind.plant, Lines)])
def test_the_truth_changes_in_the_datasets_that_are_told(small: SimpleNamespace, name: str) -> None:
    parts = [Part(part) for part in small.parts]
    person, entries = places(persons(parts))[name]
    plan = KINDS[name].plant
    assert isinstance(plan, Lines)
    plan.alter(person, entries)
    try:
        now = truth([part.collected() for part in parts])
    except (KeyError, ValueError, ArithmeticError, IndexError):
        pytest.skip("the truth cannot be told of words and units that nothing knows")
    before = truth(small.parts)
    others = {d for d in before.keys() | now.keys() if _plain(d, before) != _plain(d, now)}
    assert others <= set(KINDS[name].truth) or "*" in KINDS[name].truth


def _plain(dataset: str, datasets: Datasets) -> list[dict[str, str]]:
    """Rows without their numbers, which change with any row before."""
    number = f"{dataset[:2]}SEQ"
    return [
        {k: v for k, v in row.items() if k not in (number, "IDVARVAL") and v}
        for row in datasets.get(dataset, ())
    ]


# the same bytes

_WRITE = """
import sys
from pathlib import Path
from sdtm_mapper.demo.deliver import deliver
from sdtm_mapper.demo.faults import chosen
deliver(Path(sys.argv[1]), 5, 12, chosen("all"), Path(sys.argv[1]) / "truth.json")
"""


def test_the_same_bytes_whatever_hash_seed_zone_and_locale(tmp_path: Path) -> None:
    for name, setting in (
        ("a", {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}),
        ("b", {"PYTHONHASHSEED": "2", "TZ": "Asia/Taipei", "LC_ALL": "C"}),
    ):
        subprocess.run(
            [sys.executable, "-c", _WRITE, str(tmp_path / name)],
            check=True,
            timeout=300,
            env={**os.environ, **setting},
        )
    one, two = tree(tmp_path / "a"), tree(tmp_path / "b")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []
