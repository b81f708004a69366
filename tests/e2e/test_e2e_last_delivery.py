"""A delivery against the package of the last one: DLV001 to DLV006."""

import json
import shutil

import pytest

FIRST, SECOND = "2024-04-01", "2024-05-01"


def dated(tiny, day, locked=""):
    more = f"locked: {locked}\n" if locked else ""
    (tiny.raw / "delivery.yaml").write_text(f"schema: 1\nextracted: {day}\n{more}")


@pytest.fixture
def again(tiny):
    """Gives the DLV findings and results of a second delivery, after what a test changes in it."""

    def run(change=lambda: None, day=SECOND, locked="2024-03-31", baseline=None):
        dated(tiny, FIRST, locked)
        assert tiny.quiet().status == 0
        last = tiny.out.with_name("last")
        shutil.copytree(tiny.out, last)
        dated(tiny, day)
        change()
        done = tiny.run("--baseline", baseline or last, "--select", "DLV", "-o", "json")
        told = json.loads(done.out)
        ended = {r["rule"]: (r["status"], r["reason"]) for r in told["results"]}
        return [f for f in told["findings"] if f["rule"].startswith("DLV")], ended, done.status

    return run


def test_the_same_data_later_are_clean(again):
    found, ended, status = again()
    assert (found, status) == ([], 0)
    assert {how for how, _ in ended.values()} == {"clean"}
    assert sorted(ended) == ["DLV001", "DLV002", "DLV003", "DLV004", "DLV005", "DLV006"]


def test_the_same_delivery_is_not_held_against_itself(again):
    found, ended, _ = again(lambda: None, day=FIRST, locked="")
    assert found == []
    assert set(ended.values()) == {("skipped", "the baseline is of the same delivery")}


def test_findings_alone_are_no_delivery(again, tiny):
    _, ended, _ = again(baseline=tiny.out / "findings.parquet")
    assert set(ended.values()) == {("skipped", "the baseline is findings alone, not a package")}


def test_a_row_that_is_gone(again, tiny):
    found, _, status = again(
        lambda: tiny.change("ae.csv", "001,2,Cough,Cough,N,2024-03-01,\n", ""), locked=""
    )
    (one,) = found
    assert (one["rule"], one["usubjid"], one["dataset"]) == ("DLV001", "TINY-001", "AE")
    assert one["keys"] == "USUBJID=TINY-001|AEDECOD=Cough|AESTDTC=2024-03-01"
    assert one["message"] == "AE of the last delivery has a record that this one has not: ae.csv record 3"
    assert status == 1


def test_a_row_that_the_site_marks_as_deleted_is_not_gone(again, tiny):
    tiny.change("sources.yaml", "ae: {files: ae.csv,", "ae: {files: ae.csv, deleted: {DEL: [x]},")
    text = (tiny.raw / "ae.csv").read_text().splitlines()
    tiny.write("ae.csv", "\n".join(f"{line},{'DEL' if not i else ''}" for i, line in enumerate(text)) + "\n")
    found, ended, _ = again(
        lambda: tiny.change("ae.csv", "Cough,N,2024-03-01,,", "Cough,N,2024-03-01,,x"), locked=""
    )
    assert found == []
    assert ended["DLV001"][0] == "clean"
    assert ended["DLV002"] == ("skipped", "delivery.yaml does not say `locked`")


def test_a_value_that_changed_after_the_lock(again, tiny):
    found, _, _ = again(lambda: tiny.change("ae.csv", "Headache,Headache,N", "Headache,Headache,Y"))
    (one,) = found
    assert (one["rule"], one["variables"], one["values"], one["expected"]) == (
        "DLV002",
        ["AESER"],
        ["Y"],
        "N",
    )
    assert (one["raw_file"], one["raw_record"], one["raw_column"]) == ("ae.csv", 2, "SER")
    assert one["detail"] == "2024-03-31"


def test_a_subject_that_is_gone_is_told_once(again, tiny):
    def drop():
        for name in ("dm.csv", "ae.csv", "ex.csv"):
            lines = (tiny.raw / name).read_text().splitlines(keepends=True)
            tiny.write(name, "".join(line for line in lines if not line.startswith("002,")))

    found, _, _ = again(drop)
    assert [(f["rule"], f["usubjid"]) for f in found] == [("DLV003", "TINY-002")]


def test_a_file_with_far_fewer_records(again, tiny):
    rows = "".join(f"003,{n},PILL,40,2024-03-{n + 10}\n" for n in range(1, 11))
    tiny.write("ex.csv", (tiny.raw / "ex.csv").read_text() + rows)
    found, _, _ = again(lambda: tiny.change("ex.csv", rows, rows[: len(rows) // 2]), locked="")
    files = [f for f in found if f["rule"] == "DLV004"]
    assert [(f["raw_file"], f["expected"], f["values"]) for f in files] == [("ex.csv", "12", ["7"])]
    assert len([f for f in found if f["rule"] == "DLV001"]) == 5


def test_columns_that_are_gone_or_new(again, tiny):
    def change():
        tiny.change("ae.csv", "SUBJ,NO,TERM,CODED,SER,START,PLACE", "SUBJ,NO,TERM,CODED,SER,START,WHERE")

    found, _, _ = again(change, locked="")
    columns = [(f["raw_column"], f["detail"]) for f in found if f["rule"] == "DLV005"]
    assert columns == [("ae.PLACE", "gone"), ("ae.WHERE", "new")]


@pytest.mark.parametrize("day", [FIRST, "2024-03-31"])
def test_a_delivery_that_is_not_later(again, tiny, day):
    found, _, _ = again(lambda: tiny.change("dm.csv", "Lin Secretname", "Lin Othername"), day=day)
    assert [(f["rule"], f["expected"], f["detail"]) for f in found] == [("DLV006", FIRST, day)]
