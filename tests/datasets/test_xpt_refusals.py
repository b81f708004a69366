import io
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from sdtm_mapper.datasets import xpt_limits
from sdtm_mapper.datasets.widths import shared_widths
from sdtm_mapper.datasets.xpt import WITHHOLD, XptError, natural_widths, write_xpt, xpt_problems
from sdtm_mapper.model.columns import Text

STAMP = "2025-03-28T04:05:06"


def codes(domain):
    return [(r["rule"], r["record"], r["variables"], r["values"]) for r in xpt_problems(domain).to_pylist()]


def refuse(domain, widths=None, timestamp=STAMP) -> XptError:
    file = io.BytesIO()
    with pytest.raises(XptError) as caught:
        write_xpt(file, domain, natural_widths(domain) if widths is None else widths, timestamp)
    assert file.getvalue() == b""
    return caught.value


@pytest.mark.parametrize("name", ["LABRESULT", "ae", "1AE", "A-E", "", "_AE"])
def test_names_that_sas_does_not_take(domain_of, name):
    assert codes(domain_of({"N": [1]}, name=name))[0][0] == "EXP001"
    refuse(domain_of({"N": [1]}, name=name))
    assert codes(domain_of({name: [1]})) == [("EXP002", None, [name] if name else [], [name] if name else [])]
    assert "1 to 8 characters" in str(refuse(domain_of({name: [1]})))


@pytest.mark.parametrize("label", ["x" * 41, "dose in \u03bcg", "a\nb"])
def test_labels(domain_of, label):
    assert codes(domain_of({"N": [1]}, N={"label": label})) == [("EXP003", None, ["N"], [label])]
    refuse(domain_of({"N": [1]}, N={"label": label}))
    assert codes(domain_of({"N": [1]}, label=label)) == [("EXP003", None, [], [])]
    refuse(domain_of({"N": [1]}, label=label))


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("x" * 201, "EXP004", "201 bytes"),
        ("\u53f0\u5317", "EXP005", "U+5317, U+53F0"),
        ("a\tb\n", "EXP006", "0x09, 0x0A"),
        ("a\x7fb", "EXP006", "0x7F"),
        ("a\x00b", "EXP006", "0x00"),
    ],
)
def test_text(domain_of, text, code, detail):
    domain = domain_of(
        {"USUBJID": ["S-1", "S-2", "S-3"], "AESEQ": [1, 2, 7], "AETERM": ["FINE", text, text]},
    )
    found = xpt_problems(domain).to_pylist()
    assert [(r["rule"], r["record"], r["usubjid"], r["seq"], r["values"], r["detail"]) for r in found] == [
        (code, 2, "S-2", 2, [text], detail),
        (code, 3, "S-3", 7, [text], detail),
    ]
    error = refuse(domain, {"USUBJID": 3, "AETERM": 200})
    assert "AETERM" in str(error)
    assert "in 2 records, the first is record 2" in str(error)
    assert text not in str(error)


@pytest.mark.parametrize("number", [np.inf, -np.inf, 2.0**252, -1e76, 5e-324, 1e-79, -5.3e-79])
def test_numbers(domain_of, number):
    domain = domain_of({"N": [1.0, number, np.nan, 0.0]})
    assert codes(domain) == [("EXP007", 2, ["N"], [repr(number)])]
    refuse(domain)


def test_no_records_no_variables(domain_of):
    assert codes(domain_of({"N": np.array([])})) == [("EXP008", None, [], [])]
    assert codes(domain_of({})) == [("EXP008", None, [], [])]
    assert "no records" in str(refuse(domain_of({"N": np.array([])})))
    assert "no variables" in str(refuse(domain_of({})))


def test_duplicate_names(domain_of):
    domain = domain_of({"N": [1]})
    twice = type(domain)(domain.spec, domain.variables * 2, domain.columns)
    assert codes(twice)[0] == ("EXP009", None, ["N"], ["N"])
    refuse(twice)


@pytest.mark.parametrize(
    ("given", "kind"),
    [("8,2", "N"), ("2 decimals", "N"), ("VERYLONGF8.", "N"), ("$20.", "N"), ("8.", "T"), ("8", "N")],
)
def test_display_formats(domain_of, given, kind):
    domain = domain_of({"N": [1], "T": ["a"]}, **{kind: {"format": given}})
    assert codes(domain) == [("EXP010", None, [kind], [given])]
    refuse(domain)


def test_type_of_the_column(domain_of):
    assert codes(domain_of({"N": ["a"]}, N={"type": "Num"})) == [("EXP011", None, ["N"], ["text"])]
    refuse(domain_of({"N": ["a"]}, N={"type": "Num"}))
    refuse(domain_of({"N": [1]}, N={"type": "Char"}))
    domain = domain_of({"N": [1], "M": [1]})
    refuse(type(domain)(domain.spec, domain.variables, {"N": domain.columns["N"]}))


def test_a_last_record_that_looks_like_padding(domain_of):
    assert codes(domain_of({"A": ["x", ""]})) == [("EXP014", 2, [], [])]
    refuse(domain_of({"A": ["x", ""]}))
    assert codes(domain_of({"A": ["", "x"]})) == []
    assert codes(domain_of({"A": ["x", ""], "N": [1, None]})) == []
    assert codes(domain_of({"A": ["x" * 80, ""]})) == []


def test_what_is_told_and_written_all_the_same(domain_of):
    domain = domain_of({"A": ["x ", "toolong"]}, A={"length": 4})
    assert codes(domain) == [("EXP012", 1, ["A"], ["x "]), ("EXP013", 2, ["A"], ["toolong"])]
    write_xpt(io.BytesIO(), domain, natural_widths(domain), STAMP)


def test_values_that_no_record_holds_are_no_problem(domain_of):
    column = Text.of(["A", "\u03bc\n" * 200, "B "]).take(np.array([0]))
    assert codes(domain_of({"A": column})) == []


def test_widths_and_timestamp(domain_of):
    domain = domain_of({"A": ["four"], "N": [1]})
    assert "no width is given" in str(refuse(domain, {}))
    assert "the width is 3" in str(refuse(domain, {"A": 3}))
    assert "1 to 200" in str(refuse(domain, {"A": 201}))
    assert "1 to 200" in str(refuse(domain, {"A": 0}))
    assert "not an ISO 8601" in str(refuse(domain, timestamp="28MAR25"))


def test_all_reasons_come_at_once(domain_of):
    error = refuse(domain_of({"toolongname": ["\u03bc"], "N": [np.inf]}, label="x" * 50), {})
    assert len(error.reasons) == 5


def test_every_code_has_a_rule_file_that_says_what_we_do():
    specs = Path(__file__).parents[2] / "specs" / "rules"
    emitted = {v for v in vars(xpt_limits).values() if isinstance(v, str) and v.startswith("EXP")}
    assert emitted == {p.stem for p in specs.glob("EXP*.yaml")}
    for code in emitted:
        rule = YAML(typ="safe").load(specs / f"{code}.yaml")
        assert rule["code"] == code
        assert (rule["severity"] == "reject") == (code in WITHHOLD - {"EXP008"})


def test_widths_are_shared_by_name_and_qualifiers_are_sized_by_dataset(domain_of):
    ae = domain_of({"USUBJID": ["S-1"], "AETERM": ["HEADACHE"], "VISIT": [None]}, AETERM={"length": 50})
    lb = domain_of({"USUBJID": ["S-1000"], "VISIT": ["WEEK 2"], "LBDTC": ["x" * 300]}, name="LB")
    supp = domain_of(
        {"RDOMAIN": ["AE"], "USUBJID": ["S-1"], "QNAM": ["A"], "QVAL": ["x" * 30]}, name="SUPPAE"
    )
    other = domain_of({"RDOMAIN": ["LB"], "USUBJID": ["S-1"], "QNAM": ["BCDE"], "QVAL": ["y"]}, name="SUPPLB")
    assert shared_widths([ae, lb, supp, other]) == {
        "AE": {"USUBJID": 6, "AETERM": 50, "VISIT": 6},
        "LB": {"USUBJID": 6, "VISIT": 6, "LBDTC": 200},
        "SUPPAE": {"RDOMAIN": 2, "USUBJID": 6, "QNAM": 1, "QVAL": 30},
        "SUPPLB": {"RDOMAIN": 2, "USUBJID": 6, "QNAM": 4, "QVAL": 1},
    }
