"""The family of a result: original and standard values, units, ranges, indicators, and what becomes a finding."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import SpecError

FAMILY = (
    "LBORRESU LBORNRLO LBORNRHI LBSTRESC LBSTRESN LBSTRESU LBSTNRLO LBSTNRHI LBSTNRC LBNRIND"
    " LBSTAT LBREASND LBSPCCND"
)
CALL = "{result: VALUE, unit: UNIT, low: LOW, high: HIGH}"


def lb(call: str = CALL, family: str = FAMILY, more: str = "") -> dict[str, str]:
    lines = "".join(f"  {v}: auto\n" for v in family.split())
    text = (
        "records: [{from: lb}]\nvariables:\n  LBSEQ: auto\n  LBTESTCD: {assign_no_ct: TEST}\n"
        f"  LBTEST: {{assign_no_ct: TEST}}\n  LBSPEC: SPEC\n  LBORRES: {call}\n{lines}{more}"
        "keys: [USUBJID, LBSEQ]\nseq: [LBTESTCD]\n"
    )
    return {"LB": text}


def raw(*rows: str) -> dict[str, str]:
    return {"lb": "ID,TEST,SPEC,VALUE,UNIT,LOW,HIGH\n" + "".join(f"1,{r}\n" for r in rows)}


def one(run, row: str, *names: str, **more):
    result = run(lb(), raw(row), **more)
    domain = result.domain("LB").columns
    return tuple(result.column("LB", n)[0] if n in domain else "" for n in names), result


ORIGINAL = ("LBORRES", "LBORRESU", "LBORNRLO", "LBORNRHI")
STANDARD = ("LBSTRESC", "LBSTRESN", "LBSTRESU", "LBSTNRLO", "LBSTNRHI", "LBNRIND")


@pytest.mark.parametrize(
    ("row", "original", "standard"),
    [
        (
            "PLAT,BLOOD,15.2,萬/uL,15,40",
            ("15.2", "10^10/L", "15", "40"),
            ("152", "152", "10^9/L", "150", "400", "NORMAL"),
        ),
        (
            "PLAT,BLOOD,152000,/uL,150000,400000",
            ("152000", "10^6/L", "150000", "400000"),
            ("152", "152", "10^9/L", "150", "400", "NORMAL"),
        ),
        (
            "PLAT,BLOOD,148,10³/µL,150,400",
            ("148", "10^9/L", "150", "400"),
            ("148", "148", "10^9/L", "150", "400", "LOW"),
        ),
        (
            "K,SERUM,5.0,mEq/L,3.5,5.1",
            ("5.0", "mEq/L", "3.5", "5.1"),
            ("5.0", "5", "mmol/L", "3.5", "5.1", "NORMAL"),
        ),
        (
            "CREAT,SERUM,1.0,mg/dL,0.7,1.2",
            ("1.0", "mg/dL", "0.7", "1.2"),
            ("88.4", "88.4", "umol/L", "61.88", "106.08", "NORMAL"),
        ),
        ("ALB,SERUM,2.8,g/dL,3.5,", ("2.8", "g/dL", "3.5", ""), ("28", "28", "g/L", "35", "", "LOW")),
        ("AFP,SERUM,＞60500,ng/mL,,9", (">60500", "ug/L", "", "9"), (">60500", "", "ug/L", "", "9", "HIGH")),
        (
            "BILI,SERUM,<0.1,mg/dL,0.2,1.2",
            ("<0.1", "mg/dL", "0.2", "1.2"),
            ("<1.7104", "", "umol/L", "3.4208", "20.5248", "LOW"),
        ),
        ("WBC,BLOOD,4.5 x10^3/uL,,,", ("4.5", "10^9/L", "", ""), ("4.5", "4.5", "10^9/L", "", "", "")),
        ("PLAT,BLOOD,15.2萬,/uL,,", ("15.2", "10^10/L", "", ""), ("152", "152", "10^9/L", "", "", "")),
        ("WBC,BLOOD,4.5,G/L,,", ("4.5", "10^9/L", "", ""), ("4.5", "4.5", "10^9/L", "", "", "")),
        ("INR,PLASMA,1.05,,,", ("1.05", "", "", ""), ("1.05", "1.05", "RATIO", "", "", "")),
    ],
)
def test_a_result_in_its_own_and_in_the_standard_unit(run, row, original, standard):
    found, result = one(run, row, *ORIGINAL, *STANDARD)
    assert found == (*original, *standard)
    assert result.rules() == []


def test_indicators_see_the_unrounded_value(run):
    found, result = one(run, "PLAT,BLOOD,59.6,10^9/L,60,400", "LBORRES", "LBSTRESC", "LBSTRESN", "LBNRIND")
    assert found == ("59.6", "60", "60", "LOW")
    assert result.rules() == []


@pytest.mark.parametrize(
    ("row", "condition", "original"),
    [
        ("K,SERUM,5.8 (hemolysis),mmol/L,3.5,5.1", ("", "", "HEMOLYZED"), "5.8"),
        ("K,SERUM,溶血,,,", ("NOT DONE", "SPECIMEN HEMOLYZED", "HEMOLYZED"), ""),
        ("K,SERUM,檢體不足,mmol/L,3.5,5.1", ("NOT DONE", "QUANTITY NOT SUFFICIENT", ""), ""),
    ],
)
def test_what_was_not_measured_says_why(run, row, condition, original):
    found, result = one(run, row, "LBSTAT", "LBREASND", "LBSPCCND", "LBORRES")
    assert found == (*condition, original)
    assert result.rules() == []


@pytest.mark.parametrize(
    ("row", "rule", "values", "expected", "detail"),
    [
        ('K,SERUM,"3,5",mmol/L,,', "MAP022", "3,5 mmol/L", None, "a decimal comma, or a slip"),
        ("K,SERUM,0.8 (repeat 0.9),mmol/L,,", "MAP022", "0.8 (repeat 0.9) mmol/L", None, "two numbers"),
        ("K,SERUM,2+,,,", "MAP022", "2+", None, "a number is expected"),
        ("PIVKAII,SERUM,30,mAU/mL,,", "MAP024", "30 mAU/mL", None, "no table knows this unit"),
        ("K,SERUM,4.1 mg/dL,mmol/L,,", "MAP024", "4.1 mg/dL mmol/L", "mmol/L", "another unit inside"),
        ("K,SERUM,4.1,mg/dL,,", "MAP010", "4.1 mg/dL", "mmol/L, mEq/L", None),
        ("PROT,,7,g/dL,,", "MAP025", "7 g/dL", None, None),
        ("PLAT,BLOOD,15.2,,,", "MAP026", "15.2", "10^9/L", "15.2 would be plausible in 10^9/L or 10^10/L"),
        ("PLAT,BLOOD,148000,,,", "MAP026", "148000", "10^9/L", "148000 would be plausible in 10^6/L"),
        ("PLAT,BLOOD,152000,10^9/L,,", "MAP027", "152000 10^9/L", "0 to 5000 10^9/L", "plausible in 10^6/L"),
        ("PLAT,BLOOD,152,/uL,,", "MAP028", "152 /uL", "5 to 1500 10^9/L", "plausible in 10^9/L"),
        ("K,SERUM,4.1,mmol/L,5.1,3.5", "MAP029", "5.1 3.5", None, "5.1 is above 3.5"),
        ("K,SERUM,4.1,mmol/L,see note,5", "MAP029", "see note 5", None, "no end of a range"),
    ],
)
def test_what_is_not_sure_is_one_finding(run, row, rule, values, expected, detail):
    _, result = one(run, row)
    assert result.rules() == [rule]
    (finding,) = result.findings(rule)
    assert finding["values"] == [values]
    assert finding.get("expected") == expected
    assert (detail or "") in (finding.get("detail") or "")


@pytest.mark.parametrize(
    "row", ["PIVKAII,SERUM,30,mAU/mL,,", "PLAT,BLOOD,15.2,,,", "K,SERUM,4.1,mg/dL,,", "PROT,,7,g/dL,,"]
)
def test_a_number_that_cannot_be_converted_has_no_standard_value(run, row):
    found, _ = one(run, row, "LBORRES", "LBSTRESC", "LBSTRESN")
    assert found == (row.split(",")[2], "", "")


def test_ten_thousands_and_single_counts_in_one_column(run):
    rows = [
        f"PLAT,BLOOD,{v},{u},,"
        for v, u in (("15.2", "萬/uL"), ("152000", "/uL"), ("152000", "萬/uL"), ("15.2", "/uL"))
    ]
    result = run(lb(), raw(*rows))
    assert result.column("LB", "LBSTRESN") == ["152", "152", "1520000", "0"]
    assert [(f["rule"], f["values"]) for f in result.findings()] == [
        ("MAP027", ["152000 萬/uL"]),
        ("MAP028", ["15.2 /uL"]),
    ]


TESTS = """\
schema: 1
units: {/min: beats/min, 個/HPF: /HPF}
tests:
  - {test: PLAT, specimen: BLOOD, decimals: 1, soft: [50, 600]}
  - {test: K, specimen: SERUM, unit: mEq/L, decimals: 1, factors: {mmol/L: 1}}
  - {test: GLUC, specimen: URINE, kind: words, words: {微弱: TRACE}}
"""


def test_a_study_overrides_the_table(run):
    rows = ("PLAT,BLOOD,40.26,10^9/L,,", "K,SERUM,4.15,mmol/L,,", "GLUC,URINE,微弱,,,")
    result = run(lb(), raw(*rows), tests=TESTS)
    assert result.column("LB", "LBSTRESC") == ["TRACE", "4.2", "40.3"]
    assert result.column("LB", "LBSTRESU") == ["", "mEq/L", "10^9/L"]
    assert result.rules() == ["MAP028"]
    assert result.findings("MAP028")[0]["expected"] == "50 to 600 10^9/L"


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ("units: {x: no/unit}", "SPEC042"),
        ("tests: [{test: K, unit: mmmol}]", "SPEC042"),
        ("tests: [{test: K, factors: {mg/dL: two}}]", "SPEC005"),
        ("tests: [{test: K}, {test: K}]", "SPEC002"),
        ("tests: [{unit: mmol/L}]", "SPEC004"),
        ("tests: [{test: K, hard: [1]}]", "SPEC005"),
    ],
)
def test_faults_of_the_table_are_told(run, tests, words):
    with pytest.raises(SpecError, match=words):
        run(lb(), raw("K,SERUM,4,mmol/L,,"), tests=f"schema: 1\n{tests}\n")


def test_a_range_as_a_result_keeps_its_unit_and_has_no_number(run):
    tests = "schema: 1\ntests: [{test: WBC, specimen: URINE, unit: /HPF}]\n"
    names = ("LBORRES", "LBORRESU", "LBSTRESC", "LBSTRESU")
    result = run(
        lb(),
        raw("WBC,URINE,10~15,/hpf,,", "WBC,URINE,弱-陽性,/hpf,,"),
        tests=tests.replace("F}", "F, words: {弱-陽性: WEAK-POSITIVE}}"),
    )
    assert [tuple(r.values()) for r in result.rows("LB", *names)] == [
        ("10~15", "/HPF", "10-15", "/HPF"),
        ("弱-陽性", "", "WEAK-POSITIVE", ""),
    ]


def test_words_have_a_range_of_words(run):
    tests = "schema: 1\ntests:\n  - {test: HCG, specimen: SERUM, kind: words}\n"
    rows = ("HCG,SERUM,陰性,,Negative,", "HCG,SERUM,Positive,,Negative,")
    result = run(lb(), raw(*rows), tests=tests)
    assert result.rows("LB", "LBORRES", "LBSTRESC", "LBSTNRC", "LBNRIND") == [
        {"LBORRES": "陰性", "LBSTRESC": "NEGATIVE", "LBSTNRC": "NEGATIVE", "LBNRIND": "NORMAL"},
        {"LBORRES": "Positive", "LBSTRESC": "POSITIVE", "LBSTNRC": "NEGATIVE", "LBNRIND": "ABNORMAL"},
    ]
    assert result.rules() == []


def test_branches_of_the_result_hold_for_its_family(run):
    call = f'\n    - {{result: VALUE, unit: =mg/dL, if: SPEC = "URINE"}}\n    - {CALL}'
    tests = "schema: 1\ntests: [{test: CREAT, specimen: URINE, unit: mg/dL, kind: number}]\n"
    result = run(lb(call), raw("CREAT,SERUM,1,mg/dL,,", "CREAT,URINE,90,nonsense,,"), tests=tests)
    assert result.column("LB", "LBSTRESC") == ["88.4", "90"]
    assert result.column("LB", "LBORRESU") == ["mg/dL", "mg/dL"]
    assert result.rules() == []


def test_the_family_is_made_from_the_raw_columns_and_says_so(run):
    result = run(lb(), raw("K,SERUM,4.0,mmol/L,3.5,5.1"))
    uses = result.uses("lb")
    assert {"LB.LBORRES", "LB.LBSTRESN", "LB.LBNRIND"} <= set(uses["VALUE"])
    assert result.balanced()


def test_partitions_change_nothing(run):
    rows = "ID,TEST,SPEC,VALUE,UNIT,LOW,HIGH\n" + "".join(
        f"{i},K,SERUM,{i}.1,mmol/L,3.5,5.1\n" for i in range(1, 9)
    )
    whole, parts = (run(lb(), {"lb": rows}, partitions=n) for n in (1, 3))
    assert whole.rows("LB") == parts.rows("LB")
    assert whole.rules() == parts.rules()


def test_a_sites_own_flag_is_a_qualifier(run):
    flag = "{result: VALUE, part: FLAG, test: TEST, label: Flag of the laboratory, qorig: CRF}"
    more = f"supplemental:\n  SITEFLAG: {flag}\n"
    result = run(lb(more=more), raw("K,SERUM,5.8 H,mmol/L,3.5,5.1"))
    assert result.column("SUPPLB", "QVAL") == ["H"]
