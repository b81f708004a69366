"""A delivery's raw files to raw forms: the one entrance, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import RawFile, RawForm, Reading
from sdtm_mapper.model.study import Delivery, FormSpec, Study
from sdtm_mapper.sources.delimited import read_delimited
from sdtm_mapper.sources.excel import read_excel
from sdtm_mapper.sources.expected import against_delivery, same_content
from sdtm_mapper.sources.files import Claim, Folder, claims, list_folder, matching, shown_pattern
from sdtm_mapper.sources.forms import build_form
from sdtm_mapper.sources.odm import read_odm
from sdtm_mapper.sources.parsed import Flaw, Parsed, Part, load
from sdtm_mapper.sources.rave import read_rave
from sdtm_mapper.sources.redcap import read_redcap, read_redcap_eav
from sdtm_mapper.sources.sas import read_sas7bdat, read_xpt
from sdtm_mapper.sources.viedoc import read_viedoc

Reader = Callable[[Path, FormSpec], Parsed]

FORMATS: Mapping[str, Reader] = {
    "csv": read_delimited,
    "excel": read_excel,
    "odm": read_odm,
    "rave": read_rave,
    "redcap": read_redcap,
    "redcap-eav": read_redcap_eav,
    "sas7bdat": read_sas7bdat,
    "viedoc": read_viedoc,
    "xpt": read_xpt,
}


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
    more = _Further()
    for form in study.forms:
        parts = []
        for claim in (c for c in owners.values() if c.form == form):
            file, part, wrong = _read(folder, study, claim, more)
            found += wrong
            if file.path in files:  # a sheet claimed by name and by number
                found.append(_clash(file.path, claim, files[file.path].form or ""))
                continue
            files[file.path] = file
            parts += [part] if part else []
        if parts:
            forms[form], flaws = build_form(form, parts)
            files.update((f.path, f) for f in forms[form].files)  # with the rows that building left out
            found += [_finding(path, spec, flaw) for path, spec, flaw in flaws]
    found += more.unread(files)
    claimed_names = {c.name for c in claimed}
    for name, path in folder.paths.items():
        if name not in claimed_names:
            files[name], wrong = _unclaimed(name, path, _why_ignored(study, name, path in more.beside))
            found += wrong
    ordered = tuple(files[n] for n in sorted(files))
    found += [_finding(f.path, None, flaw) for f, flaw in same_content(ordered)]
    found += [
        _finding(n, None, flaw, delivery.ref.file, delivery.ref.line)
        for n, flaw in against_delivery(delivery, files)
    ]
    return Reading(forms, ordered, all_findings(found))


def _owners(claimed: Sequence[Claim]) -> tuple[dict[tuple[str, str], Claim], list[Any]]:
    """Each file or sheet goes to the first that claims it; every further claim is a finding."""
    owners: dict[tuple[str, str], Claim] = {}
    clashes = []
    for claim in claimed:
        first = owners.setdefault(claim.part, claim)
        if first is not claim:
            clashes.append(_clash(claim.name, claim, _claimant(first)))
    return owners, clashes


def _claimant(claim: Claim) -> str:
    return f"{claim.form}, site {claim.spec.site}" if claim.spec.site else claim.form


def _clash(path: str, claim: Claim, first: str) -> Any:
    return _finding(path, claim.spec, Flaw("SRC020", detail=_claimant(claim), expected=first))


@dataclass
class _Further:
    """What reading showed beside the rows: sheets by file, and files that were needed to read others."""

    sheets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    beside: set[Path] = field(default_factory=set)

    def unread(self, files: Mapping[str, RawFile]) -> list[Any]:
        """Sheets that hold something and that no form reads."""
        return [
            _finding(f"{name}#{sheet}", None, Flaw("SRC030"))
            for name, sheets in sorted(self.sheets.items())
            for sheet in sheets
            if files.keys().isdisjoint((name, *(f"{name}#{s}" for s in (sheet, *sheet.split("/")))))
        ]


def _located(folder: Folder, study: Study, spec: FormSpec) -> FormSpec:
    """The spec with its data dictionary as a file's path; '' of none or several stays what it was."""
    if not spec.dictionary:
        return spec
    site = {s.id: s for s in study.sites}.get(spec.site or "")
    fitting = matching(spec.dictionary, folder.paths, site)
    return replace(spec, dictionary=str(folder.paths[fitting[0]])) if len(fitting) == 1 else spec


def _read(
    folder: Folder, study: Study, claim: Claim, more: _Further
) -> tuple[RawFile, Part | None, list[Any]]:
    spec = claim.spec
    try:
        parsed = FORMATS[spec.format](folder.paths[claim.name], _located(folder, study, spec))
    except OSError as error:
        flaw = Flaw("SRC004", detail=error.strerror or type(error).__name__)
        parsed = Parsed("", 0, flaws=(flaw,))
    more.beside.update(parsed.beside)
    if parsed.sheets:
        more.sheets[claim.name] = parsed.sheets
    file = RawFile(
        path=claim.name if parsed.sheet is None else f"{claim.name}#{parsed.sheet}",
        form=claim.form,
        site=spec.site,
        sha256=parsed.sha256,
        size=parsed.size,
        records=parsed.records,
        readable=parsed.table is not None,
        rejected=parsed.rejected,
        excluded=parsed.excluded,
        sheet=parsed.sheet,
    )
    part = Part(file, spec, parsed.table) if parsed.table is not None else None
    return file, part, [_finding(file.path, spec, flaw) for flaw in parsed.flaws]


def _why_ignored(study: Study, name: str, needed: bool) -> str:
    """Why a file is meant to be in no form; '' where nobody says so."""
    if needed:
        return "read beside other files"
    return next((why for glob, why in study.ignore.items() if matching(glob, [name])), "")


def _unclaimed(name: str, path: Path, ignored: str) -> tuple[RawFile, list[Any]]:
    found = [] if ignored else [_finding(name, None, Flaw("SRC002"))]
    try:
        content, digest = load(path)
    except OSError as error:
        found.append(_finding(name, None, Flaw("SRC004", detail=error.strerror or type(error).__name__)))
        return RawFile(name, None, None, "", 0, 0, readable=False), found
    return RawFile(name, None, None, digest, len(content), 0, ignored=ignored), found


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
