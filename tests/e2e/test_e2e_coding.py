"""--meddra: a dictionary of the user's codes what the coder's listing lacks; the package says which."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from lxml import etree

from sdtm_mapper.cli import cli
from sdtm_mapper.standards.paths import specs_dir

INVENTED = specs_dir() / "dictionaries" / "invented"
ODM = {"o": "http://www.cdisc.org/ns/odm/v1.3"}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The example, whose coder has left out four terms."""
    folder = tmp_path / "study"
    shutil.copytree(specs_dir() / "studies" / "example", folder)
    listing = folder / "raw" / "coding.csv"
    left_out = ("Hand-foot", "Fatigue", "Nausea", "Pneumonia")
    lines = [x for x in listing.read_text(encoding="utf-8").splitlines() if not x.startswith(left_out)]
    listing.write_text("\n".join(lines) + "\n", encoding="utf-8")
    delivery = folder / "raw" / "delivery.yaml"
    delivery.write_text(
        delivery.read_text(encoding="utf-8").replace("coding.csv: 8", "coding.csv: 4"), encoding="utf-8"
    )
    domain = folder / "domains" / "ae.yaml"
    more = "supplemental:\n  AECODM: {code: AETERM, listing: coding, part: method, label: Method of Coding}\n"
    text = domain.read_text(encoding="utf-8").replace("supplemental:\n", more)
    domain.write_text(text, encoding="utf-8")
    return folder


def call(study: Path, out: Path, *words: object, env: dict[str, str] | None = None, job: str = "run"):
    args = [job, study, "--raw", study / "raw", "--out", out, *words]
    return CliRunner().invoke(cli, [str(a) for a in args], env=env)


def ae(out: Path) -> dict[str, str | None]:
    table = pq.read_table(out / "parquet" / "ae.parquet")
    return dict(zip(table["AETERM"].to_pylist(), table["AEDECOD"].to_pylist(), strict=True))


def test_a_dictionary_codes_the_rest_and_is_in_the_manifest(study, tmp_path):
    out = tmp_path / "out"
    done = call(study, out, "--meddra", INVENTED)
    assert done.exit_code == 0, done.output
    assert "AE.AEDECOD coded in MedDRA 27.1: 6 records by the coder, 5 automatically" in done.output
    assert ae(out)["Hand-foot syndrome"] == "Palmar-plantar erythrodysaesthesia syndrome"
    assert "'Nausea' was coded automatically as Nausea (99000003), Gut disorders: 1 record" in done.output
    manifest = json.loads((out / "manifest.json").read_bytes())
    told = manifest["dictionaries"]["MedDRA"]
    assert told["version"] == "27.1"
    assert {f["name"]: f["sha256"] for f in told["files"]} == {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in INVENTED.glob("*.asc")
    }
    assert str(INVENTED) not in (out / "manifest.json").read_text(encoding="utf-8")
    supp = pq.read_table(out / "parquet" / "suppae.parquet").to_pylist()
    methods = [r["QVAL"] for r in supp if r["QNAM"] == "AECODM"]
    assert (methods.count("CODER"), methods.count("AUTOMATIC")) == (6, 5)


def test_without_it_the_rest_stays_empty_and_is_an_error(study, tmp_path):
    out = tmp_path / "out"
    done = call(study, out)
    assert done.exit_code == 1
    assert "6 records by the coder, 0 automatically, 5 not coded" in done.output
    assert (
        "'Hand-foot syndrome' is not coded in MedDRA 27.1: not in the coder's listing; 2 records"
        in done.output
    )
    assert [t for t, term in ae(out).items() if not term] == [
        "Fatigue",
        "Hand-foot syndrome",
        "Nausea",
        "Pneumonia",
    ]
    assert json.loads((out / "manifest.json").read_bytes())["dictionaries"] is None


def test_the_environment_may_name_it_for_map_too(study, tmp_path):
    out = tmp_path / "out"
    done = call(study, out, env={"SDTM_MAPPER_MEDDRA": str(INVENTED)}, job="map")
    assert done.exit_code == 0, done.output
    assert ae(out)["Pneumonia"] == "Pneumonia"


def test_the_package_never_takes_the_dictionarys_place(study, tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(INVENTED, mine)
    done = call(study, mine, "--meddra", mine)
    assert "the dictionary" in str(done.exception)
    assert (mine / "llt.asc").is_file()


def test_trace_names_the_row_of_the_listing_or_the_dictionary(study, tmp_path):
    out = tmp_path / "out"
    call(study, out, "--meddra", INVENTED, "--no-color", "-q")

    def told(subject: str, seq: int) -> str:
        words = ["trace", str(out), "AE", f"EXAMPLE01-{subject}", "AEDECOD", "--seq", str(seq)]
        return CliRunner().invoke(cli, words).output

    assert "<- coding.csv:3 PT" in told("101-001", 1)
    assert "coded automatically, by the lowest level term of the same name" in told("102-001", 1)
    assert "coding.csv" not in told("102-001", 1)


def test_define_names_dictionary_and_version(study, tmp_path):
    out = tmp_path / "out"
    call(study, out, "--meddra", INVENTED)
    define = etree.parse(out / "sdtm" / "define.xml")
    (found,) = define.xpath("//o:CodeList[@OID='CL.MedDRA']/o:ExternalCodeList", namespaces=ODM)
    assert dict(found.attrib) == {"Dictionary": "MedDRA", "Version": "27.1"}
    for name in ("AEDECOD", "AEBODSYS", "AESOC"):
        (ref,) = define.xpath(f"//o:ItemDef[@OID='IT.AE.{name}']/o:CodeListRef/@CodeListOID", namespaces=ODM)
        assert ref == "CL.MedDRA"


def test_a_study_that_declares_no_version_is_faulty(study, tmp_path):
    path = study / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("MedDRA:", "MEDDRA:"), encoding="utf-8")
    done = call(study, tmp_path / "out", "--meddra", INVENTED)
    told = "SPEC004 dictionaries: the version of MedDRA is missing, in which AE.AEDECOD is coded"
    assert f"{told}. Did you mean 'MEDDRA'?" in str(done.exception)
