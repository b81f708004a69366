"""`trace`: from a cell to raw file, record, column and spec line, with the package alone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

DAY = ("AE", "EXAMPLE01-102-001", "AESTDY", "--seq", "1")


def _steps(user, package: Path, *args: object) -> list[dict[str, Any]]:
    done = user.call("trace", package, *args, "--format", "json")
    assert done.status == 0, done.err
    return list(json.loads(done.out)["steps"])


def _flat(step: dict[str, Any]) -> list[dict[str, Any]]:
    return [step, *(s for below in step["reads"] for s in _flat(below))]


def test_a_study_day_down_to_both_raw_cells(user, example: Path) -> None:
    raw = user.example_study / "raw"
    done = user.call("trace", example, *DAY, "--raw", raw)
    assert done.status == 0, done.err
    assert done.out.splitlines()[:13] == [
        "AE record 7: EXAMPLE01-102-001, AESEQ 1, study EXAMPLE01",
        "  from denver/ae.csv:2 (form ae)",
        "  from coding.csv:7 (form coding)",
        "",
        "AE.AESTDY = '5'  (AE record 7, AESEQ 1)",
        "  by derive_study_day  at domains/ae.yaml:32",
        "  <- AE.AESTDTC = '2025-01-25'  (AE record 7, AESEQ 1)",
        "      by assign_datetime  at domains/ae.yaml:30",
        "      <- denver/ae.csv:2 AESTDAT = '01/25/2025'",
        "  <- DM.RFSTDTC = '2025-01-21T07:45'  (DM record 5)",
        "      by first  at domains/dm.yaml:7",
        "      <- EX.EXSTDTC = '2025-01-21T07:45'  (EX record 7, EXSEQ 1)",
        "          by assign_datetime  at domains/ex.yaml:17",
    ]
    digests = {i["path"]: i["sha256"] for i in json.loads((example / "manifest.json").read_bytes())["inputs"]}
    assert f"denver/ae.csv  SHA-256 {digests['denver/ae.csv']} (the raw file given is this one)" in done.out


def test_without_raw_files_the_positions_alone(user, example: Path) -> None:
    (step,) = _steps(user, example, *DAY)
    sources = [s for below in _flat(step) for s in below["sources"]]
    assert {(s["file"], s["record"], s["column"]) for s in sources} >= {("denver/ae.csv", 2, "AESTDAT")}
    assert {s["value"] for s in sources} == {None}


def test_a_record_in_one_line_a_variable(user, example: Path) -> None:
    done = user.call("trace", example, "dm", "EXAMPLE01-101-001", "--raw", user.example_study / "raw")
    lines = {line.split()[0]: line for line in done.out.splitlines() if line and not line.startswith(" ")}
    assert re.split(r"  +", lines["RACE"]) == [
        "RACE",
        "ASIAN",
        "assign_ct",
        "taipei/dm.csv:2 RACE = 'Asian'",
        "domains/dm.yaml:20",
    ]
    assert "EX.EXSTDTC" in lines["RFSTDTC"]
    names = pq.read_schema(example / "parquet" / "dm.parquet").names
    assert [n for n in lines if n in names] == names


def test_branches_with_their_condition(user, example: Path) -> None:
    (step,) = _steps(user, example, "SE", "EXAMPLE01-102-001", "EPOCH", "--seq", "2")
    assert (step["branch"], step["branches"], step["condition"]) == (2, 3, 'PHASE = "TRT"')
    (empty,) = _steps(user, example, "AE", "EXAMPLE01-101-001", "AESHOSP", "--seq", "1")
    assert (empty["value"], empty["condition"]) == ("", 'SERCRIT = "Hospitalization"')


def test_an_epoch_names_the_element_that_it_came_from(user, example: Path) -> None:
    (step,) = _steps(user, example, "AE", "EXAMPLE01-102-001", "EPOCH", "--seq", "1")
    assert {(s["dataset"], s["record"]) for s in step["reads"]} == {("AE", 7), ("SE", 12)}


def test_only_the_columns_of_the_item_that_made_the_record(user, example: Path) -> None:
    raw = user.example_study / "raw"
    (step,) = _steps(user, example, "VS", "EXAMPLE01-102-002", "VSORRES", "--seq", "4", "--raw", raw)
    (source,) = step["sources"]
    assert (source["file"], source["record"], source["column"]) == ("denver/vs.csv", 7, "PULSE")
    assert source["value"] == step["value"] == "86"
    (code,) = _steps(user, example, "VS", "EXAMPLE01-102-002", "VSTESTCD", "--seq", "4")
    assert code["notes"] == ["a constant of the spec for the item PULSE"]


@pytest.mark.parametrize("dataset", ["AE", "SUPPAE"])
def test_a_supplemental_qualifier_by_parent_or_by_itself(user, example: Path, dataset: str) -> None:
    (step,) = _steps(user, example, dataset, "EXAMPLE01-101-001", "AESI", "--seq", "2")
    assert (step["dataset"], step["variable"], step["verb"]) == ("SUPPAE", "QVAL", "assign_ct")
    (source,) = step["sources"]
    assert (source["file"], source["column"]) == ("taipei/ae.csv", "AESI")
    (number,) = _steps(user, example, "SUPPAE", "EXAMPLE01-101-001", "IDVARVAL", "--seq", "2")
    assert [(r["dataset"], r["variable"], r["value"]) for r in number["reads"]] == [("AE", "AESEQ", "2")]


def test_the_last_date_of_all_names_the_one_it_took(user, example: Path) -> None:
    (step,) = _steps(user, example, "DM", "EXAMPLE01-101-001", "RFPENDTC")
    assert {(r["dataset"], r["variable"], r["value"]) for r in step["reads"]} == {
        ("DS", "DSSTDTC", "2025-04-20"),
        ("SE", "SEENDTC", "2025-04-20"),
    }
    assert any("EX.EXSTDTC" in note for note in step["notes"])


def test_long_text_goes_on_in_a_qualifier(user, tiny) -> None:
    words = " ".join(["word"] * 60)
    tiny.change("ae.csv", "001,1,Headache", f"001,1,{words}")
    assert tiny.quiet().status == 0
    (step,) = _steps(user, tiny.out, "AE", "TINY-001", "AETERM1", "--seq", "2", "--raw", tiny.raw)
    assert (step["dataset"], step["verb"]) == ("SUPPAE", "continuation")
    (source,) = step["reads"][0]["sources"]
    assert source["value"] == words


def test_renamed_and_looked_up_columns_have_their_raw_value(user, tiny) -> None:
    tiny.change("sources.yaml", "row_key: [SUBJ], id", "row_key: [SUBJ], rename: {GENDER: SEX}, id")
    tiny.change("dm.csv", "NAME,SEX", "NAME,GENDER")
    tiny.change("domains/dm.yaml", "  COUNTRY:", "  RFICDTC: {first: ex.START}\n  COUNTRY:")
    assert tiny.quiet().status == 0, tiny.findings()
    (sex,) = _steps(user, tiny.out, "DM", "TINY-001", "SEX", "--raw", tiny.raw)
    assert [(s["column"], s["value"]) for s in sex["sources"]] == [("GENDER", "F")]
    (date,) = _steps(user, tiny.out, "DM", "TINY-001", "RFICDTC", "--raw", tiny.raw)
    assert [(s["file"], s["record"], s["value"]) for s in date["sources"]] == [("ex.csv", 2, "2024-03-01")]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("AEE", "TINY-001"), "Did you mean AE?"),
        (("AE", "TINY-01"), "Did you mean TINY-001?"),
        (("AE", "TINY-001"), "2 records. Name one: --seq 1, 2."),
        (("AE", "TINY-001", "--seq", "3"), "There are --seq 1, 2."),
        (("AE", "TINY-001", "AETREM", "--seq", "1"), "Did you mean AETERM?"),
        (("AE", "TINY-001", "AEWHER", "--seq", "1"), "Did you mean AEWHERE?"),
        (("AE", "TINY-001", "AEWHERE", "--seq", "1"), "There are --seq 2."),
        (("DM", "TINY-001", "--seq", "1"), "give --record"),
        (("DM", "TINY-001", "--record", "3"), "There are --record 1."),
    ],
)
def test_what_is_not_there(user, tiny, args: tuple[str, ...], words: str) -> None:
    assert tiny.quiet().status == 0
    done = user.call("trace", tiny.out, *args)
    assert (done.status, done.out) == (2, "")
    assert words in done.err


def test_a_raw_file_that_has_changed_is_refused(user, tiny) -> None:
    assert tiny.quiet().status == 0
    args = ("trace", tiny.out, "AE", "TINY-001", "AETERM", "--seq", "2", "--raw", tiny.raw)
    assert user.call(*args).status == 0
    tiny.change("ae.csv", "Headache,Headache", "Headaches,Headache")
    changed = user.call(*args)
    assert changed.status == 2
    assert "SHA-256" in changed.err
    (tiny.raw / "ae.csv").unlink()
    assert "there is no ae.csv" in user.call(*args).err


def test_a_package_that_was_changed_is_refused(user, tiny, tmp_path: Path) -> None:
    assert user.call("trace", tiny.raw, "AE", "TINY-001").status == 2
    assert tiny.quiet().status == 0
    shutil.copyfile(tiny.out / "lineage" / "dm.parquet", tiny.out / "lineage" / "ae.parquet")
    done = user.call("trace", tiny.out, "AE", "TINY-001", "AETERM", "--seq", "1")
    assert done.status == 2
    assert "lineage" in done.err
    assert "ae.parquet" in done.err


def test_every_cell_of_the_example_has_a_trace(user, example: Path) -> None:
    from sdtm_mapper.pipeline.trace import trace

    raw = user.example_study / "raw"
    for path in sorted((example / "parquet").glob("*.parquet")):
        subjects = pq.read_table(path)["USUBJID"].to_pylist()
        for record in sorted({0, len(subjects) // 2, len(subjects) - 1}):
            found = trace(example, path.stem, subjects[record], record=record + 1, raw=raw)
            assert len(found.steps) == len(pq.read_schema(path).names)
            for step in found.steps:
                assert step.verb or step.notes, (path.stem, step.variable)
                if step.verb in ("assign_ct", "assign_no_ct", "assign_datetime") and step.value:
                    assert step.sources or step.reads or step.notes, (path.stem, step.variable)
                for source in step.sources:
                    assert source.value is not None, (path.stem, step.variable, source)


@pytest.mark.parametrize(
    ("mark", "args"),
    [
        ("trace", (*DAY, "--raw")),
        ("record", ("SE", "EXAMPLE01-102-001", "--seq", "2")),
    ],
)
def test_the_page_shows_what_is_printed(user, example: Path, mark: str, args: tuple[str, ...]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "trace.md").read_text(encoding="utf-8")
    shown = page.partition(f"<!-- {mark} -->\n```\n")[2].partition("```")[0]
    more = (user.example_study / "raw",) if args[-1] == "--raw" else ()
    assert user.call("trace", example, *args, *more).out == shown


def test_a_cell_of_a_workbook_has_its_sheet(user, tiny) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tiny.raw / "dm.xlsx") as book:
        sheet = book.add_worksheet("Subjects")
        for row, cells in enumerate((("SUBJ", "NAME", "SEX"), ("001", "A B", "F"), ("002", "C D", "M"))):
            sheet.write_row(row, 0, cells)
    (tiny.raw / "dm.csv").unlink()
    tiny.change("sources.yaml", "files: dm.csv,", "files: dm.xlsx, format: excel, sheet: Subjects,")
    assert tiny.quiet().status == 0, tiny.findings()
    (step,) = _steps(user, tiny.out, "DM", "TINY-002", "SEX", "--raw", tiny.raw)
    (source,) = step["sources"]
    assert (source["file"], source["sheet"], source["record"]) == ("dm.xlsx#Subjects", "Subjects", 3)
    assert (source["column"], source["value"]) == ("SEX", "M")


@pytest.mark.parametrize("changed", [False, True])
def test_a_cell_that_a_data_dictionary_decodes(user, tiny, changed: bool) -> None:
    dictionary = (
        '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
        '"Choices, Calculations, OR Slider Labels","Field Note","Identifier?"\n'
        'subj,dm,,text,Subject,,,\nsex,dm,,radio,Sex,"1, F | 2, M",,\n'
    )
    tiny.write("dd.csv", dictionary)
    tiny.write("dm.csv", "subj,sex\n001,1\n002,2\n")
    tiny.change(
        "sources.yaml",
        "dm: {files: dm.csv, subject: SUBJ, row_key: [SUBJ], identifiers: [NAME]}",
        "dm: {files: dm.csv, format: redcap, dictionary: dd.csv, subject: subj, row_key: [subj]}",
    )
    tiny.change("domains/dm.yaml", "SEX: SEX", "SEX: sex.decode")
    ended = tiny.quiet("--fail-on", "never")
    assert ended.status == 0, ended.err
    if changed:
        tiny.write("dd.csv", dictionary.replace("1, F", "1, M"))
    done = user.call("trace", tiny.out, "DM", "TINY-001", "SEX", "--raw", tiny.raw)
    if changed:
        assert done.status == 2
        assert "dd.csv" in done.err
    else:
        assert "dm.csv:2 sex.decode = 'F'" in done.out, done.err
