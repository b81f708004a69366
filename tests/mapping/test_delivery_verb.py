"""Dates of the delivery on records."""

from __future__ import annotations

DAYS = """\
records: [{from: cm}]
variables:
  CMTRT: TRT
  CMSEQ: auto
  CMENRTPT: {hardcode_ct: ONGOING, if: ON = "Y"}
  CMENTPT: {delivery: cutoff, if: ON = "Y"}
keys: [USUBJID, CMTRT]
"""


def test_the_cutoff_is_a_reference_time_point(run):
    raw = {"cm": "ID,TRT,ON\n1,a,Y\n1,b,N\n"}
    result = run({"CM": DAYS}, raw, delivery="cutoff: 2026-11-30\nextracted: 2026-12-01T18:30:00+08:00\n")
    assert result.column("CM", "CMENTPT") == ["2026-11-30", ""]
    assert "CMENTPT" not in run({"CM": DAYS}, raw).domain("CM").columns  # an empty permissible variable
    locked = DAYS.replace("cutoff", "extracted")
    moment = run({"CM": locked}, raw, delivery="extracted: 2026-12-01T18:30:00+08:00\n")
    assert moment.column("CM", "CMENTPT") == ["2026-12-01", ""]
