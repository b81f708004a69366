"""pick: the first or last record of several."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import SpecError

TU = """records:
  - from: tl
    {block}
variables:
  TUSEQ: auto
  TULNKID: {{assign_no_ct: LESION}}
  TUTESTCD: {{hardcode_ct: TUMIDENT}}
  TUTEST: {{hardcode_ct: Tumor Identification}}
  TUORRES: {{assign_no_ct: SITE}}
  TUDTC: DAT
keys: [USUBJID, TULNKID, TUSEQ]
seq: [TULNKID, TUDTC]
{domain}
"""
FIRST = "pick: {first: DAT, per: [LESION, READER]}"
FORMS = {"tl": "dates: {DAT: [dd/MM/yyyy, MM/yyyy]}\nunknown: [UN]"}


def tu(block: str = "", domain: str = "") -> dict[str, str]:
    return {"TU": TU.format(block=block or "distinct: []", domain=domain)}


def lesions(result) -> list[tuple[str, ...]]:
    return [tuple(r.values()) for r in result.rows("TU", "USUBJID", "TULNKID", "TUORRES", "TUDTC")]


def test_the_first_row_by_date_is_kept_for_each_key_and_subject(run):
    raw = {
        "tl": "ID,LESION,READER,SITE,DAT\n"
        "1,T01,,liver again,05/08/2025\n"
        "1,T01,,liver,12/02/2025\n"
        "1,T02,,lung,05/08/2025\n"
        "1,T01,R1,liver by R1,01/09/2025\n"
        "2,T01,,node,03/03/2025\n"
        "2,T01,,node twice,03/03/2025\n"
    }
    result = run(tu(FIRST), raw, forms=FORMS)
    assert lesions(result) == [
        ("1", "T01", "liver", "2025-02-12"),
        ("1", "T01", "liver by R1", "2025-09-01"),
        ("1", "T02", "lung", "2025-08-05"),
        ("2", "T01", "node", "2025-03-03"),
    ]
    assert result.reasons("tl") == [
        ("kept", "became records", 4),
        ("excluded", "TU keeps the first record by DAT per LESION, READER (domains/tu.yaml:5:11)", 2),
    ]
    assert result.uses("tl")["READER"] == ("pick of TU",)
    assert result.rules() == []
    assert result.balanced()
    assert lesions(run(tu(FIRST), raw, forms=FORMS, partitions=2)) == lesions(result)


def test_the_last_row_of_a_subject(run):
    raw = {"tl": "ID,LESION,SITE,DAT\n1,A,x,01/01/2025\n1,B,y,02/01/2025\n1,C,z,02/01/2025\n2,D,w,\n"}
    result = run(tu("pick: {last: DAT}"), raw, forms=FORMS)
    assert lesions(result) == [("1", "C", "z", "2025-01-02"), ("2", "D", "w", "")]
    assert result.rules() == []


def test_numbers_are_put_in_order_as_numbers(run):
    raw = {"tl": "ID,LESION,SITE,DAT,NO\n1,A,x,01/01/2025,9\n1,A,y,02/01/2025,10\n"}
    result = run(tu("pick: {last: NO, per: LESION}"), raw, forms=FORMS)
    assert lesions(result) == [("1", "A", "y", "2025-01-02")]


def test_what_leaves_the_order_open_is_said(run):
    raw = {
        "tl": "ID,LESION,SITE,DAT\n"
        "1,T01,a,05/08/2025\n1,T01,b,08/2025\n1,T01,c,\n1,T01,d,soon\n1,T01,e,09/2025\n"
        "2,T01,a,08/2025\n2,T02,b,bad\n"
    }
    result = run(tu("pick: {first: DAT, per: [LESION]}"), raw, forms=FORMS)
    found = [(f["usubjid"], f["values"], f["expected"], f["raw_record"]) for f in result.findings("MAP060")]
    assert found == [
        ("1", ["05/08/2025"], "2025-08", 2),
        ("1", [""], "2025-08", 4),
        ("1", ["soon"], "2025-08", 5),
    ]
    assert [f["values"] for f in result.findings("MAP005")] == [["bad"]]
    assert lesions(result) == [
        ("1", "T01", "b", "2025-08"),
        ("2", "T01", "a", "2025-08"),
        ("2", "T02", "b", ""),
    ]


def test_a_record_without_any_key_is_no_repetition(run):
    raw = {"tl": "ID,LESION,SITE,DAT\n1,,a,05/08/2025\n1,,b,06/08/2025\n1,T01,c,07/08/2025\n"}
    result = run(tu("pick: {first: DAT, per: [LESION]}"), raw, forms=FORMS)
    assert [r[2] for r in lesions(result)] == ["a", "b", "c"]
    assert result.rules() == []


def test_items_are_held_against_each_other(run):
    block = """columns: {SITE: =x, READER: =}
    unpivot:
      T01: {LESION: =T01}
      T02: {LESION: =T02}
    """
    raw = {"tl": "ID,DAT,T01,T02\n1,01/01/2025,10,\n1,01/03/2025,12,9\n1,01/05/2025,13,8\n"}
    result = run(tu(block + FIRST), raw, forms=FORMS)
    assert [(r[1], r[3]) for r in lesions(result)] == [("T01", "2025-01-01"), ("T02", "2025-03-01")]
    assert [n for *_, n in result.reasons("tl")] == [2, 1]


def test_over_all_blocks_of_a_domain(run):
    block = """columns: {DAT: D1, READER: =}
  - from: fu
    columns: {READER: =}"""
    raw = {
        "tl": "ID,LESION,SITE,D1\n1,T01,base,01/01/2025\n",
        "fu": "ID,LESION,SITE,DAT\n1,T01,again,01/03/2025\n1,NEW01,new,01/03/2025\n",
    }
    forms = {"tl": "dates: {D1: dd/MM/yyyy}", "fu": "dates: {DAT: dd/MM/yyyy}"}
    result = run(tu(block, FIRST), raw, forms=forms)
    assert lesions(result) == [("1", "NEW01", "new", "2025-03-01"), ("1", "T01", "base", "2025-01-01")]
    assert result.reasons("fu")[1][:2] == (
        "excluded",
        "TU keeps the first record by DAT per LESION, READER (domains/tu.yaml:17:7)",
    )
    assert result.balanced()


@pytest.mark.parametrize("written", ["pick: {per: [A]}", "pick: {first: A, last: B}"])
def test_one_of_first_and_last_is_written(run, written):
    with pytest.raises(SpecError, match="`first` or `last`"):
        run(tu(written), {"tl": "ID,LESION,SITE,DAT\n"}, forms=FORMS)


def test_a_column_that_is_not_there_is_said(run):
    result = run(tu("pick: {first: DATE}"), {"tl": "ID,LESION,SITE,DAT\n1,a,b,01/01/2025\n"}, forms=FORMS)
    assert [(f["raw_column"], f["expected"]) for f in result.findings("MAP014")] == [("DATE", "DAT")]
