"""What is wrong with a delivery is a finding; everything that can be written is written."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pyreadstat
from lxml import etree


def _rules(tiny) -> set[str]:
    return {str(f["rule"]) for f in tiny.findings()}


def _xpt(tiny) -> set[str]:
    return {p.name for p in (tiny.out / "sdtm").glob("*.xpt")}


def _balanced(tiny) -> dict[str, tuple[int, int, int, int]]:
    files = pq.read_table(tiny.out / "ledger" / "files.parquet").to_pylist()
    assert all(f["balanced"] for f in files)
    assert not {"LED002"} & _rules(tiny)
    return {f["file"]: (f["counted"], f["kept"], f["excluded"], f["rejected"]) for f in files}


def _verdict(tiny) -> str:
    return str(json.loads((tiny.out / "manifest.json").read_bytes())["verdict"])


def test_chinese_without_a_translation_withholds_one_file(tiny) -> None:
    tiny.change("ae.csv", "001,2,Cough", "001,2,頭痛")
    done = tiny.quiet("-q")
    assert done.status == 1
    assert done.out.startswith("INCOMPLETE  study TINY")
    assert _verdict(tiny) == "INCOMPLETE"
    assert _xpt(tiny) == {"dm.xpt", "ex.xpt", "suppae.xpt"}
    kept = pq.read_table(tiny.out / "parquet" / "ae.parquet").to_pydict()
    assert kept["AETERM"] == ["頭痛", "Headache", "Rash"]
    found = {(f["rule"], f["severity"]): f for f in tiny.findings()}
    rejected = found["EXP005", "reject"]
    assert (rejected["dataset"], rejected["raw_file"], rejected["raw_record"]) == ("AE", "ae.csv", 3)
    (untranslated,) = [f for (rule, _), f in found.items() if rule == "MAP007"]
    assert (untranslated["values"], untranslated["raw_column"]) == (["頭痛"], "TERM")


def test_with_the_translation_it_is_complete(tiny) -> None:
    tiny.change("ae.csv", "001,2,Cough", "001,2,頭痛")
    tiny.write(
        "terminology.yaml",
        "schema: 1\ntranslations:\n"
        "  - {source: 頭痛, english: Headache, translator: T. Wang, date: 2026-01-05}\n",
    )
    done = tiny.quiet()
    assert done.status == 0, done.out
    assert _verdict(tiny) == "COMPLETE"
    frame, _ = pyreadstat.read_xport(tiny.out / "sdtm" / "ae.xpt")
    assert frame["AETERM"].tolist() == ["Headache", "Headache", "Rash"]


def test_an_empty_domain_has_no_file_and_define_says_so(tiny) -> None:
    tiny.write("ex.csv", "SUBJ,NO,TRT,DOSE,START\n")
    done = tiny.quiet()
    assert done.status == 0, done.out
    assert _verdict(tiny) == "COMPLETE"
    assert "ex.xpt" not in _xpt(tiny)
    define = etree.parse(tiny.out / "sdtm" / "define.xml")
    (group,) = define.xpath("//*[local-name()='ItemGroupDef'][@Name='EX']")
    has_no_data = {v for n, v in group.attrib.items() if n.endswith("HasNoData")}
    assert has_no_data == {"Yes"}
    assert not group.xpath("*[local-name()='leaf']")
    assert pq.read_metadata(tiny.out / "parquet" / "ex.parquet").num_rows == 0


def test_a_number_that_xpt_cannot_hold_withholds_the_file(tiny) -> None:
    tiny.change("ex.csv", "20.5", "8" + "0" * 75)
    done = tiny.quiet()
    assert done.status == 1
    assert _verdict(tiny) == "INCOMPLETE"
    assert "ex.xpt" not in _xpt(tiny)
    (found,) = [f for f in tiny.findings() if f["rule"] == "EXP007"]
    assert (found["severity"], found["variables"], found["raw_file"]) == ("reject", ["EXDOSE"], "ex.csv")
    assert found["raw_record"] == 3
    assert pq.read_table(tiny.out / "parquet" / "ex.parquet")["EXDOSE"].to_pylist() == [40.0, 8e75]


def test_a_number_at_the_edge_is_written_exactly(tiny) -> None:
    tiny.change("ex.csv", "20.5", "72" + "0" * 74)
    assert tiny.quiet().status == 0
    frame, _ = pyreadstat.read_xport(tiny.out / "sdtm" / "ex.xpt")
    assert frame["EXDOSE"].tolist() == [40.0, 7.2e75]


def test_a_file_that_is_absent(tiny) -> None:
    (tiny.raw / "ex.csv").unlink()
    done = tiny.quiet()
    assert done.status == 1
    (found,) = [f for f in tiny.findings() if f["rule"] == "SRC001"]
    assert found["raw_file"] == "ex.csv"
    assert _xpt(tiny) == {"ae.xpt", "dm.xpt", "suppae.xpt"}
    assert _balanced(tiny) == {"ae.csv": (3, 3, 0, 0), "dm.csv": (3, 3, 0, 0)}


def test_a_file_that_nothing_claims(tiny) -> None:
    tiny.write("lab.csv", "A,B\n1,2\n")
    tiny.quiet("--fail-on", "note")
    (found,) = [f for f in tiny.findings() if f["rule"] == "SRC002"]
    assert found["raw_file"] == "lab.csv"
    manifest = json.loads((tiny.out / "manifest.json").read_bytes())
    assert {i["path"]: i["form"] for i in manifest["inputs"]}["lab.csv"] is None
    assert len(_xpt(tiny)) == 4


def test_a_raw_column_that_is_new(tiny) -> None:
    tiny.write("dm.csv", "SUBJ,NAME,SEX,SHOE\n001,A B,F,38\n002,C D,M,\n003,E F,F,40\n")
    tiny.quiet()
    (found,) = [f for f in tiny.findings() if f["rule"] == "LED001"]
    assert (found["raw_column"], found["detail"]) == ("dm.SHOE", "2 filled cells")
    assert len(_xpt(tiny)) == 4


def test_a_ragged_row_is_rejected_and_the_rest_goes_on(tiny) -> None:
    tiny.change("ae.csv", "001,2,Cough,Cough,N,2024-03-01,", "001,2,Cough, dry,Cough,N,2024-03-01,,")
    done = tiny.quiet()
    assert done.status == 1
    (found,) = [f for f in tiny.findings() if str(f["rule"]).startswith("SRC")]
    assert (found["raw_file"], found["raw_record"]) == ("ae.csv", 3)
    assert _balanced(tiny)["ae.csv"] == (3, 2, 0, 1)
    frame, _ = pyreadstat.read_xport(tiny.out / "sdtm" / "ae.xpt")
    assert frame["AETERM"].tolist() == ["Headache", "Rash"]


def test_an_unreadable_file_does_not_hide_the_others(tiny) -> None:
    (tiny.raw / "ae.csv").write_bytes("SUBJ,NO\n001,x".encode("utf-16"))
    done = tiny.quiet()
    assert done.status == 1
    assert {"dm.xpt", "ex.xpt"} <= _xpt(tiny)
    assert "ae.csv" in {f["raw_file"] for f in tiny.findings()}


def test_identifiers_stay_in_the_reader(user, tiny) -> None:
    done = tiny.quiet("-o", "text", "-o", f"json:{tiny.out.parent}/r.json")
    for content in (
        *user.tree(tiny.out).values(),
        done.out.encode(),
        Path(tiny.out.parent / "r.json").read_bytes(),
    ):
        assert b"Secretname" not in content
    for path in tiny.out.rglob("*.parquet"):
        assert "Secretname" not in str(pq.read_table(path).to_pydict())
