"""Dataset-JSON of a whole package: beside XPT, from XPT, and checked."""

from __future__ import annotations

import json
from pathlib import Path

from lxml import etree

from sdtm_mapper.pipeline.run import Options, run_study

ODM = "{http://www.cdisc.org/ns/odm/v1.3}"


def _package(user, out: Path, *also: str) -> Path:
    run_study(user.example_study, user.example_study / "raw", out, Options(also=also), lambda _: None)
    return out


def test_beside_xpt_and_from_xpt_it_says_the_same(user, example: Path, tmp_path: Path) -> None:
    package = _package(user, tmp_path / "p", "dataset-json", "ndjson", "csv")
    done = user.call("convert", example, "--to", "dataset-json", "--out", tmp_path / "json", "-q")
    assert done.status == 0, done.out + done.err
    files = sorted((tmp_path / "json").glob("*.json"))
    names = {f.stem for f in files} - {"manifest"}
    assert names == {f.stem for f in (example / "sdtm").glob("*.xpt")}
    for form in ("ndjson", "csv"):
        assert {f.stem for f in (package / form).iterdir()} == names
    for name in names:
        mine = json.loads((package / "dataset-json" / f"{name}.json").read_bytes())
        other = json.loads((tmp_path / "json" / f"{name}.json").read_bytes())
        assert mine.pop("metaDataRef") == "../sdtm/define.xml"
        assert other.pop("metaDataRef") == "define.xml"
        assert mine == other
    listed = {o["path"] for o in json.loads((package / "manifest.json").read_bytes())["outputs"]}
    assert {f"ndjson/{name}.ndjson" for name in names} <= listed


def test_oids_lengths_and_keys_are_those_of_the_define(user, tmp_path: Path) -> None:
    package = _package(user, tmp_path / "p", "dataset-json")
    define = etree.parse(package / "sdtm" / "define.xml").getroot()
    items = {e.get("OID"): e for e in define.iter(f"{ODM}ItemDef")}
    groups = {e.get("Name"): e for e in define.iter(f"{ODM}ItemGroupDef")}
    for path in (package / "dataset-json").iterdir():
        said = json.loads(path.read_bytes())
        group = groups[said["name"]]
        assert said["itemGroupOID"] == group.get("OID")
        assert said["studyOID"] == define.find(f"{ODM}Study").get("OID")
        refs = group.findall(f"{ODM}ItemRef")
        assert [c["itemOID"] for c in said["columns"]] == [r.get("ItemOID") for r in refs]
        for column, ref in zip(said["columns"], refs, strict=True):
            item = items[column["itemOID"]]
            assert str(column.get("keySequence", "")) == ref.get("KeySequence", "")
            assert column["label"] == item.findtext(f"{ODM}Description/{ODM}TranslatedText")
            if item.get("Length"):
                assert str(column["length"]) == item.get("Length")


def test_there_and_back_is_the_same_package_of_xpt(user, example: Path, tmp_path: Path) -> None:
    for source, to in ((example, "ndjson"), (tmp_path / "ndjson", "xpt")):
        assert user.call("convert", source, "--to", to, "--out", tmp_path / to, "-q").status == 0
    for path in (example / "sdtm").glob("*.xpt"):
        assert (tmp_path / "xpt" / path.name).read_bytes() == path.read_bytes()


def test_validate_reads_it_and_finds_the_same(user, example: Path, tmp_path: Path) -> None:
    user.call("convert", example, "--to", "dataset-json", "--out", tmp_path / "json", "-q")
    ways = [user.call("validate", p, "-q", "-o", "json") for p in (example / "parquet", tmp_path / "json")]
    assert ways[0].status == ways[1].status == 0, ways[1].err
    found = [[(f["rule"], f["dataset"]) for f in json.loads(w.out)["findings"]] for w in ways]
    assert found[0] == found[1]
