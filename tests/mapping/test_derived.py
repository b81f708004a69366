"""Verbs that look at a whole subject: first to max, last_date, --SEQ, --DY, flags, EPOCH, ARMNRS."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError

DATES = "dates: {D: yyyy-MM-dd, T: \"yyyy-MM-dd'T'HH:mm\"}"


def dm(lines: str = "") -> str:
    return f"""records: [{{from: dm}}]
variables:
  SUBJID: auto
  SITEID: {{hardcode_no_ct: "1"}}
  SEX: {{hardcode_ct: F}}
  COUNTRY: {{hardcode_no_ct: TWN}}
{lines}keys: [USUBJID]
"""


def ex(lines: str = "") -> str:
    return f"""records: [{{from: ex}}]
variables:
  EXSEQ: auto
  EXTRT: TRT
  EXDOSE: DOSE
  EXSTDTC: {{assign_datetime: D, formats: [yyyy-MM-dd, yyyy-MM, yyyy, "yyyy-MM-dd'T'HH:mm"]}}
{lines}keys: [USUBJID, EXSTDTC, EXTRT]
"""


EX = """ID,TRT,D,DOSE
1,B,2024-03-02,10
1,A,2024-03-01,9
1,C,,100
2,A,2024-05,1
2,B,2024-04-30T10:30,2
2,C,2024-04-30,3
"""


@pytest.mark.parametrize(
    ("call", "one", "two", "three"),
    [
        ("{first: EX.EXSTDTC}", "2024-03-01", "2024-04-30", ""),
        ("{last: EX.EXSTDTC}", "2024-03-02", "2024-05", ""),
        ("{min: EX.EXSTDTC}", "2024-03-01", "2024-04-30", ""),
        ('{max: EX.EXSTDTC, where: EXDOSE < 3 and EXTRT <> "A"}', "", "2024-04-30T10:30", ""),
        ("{max: EX.EXDOSE}", "100", "3", ""),
        ("{min: EX.EXDOSE}", "9", "1", ""),
        ("{last: ex.TRT}", "C", "C", ""),
        ("{first: ex.TRT}", "B", "A", ""),
        ("{first: ex.TRT, by: DOSE}", "A", "A", ""),
        ("{last: ex.TRT, by: DOSE}", "C", "C", ""),
        ("{last: EX.EXTRT, by: EX.EXSTDTC}", "B", "A", ""),  # a row without a date has no place
        ("{last: EX.EXSTDTC, by: EXDOSE}", "2024-03-02", "2024-04-30", ""),
        ("{last: EX.EXSTDTC, by: EXDOSE, blank: counts}", "", "2024-04-30", ""),  # dose 100 has no date
        ("{max: ex.DOSE}", "100", "3", ""),  # a raw column of numbers goes by number
        ("{max: ex.TRT, where: ex.DOSE < 100}", "B", "C", ""),
    ],
)
def test_one_value_of_a_subject(run, call, one, two, three):
    raw = {"dm": "ID\n1\n2\n3\n", "ex": EX}
    result = run({"DM": dm(f"  ACTARM: {call}\n"), "EX": ex()}, raw)
    assert result.column("DM", "ACTARM") == [one, two, three]
    assert result.rules() == []


def test_rows_without_a_value_count_only_where_another_column_orders(run):
    with pytest.raises(UserError, match="needs `by`"):
        run(
            {"DM": dm("  ACTARM: {last: EX.EXSTDTC, blank: counts}\n"), "EX": ex()},
            {"dm": "ID\n1\n", "ex": EX},
        )


def test_the_first_of_a_number_goes_by_value_for_a_number(run):
    raw = {"dm": "ID\n1\n", "ex": "ID,TRT,D,DOSE\n1,A,2024-01-01,10\n1,B,2024-01-02, 9 \n"}
    result = run({"DM": dm("  AGE: {max: ex.DOSE}\n"), "EX": ex()}, raw)
    assert result.column("DM", "AGE") == ["10"]


def test_declared_dates_of_a_form_go_in_their_order(run):
    raw = {"dm": "ID\n1\n", "ds": "ID,D\n1,09/01/2024\n1,10/12/2023\n"}
    forms = {"ds": "dates: {D: dd/MM/yyyy}"}
    assert run({"DM": dm("  DTHDTC: {max: ds.D}\n")}, raw, forms=forms).column("DM", "DTHDTC") == [
        "2024-01-09"
    ]
    assert run({"DM": dm("  DTHDTC: {first: ds.D}\n")}, raw, forms=forms).column("DM", "DTHDTC") == [
        "2023-12-10"
    ]


def test_a_form_column_that_was_not_delivered_is_said(run):
    raw = {"dm": "ID\n1\n", "ds": "ID,DEATHDAT\n1,2024-01-01\n"}
    result = run({"DM": dm('  DTHDTC: {max: ds.DEATHDT, where: ds.DEAD = "1"}\n')}, raw)
    found = [(f["raw_column"], f["variables"], f.get("expected")) for f in result.findings("MAP014")]
    assert found == [
        ("ds.DEAD", ["DTHDTC"], "ds.DEATHDAT"),
        ("ds.DEATHDT", ["DTHDTC"], "ds.DEATHDAT"),
    ]


def test_a_form_that_was_not_delivered_leaves_the_variable_empty(run):
    result = run({"DM": dm("  DTHDTC: {max: ds.D}\n")}, {"dm": "ID\n1\n"}, forms={"ds": "optional: true"})
    assert result.rules() == []
    assert result.column("DM", "DTHDTC") == [""]


def test_the_last_date_is_of_all_domains(run):
    raw = {"dm": "ID,BIRTH\n1,2030-01-01\n2,2030-01-01\n", "ex": EX}
    lines = "  RFPENDTC: auto\n  BRTHDTC: {assign_datetime: BIRTH, formats: yyyy-MM-dd}\n"
    result = run({"DM": dm(lines), "EX": ex("  EXENDTC: {hardcode_no_ct: 2024-03-02T08:00}\n")}, raw)
    assert result.column("DM", "RFPENDTC") == ["2024-03-02T08:00", "2024-05"]
    lines = "  RFPENDTC: {last_date: all, exclude: [EXENDTC, EX.EXSTDTC]}\n"
    result = run({"DM": dm(lines), "EX": ex("  EXENDTC: {hardcode_no_ct: 2024-03-02T08:00}\n")}, raw)
    assert result.column("DM", "RFPENDTC") == ["", ""]


def test_sequence_counts_within_subject_in_the_declared_order(run):
    text = ex() + "seq: [EXDOSE, EXTRT]\n"
    raw = {"ex": "ID,TRT,D,DOSE\n2,A,2024-01-01,10\n1,A,2024-01-03,9\n1,B,2024-01-02,\n1,C,2024-01-01,9\n"}
    result = run({"EX": text}, raw)
    assert result.rows("EX", "USUBJID", "EXSEQ", "EXTRT") == [
        {"USUBJID": "1", "EXSEQ": "3", "EXTRT": "C"},
        {"USUBJID": "1", "EXSEQ": "1", "EXTRT": "B"},
        {"USUBJID": "1", "EXSEQ": "2", "EXTRT": "A"},
        {"USUBJID": "2", "EXSEQ": "1", "EXTRT": "A"},
    ]


def test_ties_count_in_the_order_of_the_raw_rows(run):
    text = ex().replace("EXSEQ: auto", "EXSEQ: {derive_seq: [EXSTDTC]}")
    raw = {"ex": "ID,TRT,D,DOSE\n1,Z,2024-01-01,1\n1,A,2024-01-01,1\n"}
    assert run({"EX": text}, raw).rows("EX", "EXSEQ", "EXTRT") == [
        {"EXSEQ": "2", "EXTRT": "A"},
        {"EXSEQ": "1", "EXTRT": "Z"},
    ]


def test_derived_variables_read_the_domain_not_raw_columns_of_the_same_names(run):
    """An export whose columns are called like SDTM variables, in other formats."""
    raw = {
        "dm": "ID,RFSTDTC,ARMCD,ACTARMCD\n1,1 March,x,x\n",
        "ex": "ID,TRT,D,DOSE,EXSTDTC,EXTRT\n1,B,2024-03-02,1,b,A\n1,A,2024-03-01,1,a,B\n",
    }
    lines = "  RFSTDTC: {min: EX.EXSTDTC}\n  ARMCD: {no_data: none}\n  ACTARMCD: {no_data: none}\n  ARMNRS: auto\n"
    result = run({"DM": dm(lines), "EX": ex("  EXSTDY: auto\n")}, raw)
    assert result.rows("EX", "EXSEQ", "EXTRT", "EXSTDY") == [
        {"EXSEQ": "1", "EXTRT": "A", "EXSTDY": "1"},
        {"EXSEQ": "2", "EXTRT": "B", "EXSTDY": "2"},
    ]
    assert result.column("DM", "ARMNRS") == ["NOT ASSIGNED"]
    lineage = result.domain("EX").lineage
    assert lineage is not None
    (day,) = [v for v in lineage.variables if v.variable == "EXSTDY"]
    assert (day.columns, day.variables) == ((), ("EX.EXSTDTC", "DM.RFSTDTC"))


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2024-03-01", "1"),
        ("2024-02-29", "-1"),
        ("2024-02-28", "-2"),
        ("2024-03-02", "2"),
        ("2024-03-01T00:05", "1"),
        ("2024-03", ""),
        ("", ""),
    ],
)
def test_study_day(run, date, day):
    raw = {"dm": "ID\n1\n", "ex": f"ID,TRT,D,DOSE\n1,A,{date},1\n"}
    lines = "  RFSTDTC: {hardcode_no_ct: 2024-03-01T10:00}\n"
    result = run({"DM": dm(lines), "EX": ex("  EXSTDY: auto\n  EXENDY: {no_data: none}\n")}, raw)
    column = result.rows("EX")[0].get("EXSTDY", "")
    assert column == day


def test_study_day_is_empty_without_a_complete_reference(run):
    raw = {"dm": "ID\n1\n2\n", "ex": "ID,TRT,D,DOSE\n1,A,2024-03-01,1\n2,A,2024-03-01,1\n3,A,2024-03-01,1\n"}
    lines = '  RFSTDTC:\n    - {hardcode_no_ct: 2024-03, if: ID = "1"}\n'
    result = run({"DM": dm(lines), "EX": ex("  EXSTDY: auto\n")}, raw)
    assert "EXSTDY" not in result.domain("EX").columns


def vs(lines: str, flag: str = "VSLOBXFL: auto") -> str:
    return f"""records: [{{from: vs}}]
variables:
  VSSEQ: auto
  VSTESTCD: TEST
  VSTEST: TEST
  VSORRES: RESULT
  {flag}
  VSDTC: {{assign_datetime: D, formats: [yyyy-MM-dd, yyyy-MM, "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"]}}
{lines}keys: [USUBJID, VSSEQ]
sort: [USUBJID, VSSEQ]
seq: [VSSPID]
""".replace("VSTESTCD: TEST", "VSTESTCD: {assign_no_ct: TEST}").replace(
        "VSTEST: TEST", "VSTEST: {assign_no_ct: TEST}"
    )


def flags(
    run, rows: str, dose: str, flag: str = "VSLOBXFL: auto", lines: str = "", columns: str = ""
) -> list[str]:
    text = vs("  VSSPID: N\n" + lines, flag)
    raw = {"dm": "ID\n1\n", "vs": f"ID,N,TEST,D,RESULT{columns}\n{rows}"}
    times = f"  RFXSTDTC: {{hardcode_no_ct: {dose}}}\n  RFSTDTC: {{hardcode_no_ct: {dose}}}\n" if dose else ""
    if not times:
        times = "  RFXSTDTC: {no_data: none}\n"
    result = run({"DM": dm(times), "VS": text}, raw)
    return result.column("VS", flag.split(":")[0])


@pytest.mark.parametrize(
    ("rows", "dose", "expected"),
    [
        # the last one before; the empty result does not count; the partial date is no candidate
        (
            "1,1,P,2024-01-01,60\n1,2,P,2024-01-03,61\n1,3,P,2024-01-04,\n1,4,P,2024-01,9\n",
            "2024-01-05",
            "-Y--",
        ),
        # nothing after the first dose
        ("1,1,P,2024-01-06,60\n1,2,P,2024-01-04,60\n", "2024-01-05", "-Y"),
        # the day of the dose, no time: counts as before
        ("1,1,P,2024-01-04,60\n1,2,P,2024-01-05,61\n", "2024-01-05T09:00", "-Y"),
        # times on both sides decide
        ("1,1,P,2024-01-05T08:59,60\n1,2,P,2024-01-05T09:01,61\n", "2024-01-05T09:00", "Y-"),
        ("1,1,P,2024-01-05T08:59,60\n1,2,P,2024-01-05T09:00,61\n", "2024-01-05T09:00", "Y-"),
        # 09:00 may be after 09:00:30 and may be before 09:00:59: it is not before
        ("1,1,P,2024-01-04,60\n1,2,P,2024-01-05T09:00,61\n", "2024-01-05T09:00:30", "Y-"),
        ("1,1,P,2024-01-05T09:00:10,60\n1,2,P,2024-01-05T09:00:40,61\n", "2024-01-05T09:00:30", "Y-"),
        # ties: the later raw row
        ("1,1,P,2024-01-04,60\n1,2,P,2024-01-04,61\n1,3,P,2024-01-04,62\n", "2024-01-05", "--Y"),
        # one for each test
        ("1,1,P,2024-01-04,60\n1,2,T,2024-01-03,61\n1,3,T,2024-01-02,62\n", "2024-01-05", "YY-"),
        # no dose, or a dose of unknown day: no flag
        ("1,1,P,2024-01-04,60\n", "2024-01", "-"),
        ("1,1,P,2024-01-04,60\n", "", "-"),
    ],
)
def test_last_observation_before_exposure(run, rows, dose, expected):
    assert "".join(f or "-" for f in flags(run, rows, dose)) == expected


def test_same_day_may_count_as_after(run):
    rows = "1,1,P,2024-01-04,60\n1,2,P,2024-01-05,61\n"
    flag = "VSBLFL: {derive_blfl: auto, same_day: after}"
    assert flags(run, rows, "2024-01-05", flag) == ["Y", ""]
    assert flags(run, rows, "2024-01-05", "VSBLFL: auto") == ["", "Y"]


def test_a_baseline_is_of_a_test_with_its_qualifiers(run):
    rows = (
        "1,1,P,2024-01-03,60,SITTING,10\n1,2,P,2024-01-04,61,STANDING,10\n1,3,P,2024-01-04,62,STANDING,20\n"
    )
    lines = "  VSPOS: POS\n  VSTPTNUM: TPT\n"
    columns = ",POS,TPT"
    assert flags(run, rows, "2024-01-05", lines=lines, columns=columns) == ["Y", "", "Y"]
    by = "VSLOBXFL: {derive_lobxfl: auto, by: [VSTESTCD]}"
    assert flags(run, rows, "2024-01-05", by, lines, columns) == ["", "", "Y"]
    by = "VSLOBXFL: {derive_lobxfl: auto, by: [VSTESTCD, VSPOS, VSTPTNUM]}"
    assert flags(run, rows, "2024-01-05", by, lines, columns) == ["Y", "Y", "Y"]


SE = """records: [{from: se}]
variables:
  SESEQ: auto
  ETCD: E
  ELEMENT: E
  SESTDTC: {assign_datetime: START, formats: [yyyy-MM-dd, "yyyy-MM-dd'T'HH:mm", yyyy-MM]}
  SEENDTC: {assign_datetime: END, formats: [yyyy-MM-dd, "yyyy-MM-dd'T'HH:mm", yyyy-MM]}
  EPOCH: {assign_no_ct: EPOCH}
keys: [USUBJID, SESTDTC]
"""
ELEMENTS = """ID,E,EPOCH,START,END
1,SCRN,SCREENING,2024-01-01,2024-01-10T10:00
1,A,TREATMENT,2024-01-10T10:00,2024-02-10
1,B,TREATMENT,2024-02-10,2024-03-10
1,FU,FOLLOW-UP,2024-04-01,
2,SCRN,SCREENING,2024-01-01,2024-01-10
2,A,TREATMENT,2024-01-10,2024-02-10
2,W,WASHOUT,2024-02-10,2024-02-20
2,A,TREATMENT,2024-02-20,2024-03-20
3,SCRN,SCREENING,2024-01-01,2024-02
3,A,TREATMENT,2024-02,2024-03-20
4,A,TREATMENT,2024-01-10,2024-03-20T08:00
"""


@pytest.mark.parametrize(
    ("subject", "date", "epoch"),
    [
        ("1", "2023-12-31", ""),  # before all
        ("1", "2024-01-01", "SCREENING"),
        ("1", "2024-01-10T09:59", "SCREENING"),
        ("1", "2024-01-10T10:00", "TREATMENT"),
        ("1", "2024-01-10", ""),  # the day may be either
        ("1", "2024-02-10", "TREATMENT"),
        ("1", "2024-01", ""),
        ("1", "2024-02", "TREATMENT"),  # two elements, one epoch
        ("1", "2024-03-10", "TREATMENT"),
        ("1", "2024-03-11", ""),  # a gap
        ("1", "2025-01-01", "FOLLOW-UP"),  # the last element is open
        ("1", "", ""),
        ("2", "2024-01-10", "TREATMENT"),
        ("2", "2024-02", ""),  # starts and ends in one epoch, with another between
        ("2", "2024-04-01", ""),
        ("3", "2024-02-15", ""),  # when the element began is not known
        ("3", "2024-01-15", "SCREENING"),
        ("3", "2024-03-01", "TREATMENT"),
        ("4", "2024-03-20", "TREATMENT"),  # the whole day on which participation ends
        ("4", "2024-03-20T09:00", "TREATMENT"),
        ("4", "2024-03-21", ""),
        ("9", "2024-01-15", ""),
    ],
)
def test_epoch_of_a_date(run, subject, date, epoch):
    text = ex("  EPOCH: auto\n") + "seq: [EXTRT]\n"
    result = run({"SE": SE, "EX": text}, {"se": ELEMENTS, "ex": f"ID,TRT,D,DOSE\n{subject},A,{date},1\n"})
    assert result.rows("EX")[0].get("EPOCH", "") == epoch


def test_epoch_without_elements_is_empty(run):
    raw = {"ex": "ID,TRT,D,DOSE\n1,A,2024-01-01,1\n", "se": "ID,E,EPOCH,START,END\n"}
    result = run({"SE": SE, "EX": ex("  EPOCH: auto\n")}, raw)
    assert len(result.domain("SE")) == 0
    assert "EPOCH" not in result.domain("EX").columns


def test_why_an_arm_is_null(run):
    lines = """  ARMCD: ARM
  ACTARMCD: ACT
  ARMNRS: {derive_armnrs: auto, screen_failure: FAILED = "Y", unplanned: ODD = "Y"}
"""
    raw = "ID,ARM,ACT,FAILED,ODD\n1,A,A,,\n2,,,Y,Y\n3,A,,,\n4,,,,\n5,A,,,Y\n"
    assert run({"DM": dm(lines)}, {"dm": raw}).column("DM", "ARMNRS") == [
        "",
        "UNPLANNED TREATMENT",  # a screen failure that was dosed by mistake
        "ASSIGNED, NOT TREATED",
        "NOT ASSIGNED",
        "UNPLANNED TREATMENT",
    ]
