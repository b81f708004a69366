"""The JSON Schema for editors."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.study import json_schema
from sdtm_mapper.study.jsonschema import FILES

STUDIES = Path(__file__).parents[2] / "specs" / "studies"
KINDS = {
    "study.yaml": "study",
    "sources.yaml": "sources",
    "terminology.yaml": "terminology",
    "delivery.yaml": "delivery",
    "tests.yaml": "tests",
    "design.yaml": "design",
    "relrec.yaml": "relations",
}
FOLDERS = {"domains": "domain", "overlays": "overlay"}


def specs():
    for path in sorted(STUDIES.glob("*/**/*.yaml")):
        kind = KINDS.get(path.name) or FOLDERS.get(path.parent.name)
        if kind and path.relative_to(STUDIES).parts[1] in (path.name, *FOLDERS):
            yield path, kind


@pytest.mark.parametrize("kind", [None, *FILES])
def test_it_is_a_valid_schema(kind):
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    named = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)))
    assert named <= set(schema["$defs"])


@pytest.mark.parametrize(("path", "kind"), list(specs()), ids=lambda p: p.name if isinstance(p, Path) else p)
def test_the_products_own_specs_fit_as_an_editor_reads_them(path, kind):
    data = json.loads(json.dumps(YAML(typ="safe", pure=True).load(path), default=str))
    errors = sorted(Draft202012Validator(json_schema(kind)).iter_errors(data), key=str)
    assert [e.json_path + " " + e.message for e in errors] == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("study", {"schema": 1, "study": "S", "title": "T", "standards": {"terminology": "x"}, "titel": "T"}),
        ("study", {"schema": 2, "study": "S", "title": "T", "standards": {"terminology": "x"}}),
        ("sources", {"schema": 1, "forms": {"ae": {"file": "AE.csv"}}}),
        ("overlay", {"schema": 1, "forms": {"ae": "nothing"}}),
        ("overlay", {"schema": 1, "defaults": {"encodnig": "utf-8"}}),
        ("sources", {"schema": 1, "forms": {}, "overlays": {"N01": {"ae": {"encodnig": "utf-8"}}}}),
        (
            "domain",
            {
                "schema": 1,
                "domain": "AE",
                "records": [{"from": "ae"}],
                "keys": ["X"],
                "variables": {"X": {"asign": "Y"}},
            },
        ),
        ("terminology", {"schema": 1, "codelists": {"X": {"label": "L"}}}),
        ("delivery", {"schema": 1, "kind": "final"}),
    ],
)
def test_it_refuses_what_the_reader_refuses(kind, data):
    assert not Draft202012Validator(json_schema(kind)).is_valid(data)


def test_every_verb_and_argument_is_in_it():
    defs = json_schema("domain")["$defs"]
    for name, verb in VERBS.items():
        assert set(defs[f"verb.{name}"]["properties"]) == {*verb.params.model_fields, "if"}
