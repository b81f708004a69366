"""A delivery's raw files to raw forms: the one entrance, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import RawFile, RawForm, Reading
from sdtm_mapper.model.study import Delivery, FormSpec, Study
from sdtm_mapper.sources.delimited import read_delimited
from sdtm_mapper.sources.expected import against_delivery, same_content
from sdtm_mapper.sources.files import Claim, Folder, claims, list_folder, shown_pattern
from sdtm_mapper.sources.forms import Part, build_form
from sdtm_mapper.sources.parsed import Flaw, Parsed, load

Reader = Callable[[Path, FormSpec], Parsed]

FORMATS: Mapping[str, Reader] = {"csv": read_delimited}


def read_delivery(study: Study, raw: Path, delivery: Delivery) -> Reading:
    """Read all files of a delivery; what is wrong with one never hides the others."""
    folder = list_folder(raw)
    claimed, without = claims(study, folder.paths)
    found: list[Any] = [_absent(study, form, spec, folder) for form, spec in without]
    found += [_finding(name, None, Flaw("SRC025")) for name in folder.outside]
    owners, clashes = _owners(claimed)
    found += clashes
    files: dict[str, RawFile] = {}
    forms: dict[str, RawForm] = {}
    for form in study.forms:
        parts = []
        for claim in (c for c in owners.values() if c.form == form):
            file, part, wrong = _read(folder.paths[claim.name], claim)
            files[claim.name] = file
            found += wrong
            parts += [part] if part else []
        if parts:
            forms[form], flaws = build_form(form, parts)
            found += [_finding(path, spec, flaw) for path, spec, flaw in flaws]
    for name, path in folder.paths.items():
        if name not in files:
            files[name], wrong = _unclaimed(name, path)
            found += wrong
    ordered = tuple(files[n] for n in sorted(files))
    found += [_finding(f.path, None, flaw) for f, flaw in same_content(ordered)]
    found += [
        _finding(n, None, flaw, delivery.ref.file, delivery.ref.line)
        for n, flaw in against_delivery(delivery, files)
    ]
    return Reading(forms, ordered, all_findings(found))


def _owners(claimed: Sequence[Claim]) -> tuple[dict[str, Claim], list[Any]]:
    """Each file goes to the first that claims it; every further claim is a finding."""
    owners: dict[str, Claim] = {}
    clashes = []
    for claim in claimed:
        first = owners.setdefault(claim.name, claim)
        if first is not claim:
            names = [f"{c.form}, site {c.spec.site}" if c.spec.site else c.form for c in (first, claim)]
            flaw = Flaw("SRC020", detail=names[1], expected=names[0])
            clashes.append(_finding(claim.name, claim.spec, flaw))
    return owners, clashes


def _read(path: Path, claim: Claim) -> tuple[RawFile, Part | None, list[Any]]:
    spec = claim.spec
    try:
        parsed = FORMATS[spec.format](path, spec)
    except OSError as error:
        flaw = Flaw("SRC004", detail=error.strerror or type(error).__name__)
        parsed = Parsed("", 0, flaws=(flaw,))
    file = RawFile(
        path=claim.name,
        form=claim.form,
        site=spec.site,
        sha256=parsed.sha256,
        size=parsed.size,
        records=parsed.records,
        readable=parsed.table is not None,
        rejected=parsed.rejected,
    )
    part = Part(file, spec, parsed.table) if parsed.table is not None else None
    return file, part, [_finding(claim.name, spec, flaw) for flaw in parsed.flaws]


def _unclaimed(name: str, path: Path) -> tuple[RawFile, list[Any]]:
    found = [_finding(name, None, Flaw("SRC002"))]
    try:
        content, digest = load(path)
    except OSError as error:
        found.append(_finding(name, None, Flaw("SRC004", detail=error.strerror or type(error).__name__)))
        return RawFile(name, None, None, "", 0, 0, readable=False), found
    return RawFile(name, None, None, digest, len(content), 0), found


def _absent(study: Study, form: str, spec: FormSpec, folder: Folder) -> Any:
    pattern = shown_pattern(spec, study.sites)
    alike = next((n for n in folder.paths if n.casefold() == pattern.casefold()), None)
    hint = f"; there is {alike}, which differs in case" if alike else ""
    return _finding(pattern, spec, Flaw("SRC001", detail=f"{form}{hint}"))


def _finding(
    path: str, spec: FormSpec | None, flaw: Flaw, spec_file: str | None = None, spec_line: int | None = None
) -> Any:
    return findings(
        flaw.rule,
        raw_file=path,
        raw_record=flaw.record,
        raw_column=flaw.column,
        detail=flaw.detail,
        expected=flaw.expected,
        variables=flaw.variables,
        values=flaw.values,
        site=spec.site if spec else None,
        spec_file=spec.ref.file if spec else spec_file,
        spec_line=spec.ref.line if spec else spec_line,
    )
