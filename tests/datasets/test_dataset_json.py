import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft201909Validator

from sdtm_mapper.datasets import dataset_json, dataset_json_read, dataset_json_scan
from sdtm_mapper.datasets.dataset_json import JsonError, write_dataset_json
from sdtm_mapper.datasets.dataset_json_read import read_dataset_json
from sdtm_mapper.datasets.described import Described, Item, undescribed
from sdtm_mapper.datasets.package import as_domain, read_package
from sdtm_mapper.datasets.xpt import write_xpt
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.errors import UserError

STAMP = "2025-03-28"
FORMS = ("json", "ndjson")

# What the standard's text says of attributes, version 1.1: required ones, types, no others.
_TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "datasetJSONCreationDateTime",
        "datasetJSONVersion",
        "itemGroupOID",
        "records",
        "name",
        "label",
        "columns",
    ],
    "properties": {
        "datasetJSONCreationDateTime": {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$",
        },
        "datasetJSONVersion": {"type": "string", "pattern": r"^1\.1(\.\d+)?$"},
        "sourceSystem": {
            "type": "object",
            "required": ["name", "version"],
            "additionalProperties": False,
            "properties": {"name": _TEXT, "version": _TEXT},
        },
        **dict.fromkeys(
            ("studyOID", "metaDataVersionOID", "metaDataRef", "itemGroupOID", "name", "label"), _TEXT
        ),
        "records": {"type": "integer", "minimum": 0},
        "columns": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["itemOID", "name", "label", "dataType"],
                "properties": {
                    **dict.fromkeys(("itemOID", "name", "label", "displayFormat"), _TEXT),
                    "dataType": {
                        "enum": ["string", "integer", "float", "double", "date", "datetime", "time"]
                    },
                    "length": {"type": "integer", "minimum": 1},
                    "keySequence": {"type": "integer", "minimum": 1},
                },
            },
        },
        "rows": {
            "type": "array",
            "items": {"type": "array", "items": {"type": ["string", "number", "null"]}},
        },
    },
}


@pytest.fixture
def ae(domain_of):
    return domain_of(
        {
            "USUBJID": ["S-1", "S-1", "S-2"],
            "AETERM": ['"HEADACHE"', None, "COUGH\n咳"],
            "AESTDTC": ["2025-01-02", None, "2025-01-03"],
            "AEENDTC": ["2025-01", None, "2025-01-03"],
            "AESEQ": [1, 2, None],
            "AEDOSE": [0.1, None, 2.0],
        },
        AETERM={"format": "$20."},
    )


DESCRIBED = Described(
    "IG.AE",
    {
        "USUBJID": Item("IT.AE.USUBJID", "text", 9, 1),
        "AESTDTC": Item("IT.AE.AESTDTC", "date"),
        "AEENDTC": Item("IT.AE.AEENDTC", "date"),
        "AESEQ": Item("IT.AE.AESEQ", "integer", 8, 2),
    },
    "STDY.X",
    "MDV.X",
    "define.xml",
)
WIDTHS = {"USUBJID": 9, "AETERM": 40}


def write(folder, domain, form="json", described=DESCRIBED, name="ae"):
    path = folder / f"{name}.{form}"
    write_dataset_json(path, domain, described, WIDTHS, STAMP, form)
    return path


def test_bytes_are_these(tmp_path, domain_of):
    domain = domain_of({"USUBJID": ["S-1", None], "AESEQ": [1.0, None], "X": [0.5, -0.0]})
    said = Described(
        "IG.AE", {"AESEQ": Item("IT.AE.AESEQ", "integer", 8, 1)}, "STDY.X", "MDV.X", "define.xml"
    )
    text = write(tmp_path, domain, described=said).read_text(encoding="utf-8")
    version = json.loads(text)["sourceSystem"]["version"]
    head = (
        '{"datasetJSONCreationDateTime":"2025-03-28T00:00:00","datasetJSONVersion":"1.1.0",'
        f'"sourceSystem":{{"name":"sdtm-mapper","version":"{version}"}},'
        '"studyOID":"STDY.X","metaDataVersionOID":"MDV.X","metaDataRef":"define.xml",'
        '"itemGroupOID":"IG.AE","records":2,"name":"AE","label":"Adverse Events","columns":['
        '{"itemOID":"IT.AE.USUBJID","name":"USUBJID","label":"Label of USUBJID","dataType":"string","length":9},'
        '{"itemOID":"IT.AE.AESEQ","name":"AESEQ","label":"Label of AESEQ","dataType":"integer","length":8,'
        '"keySequence":1},'
        '{"itemOID":"IT.AE.X","name":"X","label":"Label of X","dataType":"float"}]'
    )
    assert text == head + ',"rows":[\n["S-1",1,0.5],\n["",null,0]\n]}\n'
    lines = write(tmp_path, domain, "ndjson", said).read_text(encoding="utf-8")
    assert lines == head + '}\n["S-1",1,0.5]\n["",null,0]\n'


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_fits_the_standard_and_comes_back(tmp_path, ae, form, monkeypatch):
    monkeypatch.setattr(dataset_json, "ROWS", 2)
    monkeypatch.setattr(dataset_json_read, "ROWS", 2)
    monkeypatch.setattr(dataset_json_scan, "ROWS", 2)
    monkeypatch.setattr(dataset_json_scan, "CHUNK", 7)
    path = write(tmp_path, ae, form)
    text = path.read_text(encoding="utf-8")
    whole = json.loads(text if form == "json" else text.splitlines()[0])
    Draft201909Validator(SCHEMA).validate(whole)
    assert [c["dataType"] for c in whole["columns"]] == [
        *("string", "string", "date", "string"),
        *("integer", "float"),
    ]
    table = read_dataset_json(path)
    assert (table.name, table.label, table.created) == ("AE", "Adverse Events", "2025-03-28T00:00:00")
    assert table.columns["AETERM"].strings() == ['"HEADACHE"', "", "COUGH\n咳"]
    np.testing.assert_array_equal(table.columns["AEDOSE"], [0.1, np.nan, 2.0])
    assert [(v.type, v.width, v.format) for v in table.variables[:2]] == [
        ("Char", 9, ""),
        ("Char", 40, "$20."),
    ]
    assert table.described.items["USUBJID"] == Item("IT.AE.USUBJID", "string", 9, 1)
    assert table.described.items["AEDOSE"].oid == "IT.AE.AEDOSE"
    assert (table.described.oid, table.described.study_oid) == ("IG.AE", "STDY.X")


def test_no_rows(tmp_path, domain_of):
    empty = domain_of({"USUBJID": Text.empty(0), "AESEQ": np.empty(0)})
    for form in FORMS:
        assert len(read_dataset_json(write(tmp_path, empty, form)).columns["AESEQ"]) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.integers(-(2**53) + 1, 2**53 - 1),
        ),
        min_size=1,
    ),
    st.sampled_from(FORMS),
)
def test_any_cells_come_back(tmp_path_factory, domain_of, rows, form):
    texts, floats, whole = zip(*rows, strict=True)
    numbers = np.array([math.nan if f is None else f for f in floats])
    domain = domain_of({"A": Text.of(texts), "B": numbers, "C": np.array(whole, np.float64)})
    folder = tmp_path_factory.mktemp("any")
    back = read_dataset_json(write(folder, domain, form, undescribed("AE")))
    assert back.columns["A"].strings() == [t or "" for t in texts]
    np.testing.assert_array_equal(back.columns["B"], numbers)
    np.testing.assert_array_equal(back.columns["C"], np.array(whole, np.float64))


def test_xpt_to_json_to_xpt_is_the_same_file(tmp_path, domain_of):
    domain = domain_of(
        {"USUBJID": ["S-1", "S-2"], "AETERM": [None, "COUGH"], "AEDOSE": [0.1, None]},
        AEDOSE={"format": "8.2"},
    )
    write_xpt(tmp_path / "ae.xpt", domain, {"USUBJID": 20, "AETERM": 40}, "2025-03-28T10:20:30")
    (first,) = read_package(tmp_path)
    for form in FORMS:
        folder = tmp_path / form
        folder.mkdir()
        widths = {v.name: v.width for v in first.variables}
        write_dataset_json(
            folder / f"ae.{form}", as_domain(first), undescribed("AE"), widths, first.created, form
        )
        (second,) = read_package(folder)
        write_xpt(
            folder / "ae.xpt", as_domain(second), {v.name: v.width for v in second.variables}, second.created
        )
        assert (folder / "ae.xpt").read_bytes() == (tmp_path / "ae.xpt").read_bytes()


def test_infinity_is_refused_before_a_byte(tmp_path, domain_of):
    domain = domain_of({"USUBJID": ["S-1", "S-2"], "X": [1.0, math.inf]})
    with pytest.raises(JsonError, match="X: infinite, in 1 records, the first is record 2"):
        write(tmp_path, domain)
    assert not [*tmp_path.iterdir()]


def _small(**said):
    head = {
        "datasetJSONCreationDateTime": "2025-03-28T00:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": "IG.AE",
        "records": 2,
        "name": "AE",
        "label": "Adverse Events",
        "columns": [
            {"itemOID": "IT.AE.A", "name": "A", "label": "", "dataType": "string"},
            {"itemOID": "IT.AE.B", "name": "B", "label": "", "dataType": "integer"},
        ],
        "rows": [["x", 1], [None, None]],
    }
    return {k: v for k, v in {**head, **said}.items() if v != "absent"}


def _columns(**said):
    first, second = _small()["columns"]
    return [first, {k: v for k, v in {**second, **said}.items() if v != "absent"}]


FAULTS = {
    "lacks itemGroupOID": {"itemGroupOID": "absent"},
    "unknown attribute study": {"study": "X"},
    "Dataset-JSON 1.0.0; version 1.1": {"datasetJSONVersion": "1.0.0"},
    "datasetJSONCreationDateTime is no ISO": {"datasetJSONCreationDateTime": "yesterday"},
    "label is no text": {"label": 5},
    "records is no whole number": {"records": True},
    "says that it has 3 records and has 2": {"records": 3},
    "sourceSystem must have": {"sourceSystem": {"name": "x"}},
    "columns is no list": {"columns": []},
    "column 2 lacks label": {"columns": _columns(label="absent")},
    "column 2 has the unknown attribute type": {"columns": _columns(type="x")},
    "several columns have the name A": {"columns": _columns(name="A")},
    "several columns have the itemOID IT.AE.A": {"columns": _columns(itemOID="IT.AE.A")},
    "length of column 2": {"columns": _columns(length=0)},
    "keySequence is 2": {"columns": _columns(keySequence=2)},
    "'boolean' of B is no type of SDTM's": {"columns": _columns(dataType="boolean")},
    "'money' of B is unknown": {"columns": _columns(dataType="money")},
    "targetDataType 'integer'": {"columns": _columns(dataType="date", targetDataType="integer")},
    "row 2 has 1 cells; there are 2 columns": {"rows": [["x", 1], ["y"]]},
    "row 1 has no list of cells": {"rows": ["xy", ["y", 2]]},
    "B has the dataType integer and holds text in row 2": {"rows": [["x", 1], ["y", "2"]]},
    "A has the dataType string and holds dict in row 1": {"rows": [[{}, 1], ["y", 2]]},
    "B has the dataType integer and holds bool": {"rows": [["x", True], ["y", 2]]},
    "B has the dataType integer and holds float": {"rows": [["x", 1.5], ["y", 2]]},
    "B holds a number that no double can hold": {"rows": [["x", 2**53 + 1], ["y", 2]]},
    "B holds a decimal that no double": {
        "columns": _columns(dataType="decimal"),
        "rows": [["x", "0.10000000000000000001"], ["y", "1"]],
    },
    "B has the dataType decimal and holds text that is no number": {
        "columns": _columns(dataType="decimal"),
        "rows": [["x", "1,5"], ["y", "1"]],
    },
    "lone surrogate": {"rows": [["\ud800", 1], ["y", 2]]},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("why", FAULTS)
def test_faults_are_told(tmp_path, why, form):
    whole = _small(**FAULTS[why])
    path = tmp_path / f"ae.{form}"
    if form == "ndjson":
        rows = whole.pop("rows")
        path.write_text("".join(json.dumps(part) + "\n" for part in (whole, *rows)))
    else:
        path.write_text(json.dumps(whole))
    with pytest.raises(UserError) as told:
        read_dataset_json(path)
    assert why in str(told.value)
    assert str(told.value).startswith(f"ae.{form}: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"name":"AE","name":"AE"}', "stands twice"),
        ('{"datasetJSONVersion":"1.1"', "ends early"),
        ('{"datasetJSONVersion":"1.1"} x', "something stands behind"),
        ('{"records":NaN}', "NaN is no JSON"),
        ('{"label":{"a":1,"a":2}}', "'a' stands twice"),
        ("", "ends early"),
    ],
)
def test_damaged_json_is_told(tmp_path, text, why):
    (tmp_path / "ae.json").write_text(text)
    with pytest.raises(UserError, match=why):
        read_dataset_json(tmp_path / "ae.json")


def test_a_line_that_is_no_json_is_told_by_its_number(tmp_path):
    whole = _small()
    whole.pop("rows")
    (tmp_path / "ae.ndjson").write_text(json.dumps(whole) + '\n["x",1]\n["y",\n')
    with pytest.raises(UserError, match="line 3 is no JSON"):
        read_dataset_json(tmp_path / "ae.ndjson")


def test_rows_before_columns_and_decimals_in_text_are_read(tmp_path):
    whole = _small(
        columns=_columns(dataType="decimal", targetDataType="decimal"), rows=[["x", "1.10"], ["", None]]
    )
    turned = dict(reversed(whole.items()))
    (tmp_path / "ae.json").write_text(json.dumps(turned))
    (dataset,) = read_package(tmp_path)
    np.testing.assert_array_equal(dataset.columns["B"], [1.1, np.nan])
    assert dataset.columns["A"].strings() == ["x", ""]


def test_other_json_in_the_folder_is_passed_over(tmp_path, ae):
    (tmp_path / "manifest.json").write_text('{"tool": "x"}')
    (tmp_path / "list.json").write_text("[1]")
    write(tmp_path, ae)
    assert [d.file for d in read_package(tmp_path)] == ["ae.json"]
