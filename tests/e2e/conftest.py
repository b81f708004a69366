"""Running the program as a user does, and a study small enough to break on purpose."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sdtm_mapper.cli import cli
from sdtm_mapper.cli.errors import run_guarded
from sdtm_mapper.standards.paths import specs_dir

EXAMPLE = specs_dir() / "studies" / "example"
PILOT = specs_dir() / "studies" / "cdiscpilot01"

TINY = {
    "study.yaml": """\
schema: 1
study: TINY
title: A study of three subjects
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{STUDYID}-{SUBJID}"
arms: {A: Arm A}
epochs: [TREATMENT]
""",
    "sources.yaml": """\
schema: 1
forms:
  dm: {files: dm.csv, subject: SUBJ, row_key: [SUBJ], identifiers: [NAME]}
  ae: {files: ae.csv, subject: SUBJ, row_key: [SUBJ, NO], dates: {START: yyyy-MM-dd}}
  ex: {files: ex.csv, subject: SUBJ, row_key: [SUBJ, NO], dates: {START: yyyy-MM-dd}}
""",
    "domains/dm.yaml": """\
schema: 1
domain: DM
records: [{from: dm}]
variables:
  SUBJID: auto
  RFSTDTC: {first: EX.EXSTDTC}
  SITEID: {hardcode_no_ct: "01"}
  SEX: SEX
  COUNTRY: {hardcode_no_ct: TWN}
keys: [USUBJID]
""",
    "domains/ae.yaml": """\
schema: 1
domain: AE
records: [{from: ae}]
variables:
  AESEQ: auto
  AETERM: {translate: TERM}
  AEDECOD: CODED
  AESER: SER
  AESTDTC: START
  AESTDY: auto
supplemental:
  AEWHERE: {assign_no_ct: PLACE, label: Place of the Event}
keys: [USUBJID, AEDECOD, AESTDTC, AESEQ]
sort: [USUBJID, AESTDTC]
not_submitted:
  ae.NO: number of the line
""",
    "domains/ex.yaml": """\
schema: 1
domain: EX
records: [{from: ex}]
variables:
  EXSEQ: auto
  EXTRT: TRT
  EXDOSE: DOSE
  EXDOSU: {hardcode_ct: mg}
  EXSTDTC: START
keys: [USUBJID, EXTRT, EXSTDTC]
not_submitted:
  ex.NO: number of the line
""",
}
RAW = {
    "dm.csv": "SUBJ,NAME,SEX\n001,Lin Secretname,F\n002,Chen Secretname,M\n003,Wu Secretname,F\n",
    "ae.csv": (
        "SUBJ,NO,TERM,CODED,SER,START,PLACE\n"
        "001,1,Headache,Headache,N,2024-03-02,Ward\n"
        "001,2,Cough,Cough,N,2024-03-01,\n"
        "002,1,Rash,Rash,Y,2024-03-05,Home\n"
    ),
    "ex.csv": "SUBJ,NO,TRT,DOSE,START\n001,1,PILL,40,2024-03-01\n002,1,PILL,20.5,2024-03-04\n",
}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Tiny:
    """A study's folder and a delivery that a test may change before it runs."""

    study: Path
    raw: Path
    out: Path

    def write(self, name: str, text: str) -> None:
        path = (self.raw if name.endswith(".csv") else self.study) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        path = (self.raw if name.endswith(".csv") else self.study) / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *args: str) -> Done:
        return call("run", self.study, "--raw", self.raw, "--out", self.out, "-q", *args)

    def quiet(self, *args: str) -> Done:
        """Run, and leave out what is wrong with every study as small as this."""
        return self.run("--ignore", "VAL002,DEF", *args)

    def findings(self) -> list[dict[str, object]]:
        return findings(self.out)


def call(*args: object) -> Done:
    """A command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status: object = run_guarded(cli, [str(a) for a in args])
        except SystemExit as stop:
            status = stop.code
    assert isinstance(status, int)
    return Done(status, out.getvalue(), err.getvalue())


def spawn(*args: object, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Done:
    """A command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "sdtm_mapper", *map(str, args)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        env={**os.environ, **(env or {})},
        cwd=cwd,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def findings(package: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(package / "findings.parquet").to_pylist()
    return rows


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


class User:
    """What a user does and sees; a fixture, so that test files need no import of each other."""

    call = staticmethod(call)
    spawn = staticmethod(spawn)
    findings = staticmethod(findings)
    tree = staticmethod(tree)
    example_study = EXAMPLE
    pilot_study = PILOT


@pytest.fixture(scope="session")
def user() -> User:
    return User()


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    made = Tiny(tmp_path / "study", tmp_path / "raw", tmp_path / "out")
    made.raw.mkdir()
    for name, text in {**TINY, **RAW}.items():
        made.write(name, text)
    return made


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the example study. Tests only read it."""
    out = tmp_path_factory.mktemp("example") / "package"
    done = spawn("run", EXAMPLE, "--raw", EXAMPLE / "raw", "--out", out)
    assert done.status == 0, done.err
    return out


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the pilot's data; a test that needs it is skipped where it is absent."""
    place = Path(os.environ.get("SDTM_SHARED") or Path(__file__).resolve().parents[3] / "shared")
    if not (place / "data" / "pharmaverse" / "raw").is_dir():
        pytest.skip("the pilot's raw forms are not here: name their folder with SDTM_SHARED")
    return place / "data" / "pharmaverse"


@pytest.fixture(scope="session")
def pilot(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the pilot study. Tests only read it. Its sites' data have errors: the run ends with 1."""
    out = tmp_path_factory.mktemp("pilot") / "package"
    done = spawn("run", PILOT, "--raw", shared / "raw", "--out", out)
    assert done.status == 1, done.out[-3000:] + done.err
    return out


@pytest.fixture(scope="session")
def copied() -> Callable[[Path, Path], Path]:
    """Copy a folder with its files in the reverse order and other times."""

    def copy(source: Path, target: Path) -> Path:
        for i, path in enumerate(sorted((p for p in source.rglob("*") if p.is_file()), reverse=True)):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            os.utime(place, (1_000_000_000 + i, 1_000_000_000 + i))
        return target

    return copy
