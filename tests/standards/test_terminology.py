from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Term
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.standards.terminology import Terminology, installed, load_terminology

RELEASE = "2025-03-28"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("SDTM_MAPPER_HOME", str(folder))
    return folder


@pytest.fixture
def sdtm() -> Terminology:
    return load_terminology(RELEASE)


def values(terminology: Terminology, name: str) -> list[str]:
    codelist = terminology.codelist(name)
    assert codelist is not None
    return [t.value for t in codelist.terms]


def test_known_codelists(sdtm: Terminology) -> None:
    assert values(sdtm, "C66742") == ["N", "NA", "U", "Y"]
    sex, unit, ny = (sdtm.codelist(n) for n in ("SEX", "UNIT", "NY"))
    assert sex is not None
    assert unit is not None
    assert ny is not None
    assert (sex.code, sex.extensible, sex.name) == ("C66731", False, "Sex")
    assert (unit.code, unit.extensible) == ("C71620", True)
    assert ny is sdtm.codelist("C66742")
    assert ny.by_value["Y"] == Term("C49488", "Y", "Yes", ("Yes",))
    assert len(unit.terms) == 929


def test_there_is_no_such_codelist(sdtm: Terminology) -> None:
    assert sdtm.codelist("C1") is None
    assert sdtm.codelist("ny") is None


def test_counts_are_those_of_the_published_file(sdtm: Terminology) -> None:
    assert len(sdtm.codes()) == 1158
    assert sum(len(values(sdtm, code)) for code in sdtm.codes()) == 43698


def test_the_define_package() -> None:
    define = load_terminology(RELEASE, package="Define-XML")
    assert define.package == "DEFINE-XML"
    assert len(define.codes()) == 15
    assert sum(len(values(define, code)) for code in define.codes()) == 88
    assert "Predecessor" in values(define, "ORIGINT")


def test_the_guide_names_one_codelist_that_this_release_no_longer_has(sdtm: Terminology) -> None:
    from sdtm_mapper.standards.guide import load_guide

    named = {c for d in load_guide().datasets.values() for v in d.variables for c in v.codelists}
    assert "C66742" in named
    assert sorted(named - set(sdtm.codes())) == ["C85495"]  # MSRESCAT's


def test_find_term(sdtm: Terminology) -> None:
    found = dict(sdtm.find_term("C67255"))
    assert found["C71620"].value == "10^9/L"
    assert sdtm.find_term("C6725") == ()


def test_a_study_comes_before_home_and_home_before_the_product(tmp_path: Path, home: Path) -> None:
    own = specs_dir() / "standards" / "ct" / f"sdtm-{RELEASE}"
    study = tmp_path / "study" / "standards"
    assert load_terminology(RELEASE, (study,)).folder == own
    shutil.copytree(own, home / "standards" / "ct" / own.name)
    # what was looked up is remembered for a process; another tuple of places is another question
    assert load_terminology(RELEASE, (study, study)).folder == home / "standards" / "ct" / own.name
    shutil.copytree(own, study / "ct" / own.name)
    assert load_terminology(RELEASE, (study, study, study)).folder == study / "ct" / own.name
    assert [i.place for i in installed((study,)) if i.folder.name == own.name] == ["study", "home", "product"]


def test_an_unknown_release_lists_the_installed_and_says_how_to_import() -> None:
    with pytest.raises(UserError) as caught:
        load_terminology("2019-12-20")
    text = str(caught.value)
    assert "SDTM 2019-12-20 is not installed" in text
    assert f"SDTM {RELEASE} (product)" in text
    assert "sdtm-mapper standards import FILE" in text
    with pytest.raises(UserError, match=r"SEND .*\n  none\n"):
        load_terminology(RELEASE, package="SEND")


def copy(home: Path) -> Path:
    own = specs_dir() / "standards" / "ct" / f"define-xml-{RELEASE}"
    folder = home / "standards" / "ct" / own.name
    shutil.copytree(own, folder)
    return folder


def test_a_changed_codelist_is_refused_and_others_still_read(home: Path) -> None:
    path = copy(home) / "codelists.txt"
    path.write_bytes(path.read_bytes().replace(b"Predecessor", b"Predecesser"))
    define = load_terminology(RELEASE, package="DEFINE-XML")
    assert "Sponsor" in values(define, "ORIGINS")
    with pytest.raises(UserError, match=r"codelists.txt \(codelist C170449\): was changed"):
        define.codelist("ORIGINT")


def test_a_changed_index_is_refused(home: Path) -> None:
    path = copy(home) / "index.txt"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"index.txt: was changed"):
        load_terminology(RELEASE, package="DEFINE-XML")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 1}', "\xff"])
def test_a_broken_manifest_is_refused_and_does_not_hide_other_releases(home: Path, text: str) -> None:
    (copy(home) / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"manifest.json: is not a manifest"):
        load_terminology(RELEASE, package="DEFINE-XML")
    with pytest.raises(UserError, match="SDTM 2025-03-28"):
        load_terminology("2019-12-20")


def test_a_renamed_folder_is_refused(home: Path) -> None:
    folder = copy(home)
    folder.rename(folder.with_name("define-xml-2020-01-01"))
    with pytest.raises(UserError, match="its manifest says DEFINE-XML 2025-03-28"):
        load_terminology("2020-01-01", package="DEFINE-XML")


def test_reading_a_codelist_loads_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from sdtm_mapper.standards.guide import load_guide\n"
        "from sdtm_mapper.standards.matching import match_term\n"
        "from sdtm_mapper.standards.terminology import load_terminology\n"
        "load_guide()\n"
        "match_term(load_terminology('2025-03-28').codelist('NY'), 'y')\n"
        "print(sorted({'pandas', 'pyarrow', 'numpy', 'lxml', 'ruamel', 'rapidfuzz'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
