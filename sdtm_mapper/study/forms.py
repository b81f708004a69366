"""sources.yaml to forms: one spec a form, or one a site, each with its overlay merged in."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from sdtm_mapper.model.study import FormSpec, Site, SpecRef
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.form_edc import check_edc
from sdtm_mapper.study.form_formats import check_words, date_formats, text_encoding
from sdtm_mapper.study.library import Library
from sdtm_mapper.study.overlay import Layered, merged
from sdtm_mapper.study.paths import outside
from sdtm_mapper.study.schema import DELIMITERS, FormModel, FormSalvage, SourcesFile
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.yamltext import Doc, Path

_SITED = ("{folder}", "{site}")
_FORM_NAME = re.compile(r"[^\W\d][\w]*")


def read_forms(
    doc: Doc, sites: Mapping[str, Site], usubjid: str, library: Library, faults: Faults
) -> dict[str, tuple[FormSpec, ...]]:
    """All forms of the file by name; where a form is faulty, what can be said of it is left out."""
    data = doc.data if isinstance(doc.data, dict) else {}
    shallow = {**data, "forms": {}} if isinstance(data.get("forms"), dict) else data
    typed(SourcesFile, shallow, doc, (), faults)
    forms = data.get("forms")
    if not isinstance(forms, dict):
        return {}
    overlays = _overlays(data.get("overlays"), forms, sites, doc, faults)
    out: dict[str, tuple[FormSpec, ...]] = {}
    for name, base in forms.items():
        reader = _FormReader(name, base, doc, library, usubjid, faults)
        if not _FORM_NAME.fullmatch(name):
            faults.add(
                doc.key(("forms", name)), "SPEC005", f"'{name}' is no form name: letters, digits and _ only"
            )
        out[name] = reader.specs(sites, overlays.get(name, {}))
    return out


def _overlays(
    data: Any, forms: Mapping[str, Any], sites: Mapping[str, Site], doc: Doc, faults: Faults
) -> dict[str, dict[str, Any]]:
    """What differs, by form and site."""
    out: dict[str, dict[str, Any]] = {}
    for site, by_form in data.items() if isinstance(data, dict) else ():
        if site not in sites:
            where = doc.key(("overlays", site))
            faults.add(where, "SPEC012", f"the site '{site}' is not in study.yaml", site, sites)
        for form, over in by_form.items() if isinstance(by_form, dict) else ():
            if form not in forms:
                where = doc.key(("overlays", site, form))
                faults.add(where, "SPEC013", f"there is no form '{form}'", form, forms)
            elif site in sites and isinstance(over, dict):
                out.setdefault(form, {})[site] = over
    return out


class _FormReader:
    """One form: its base and its overlays."""

    def __init__(
        self, name: str, base: Any, doc: Doc, library: Library, usubjid: str, faults: Faults
    ) -> None:
        self.name, self.base, self.doc, self.library = name, base, doc, library
        self.usubjid, self.faults = usubjid, faults

    def specs(self, sites: Mapping[str, Site], overlays: Mapping[str, Any]) -> tuple[FormSpec, ...]:
        """One spec for all, or one a site."""
        path: Path = ("forms", self.name)
        files = self.base.get("files") if isinstance(self.base, dict) else None
        sited = isinstance(files, str) and any(p in files for p in _SITED)
        if sited and not sites:
            self.faults.add(
                self.doc.at((*path, "files")),
                "SPEC012",
                "{folder} and {site} need `sites` in study.yaml, which has none",
            )
        out: list[FormSpec] = []
        if not sited or not sites:
            model = typed(FormModel, self.base, self.doc, path, self.faults, FormSalvage)
            out += self._spec(model, self.doc, path, None)
        for id, site in sites.items():
            over = overlays.get(id)
            if not sited and over is None:
                continue
            place = Layered(self.doc.file, doc=self.doc, over=("overlays", id, self.name), base=path)
            if not sited and "files" not in (over or {}):
                self.faults.add(
                    self.doc.key(("overlays", id, self.name)),
                    "SPEC012",
                    f"the form's files are the same for all sites; site {id} needs `files` of its own, "
                    "or the form's `files` need {folder} or {site}",
                )
                continue
            model = typed(FormModel, merged(self.base, over), place, (), self.faults, FormSalvage)
            out += self._spec(model, place, (), site)
        return tuple(out)

    def _spec(self, model: FormModel | None, doc: Doc, path: Path, site: Site | None) -> list[FormSpec]:
        if model is None:
            return []
        self._check(model, doc, path, site)
        files = model.files
        if site is not None:
            if "{folder}" in files and not site.folder:
                self.faults.add(
                    doc.at((*path, "files")),
                    "SPEC012",
                    f"{{folder}} needs the folder of site {site.id} in study.yaml",
                )
            files = files.replace("{folder}", site.folder).replace("{site}", site.id)
        ref = SpecRef(doc.file, doc.key(path).line, doc.key(path).column)
        return [
            FormSpec(
                name=self.name,
                files=files,
                format=model.format,
                encoding=text_encoding(model),
                delimiter=DELIMITERS.get(model.delimiter, model.delimiter),
                quote=model.quote,
                header_row=model.header_row,
                label_row=model.label_row,
                skip_rows=model.skip_rows,
                end_marker=model.end_marker,
                sheet=model.sheet,
                header_rows=model.header_rows,
                stop_at_blank=model.stop_at_blank,
                catalog=model.catalog,
                decode=model.decode,
                missing=model.missing,
                item_group=model.item_group,
                form_oid=model.form_oid,
                items_by=model.items_by,
                instrument=model.instrument,
                dictionary=model.dictionary,
                gather=model.gather,
                date_parts=model.date_parts,
                deleted=model.deleted,
                delivery=model.delivery,
                order=model.order,
                subject=model.subject.column if model.subject else None,
                subject_pattern=model.subject.pattern if model.subject else None,
                site=site.id if site else None,
                site_column=model.site_column,
                row_key=model.row_key,
                dates=date_formats(model),
                unknown=model.unknown,
                identifiers=model.identifiers,
                rename=model.rename,
                cutoff=model.cutoff,
                optional=model.optional,
                ref=ref,
            )
        ]

    def _check(self, model: FormModel, doc: Doc, path: Path, site: Site | None) -> None:
        add = self.faults.add
        if why := outside(model.files):
            add(doc.at((*path, "files")), "SPEC016", f"files: {why}")
        try:
            "a".encode(model.encoding)
        except (LookupError, ValueError):
            add(doc.at((*path, "encoding")), "SPEC015", f"there is no text encoding '{model.encoding}'")
        if len(DELIMITERS.get(model.delimiter, model.delimiter)) != 1:
            add(
                doc.at((*path, "delimiter")),
                "SPEC005",
                f"delimiter: '{model.delimiter}' is neither one character nor one of {', '.join(DELIMITERS)}",
                model.delimiter,
                DELIMITERS,
            )
        if len(model.quote) > 1:
            add(doc.at((*path, "quote")), "SPEC005", f"quote: '{model.quote}' is more than one character")
        for row in ("header_row", "label_row"):
            if getattr(model, row) == 0:
                add(doc.at((*path, row)), "SPEC005", f"{row}: records count from 1")
        check_words(model, doc, path, self.faults)
        check_edc(model, doc, path, self.faults)
        for column, formats in model.dates.items():
            for i, fmt in enumerate(formats):
                if why := self.library.check_format(fmt):
                    add(doc.at((*path, "dates", column, i)), "SPEC014", f"{column}: {why}")
        self._rename(model, doc, path)
        if model.subject:
            self._subject(model, doc, path, site)

    def _rename(self, model: FormModel, doc: Doc, path: Path) -> None:
        seen: dict[str, str] = {}
        for delivered, used in model.rename.items():
            if used in seen:
                self.faults.add(
                    doc.at((*path, "rename", delivered)),
                    "SPEC017",
                    f"'{delivered}' and '{seen[used]}' are both renamed to '{used}'",
                )
            seen.setdefault(used, delivered)

    def _subject(self, model: FormModel, doc: Doc, path: Path, site: Site | None) -> None:
        assert model.subject is not None
        groups: set[str] = set()
        if (pattern := model.subject.pattern) is not None:
            try:
                groups = set(re.compile(pattern).groupindex)
            except re.error as error:
                where = doc.at((*path, "subject", "pattern"))
                self.faults.add(where, "SPEC011", f"the pattern is not a regular expression: {error}")
                return
        given = {"STUDYID", "SUBJID", *groups}
        if site is not None or model.site_column:
            given.add("SITEID")
        for name in template_names(self.usubjid):
            if name in given:
                continue
            other = ", and no site (`sites` or `site_column`) gives it" if name == "SITEID" else ""
            self.faults.add(
                doc.at((*path, "subject", "pattern")),
                "SPEC011",
                f"form {self.name}: usubjid needs {{{name}}}, but the subject's pattern has no group "
                f"of that name{other}",
                name,
                groups,
            )


def template_names(template: str) -> tuple[str, ...]:
    """The names in a template's braces; ValueError where the braces do not match."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def check_template(template: str, where: SpecRef, faults: Faults) -> bool:
    """Whether a usubjid template can be used; else a fault."""
    try:
        pieces = [p for p in string.Formatter().parse(template) if p[1] is not None]
    except ValueError as error:
        faults.add(where, "SPEC010", f"usubjid: {error}")
        return False
    if bad := [p for p in pieces if not p[1] or not str(p[1]).isidentifier() or p[2] or p[3]]:
        faults.add(where, "SPEC010", f"usubjid: '{{{bad[0][1]}}}' is not a plain name in braces")
        return False
    if not any(p[1] not in ("STUDYID", "SITEID") for p in pieces):
        faults.add(
            where, "SPEC010", "usubjid: the template needs {SUBJID} or a group of the subject's pattern"
        )
        return False
    return True
