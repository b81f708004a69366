"""What is to be submitted needs subjects, the study's start and define.xml; a draft needs none of them."""

from __future__ import annotations

import json

import pyarrow.parquet as pq

DESIGN = """\
schema: 1
epochs: [SCREENING, TREATMENT]
elements:
  SCRN: {element: Screening, start: Informed consent, starts: DM.RFICDTC}
  TRT: {element: Treatment, start: First dose, starts: DM.RFSTDTC}
arms:
  A: {arm: Arm A, cells: [{element: SCRN, epoch: SCREENING}, {element: TRT, epoch: TREATMENT}]}
summary:
  SSTDTC: {min: DM.RFICDTC, null: NI}
"""
TS = """\
schema: 1
domain: TS
records: [{from: design.summary}]
variables: {TSSEQ: auto, TSPARMCD: parameter, TSPARM: name, TSVAL: value, TSVALNF: "null", TSVALCD: value_code,
  TSVCDREF: dictionary, TSVCDVER: version}
keys: [TSPARMCD, TSSEQ]
"""


def _designed(tiny, consent: str = "2024-02-20") -> None:
    """The study with a design, a trial summary and dates of consent."""
    tiny.change("study.yaml", "arms: {A: Arm A}\nepochs: [TREATMENT]\n", "")
    tiny.write("design.yaml", DESIGN)
    tiny.write("domains/ts.yaml", TS)
    tiny.write("domains/ta.yaml", TS.split("records")[0].replace("TS", "TA") + (
        "records: [{from: design.cells}]\n"
        "variables: {ARMCD: armcd, ARM: arm, TAETORD: order, ETCD: etcd, ELEMENT: element, TABRANCH: branch,\n"
        "  TATRANS: transition, EPOCH: epoch}\nkeys: [ARMCD, TAETORD]\n"
    ))  # fmt: skip
    lines = "  RFICDTC: {assign_datetime: CONSENT, formats: yyyy-MM-dd}\n  RFPENDTC: auto\n  SITEID:"
    tiny.change("domains/dm.yaml", "  SITEID:", lines)
    tiny.write("dm.csv", f"SUBJ,NAME,SEX,CONSENT\n001,Lin,F,{consent}\n002,Chen,M,\n003,Wu,F,\n")


def _kind(tiny, kind: str) -> None:
    (tiny.raw / "delivery.yaml").write_text(f"schema: 1\nkind: {kind}\n", encoding="utf-8")


def _rejected(rows) -> set[str]:
    return {str(f["rule"]) for f in rows if f["severity"] == "reject"}


def test_a_draft_without_a_start_is_complete(tiny) -> None:
    _kind(tiny, "draft")
    assert tiny.quiet().status == 0
    assert not _rejected(tiny.findings())


def test_a_submission_without_a_start_is_rejected(tiny) -> None:
    _kind(tiny, "submission")
    done = tiny.quiet()
    assert done.status == 1
    assert json.loads((tiny.out / "manifest.json").read_bytes())["verdict"] == "INCOMPLETE"
    assert _rejected(tiny.findings()) == {"SUB002"}


def test_a_submission_with_a_start_is_complete(tiny) -> None:
    _designed(tiny)
    _kind(tiny, "submission")
    done = tiny.quiet()
    assert done.status == 0, done.out
    (row,) = pq.read_table(tiny.out / "parquet" / "ts.parquet").to_pylist()
    assert (row["TSPARMCD"], row["TSVAL"]) == ("SSTDTC", "2024-02-20")


def test_a_start_with_a_null_flavour_is_no_start(tiny) -> None:
    _designed(tiny, consent="")
    _kind(tiny, "submission")
    tiny.quiet()
    assert _rejected(tiny.findings()) == {"SUB002"}


def test_a_submission_whose_dm_is_withheld_is_rejected(tiny) -> None:
    _designed(tiny)
    _kind(tiny, "submission")
    tiny.write("dm.csv", "SUBJ,NAME,SEX,CONSENT\n")
    tiny.quiet()
    assert {"SUB001", "SUB002"} <= _rejected(tiny.findings())


def test_a_submission_that_lost_its_define_is_rejected_by_validate(tiny, user) -> None:
    _designed(tiny)
    _kind(tiny, "submission")
    assert tiny.quiet().status == 0
    assert "SUB003" not in user.call("validate", tiny.out).out
    (tiny.out / "sdtm" / "define.xml").unlink()
    done = user.call("validate", tiny.out)
    assert done.status == 1
    assert "SUB003" in done.out


def test_a_record_of_the_design_is_traced_to_its_line(tiny, user) -> None:
    _designed(tiny)
    assert tiny.quiet().status == 0
    done = user.call("trace", tiny.out, "TA", "-", "ETCD", "--record", "2", "--raw", tiny.raw)
    assert done.status == 0, done.err
    line = DESIGN.split("\n").index(next(x for x in DESIGN.split("\n") if x.startswith("  A:"))) + 1
    assert f"note: etcd of design.yaml:{line}, in the spec" in done.out
    whole = user.call("trace", tiny.out, "TA", "-", "--record", "2")
    assert f"from design.yaml:{line} (form design/cells)" in whole.out
