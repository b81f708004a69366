"""A MedDRA distribution: its layout, its faults, and what a name leads to. All terms here are invented."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.standards.meddra import Level, fold, read_meddra
from sdtm_mapper.standards.paths import specs_dir

INVENTED = specs_dir() / "dictionaries" / "invented"
FILES = {
    "llt.asc": "1$Thing$1$$$$$$$Y$$\n2$Old  thing$1$$$$$$$N$$\n3$Chose é$1$$$$$$$Y$$\n",
    "pt.asc": "1$Thing$$9$$$$$$$$\n",
    "hlt.asc": "7$Things$$$$$$$$\n",
    "hlgt.asc": "8$All things$$$$$$$$\n",
    "soc.asc": "9$World$W$$$$$$$$\n10$Other world$O$$$$$$$$\n",
    "mdhier.asc": "1$7$8$10$Thing$Things$All things$Other world$O$$9$N$\n"
    "1$7$8$9$Thing$Things$All things$World$W$$9$Y$\n",
}


@pytest.fixture
def folder(tmp_path: Path):
    def make(encoding: str = "utf-8", under: str = "", **changed: str | None) -> Path:
        for name, text in {**FILES, **{f"{n}.asc": t for n, t in changed.items()}}.items():
            if text is not None:
                path = tmp_path / under / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(text.encode(encoding))
        return tmp_path

    return make


def names(found):
    return [(x.llt.name, x.path.pt.name, x.path.soc.name, x.current) for x in found]


def test_a_name_leads_along_the_primary_path(folder):
    meddra = read_meddra(folder(), "99.1")
    (found,) = meddra.find("  THING ")
    assert (found.llt, found.path.pt, found.path.hlt) == (
        Level("Thing", "1"),
        Level("Thing", "1"),
        Level("Things", "7"),
    )
    assert (found.path.hlgt, found.path.soc) == (Level("All things", "8"), Level("World", "9"))
    assert names(meddra.find("old thing")) == [("Old  thing", "Thing", "World", False)]
    assert meddra.find("thin") == ()
    assert meddra.version == "99.1"


def test_a_current_term_comes_before_one_that_is_not(folder):
    meddra = read_meddra(folder(llt="1$Thing$1$$$$$$$N$$\n2$THING$1$$$$$$$Y$$\n"), "1")
    assert names(meddra.find("thing")) == [("THING", "Thing", "World", True)]


@pytest.mark.parametrize("under", ["MedAscii", "ascii-271", "ASCII-271"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
def test_folders_and_encodings(folder, under, encoding):
    meddra = read_meddra(folder(encoding, under), "1")
    assert names(meddra.find("CHOSE É")) == [("Chose é", "Thing", "World", True)]


def test_line_ends_and_file_names_of_another_system(folder):
    at = folder(**{n.removesuffix(".asc"): t.replace("\n", "\r\n") for n, t in FILES.items()})
    (at / "llt.asc").rename(at / "LLT.ASC")
    assert names(read_meddra(at, "1").find("thing")) == [("Thing", "Thing", "World", True)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"hlt": None}, "the MedDRA file hlt.asc is missing"),
        ({"llt": None}, "there is no llt.asc, nor a folder MedAscii or ascii-NNN"),
        (
            {"llt": "1$Thing$1$$$$$$$Y$$\n2$Short$1$\n"},
            "llt.asc:2: 11 fields are expected, each with $ behind it; found: 3",
        ),
        ({"pt": "1$Thing$$9$$$$$$$\n"}, "pt.asc:1: 11 fields"),
        (
            {"pt": "1$Thing$$9$$$$$$$$x\n"},
            "pt.asc:1: 11 fields are expected, each with $ behind it; found: its record",
        ),
        ({"soc": ""}, "soc.asc:1: 10 fields"),
        ({"llt": FILES["llt.asc"] + "x1$A$1$$$$$$$Y$$\n"}, "llt.asc:4: 'x1' is no code"),
        ({"llt": FILES["llt.asc"] + "4$A$77$$$$$$$Y$$\n"}, "llt.asc:4: PT 77 of this LLT is not in pt.asc"),
        (
            {"pt": FILES["pt.asc"] + "5$Lost$$9$$$$$$$$\n"},
            "pt.asc:2: PT 5 has no row with primary_soc_fg = Y in mdhier",
        ),
        ({"pt": FILES["pt.asc"] * 2}, "pt.asc:2: the code 1 stands twice"),
        ({"mdhier": FILES["mdhier.asc"].replace("$N$", "$Y$")}, "mdhier.asc:2: PT 1 has a second row"),
        (
            {"mdhier": FILES["mdhier.asc"].replace("1$7$8$9$", "1$6$8$9$")},
            "mdhier.asc:2: HLT 6 is not in hlt.asc",
        ),
    ],
)
def test_faults_name_file_and_line(folder, changed, told):
    with pytest.raises(UserError) as error:
        read_meddra(folder(**changed), "1")
    assert told in str(error.value)


def test_several_distributions_are_refused(folder):
    at = folder(under="ascii-271")
    shutil.copytree(at / "ascii-271", at / "ascii-280")
    with pytest.raises(UserError, match="several distributions of MedDRA \\(ascii-271, ascii-280\\)"):
        read_meddra(at, "1")


def test_files_are_named_for_the_manifest(folder):
    made = read_meddra(folder(), "1").files
    assert [f.name for f in made] == ["llt.asc", "pt.asc", "hlt.asc", "hlgt.asc", "soc.asc", "mdhier.asc"]
    assert (made[1].size, len(made[1].sha256)) == (19, 64)


def test_folding_is_of_case_and_blanks_alone():
    assert fold("  Hand-Foot\u3000 Syndrome\t") == "hand-foot syndrome"
    assert fold("naïve") != fold("naive")


def test_the_invented_dictionary_hangs_together_and_says_so():
    meddra = read_meddra(INVENTED, "invented-1")
    lines = {
        n: (INVENTED / f"{n}.asc").read_text(encoding="utf-8").splitlines() for n in ("llt", "pt", "mdhier")
    }
    assert {n: len(rows) for n, rows in lines.items()} == {"llt": 303, "pt": 115, "mdhier": 118}
    assert all(row.startswith("99") for rows in lines.values() for row in rows)
    found = [meddra.find(row.split("$")[1]) for row in lines["llt"]]
    assert {len(f) for f in found} == {1}
    assert sum(not f[0].current for f in found) == 8
    assert "This is not MedDRA" in (INVENTED / "README.md").read_text(encoding="utf-8")
