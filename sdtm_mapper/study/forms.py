"""sources.yaml to forms: one spec a form, or one a site, each with its overlay merged in."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from sdtm_mapper.model.study import FormSpec, Site, SpecRef, SubjectAliases
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.form_edc import check_edc
from sdtm_mapper.study.form_formats import check_words, date_formats, fitting, text_encoding
from sdtm_mapper.study.overlay import Layer, Layered, merged, not_missed
from sdtm_mapper.study.paths import outside
from sdtm_mapper.study.schema_sources import DELIMITERS, FormModel, SourcesFile
from sdtm_mapper.study.sites import Chains, SiteWords, filled
from sdtm_mapper.study.toolbox import Library
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.yamltext import Doc, Path

_SITED = ("{folder}", "{site}")
_FORM_NAME = re.compile(r"[^\W\d][\w]*")


def read_forms(
    doc: Doc, sites: Mapping[str, Site], chains: Chains, usubjid: str, library: Library, faults: Faults
) -> dict[str, tuple[FormSpec, ...]]:
    """All forms of the file by name; where a form is faulty, what can be said of it is left out."""
    data = doc.data if isinstance(doc.data, dict) else {}
    shallow = {**data, "forms": {}} if isinstance(data.get("forms"), dict) else data
    typed(SourcesFile, shallow, doc, (), faults)
    forms = data.get("forms")
    if not isinstance(forms, dict):
        return {}
    out: dict[str, tuple[FormSpec, ...]] = {}
    for name, base in forms.items():
        reader = _FormReader(name, base, doc, library, usubjid, faults)
        if not _FORM_NAME.fullmatch(name):
            faults.add(
                doc.key(("forms", name)), "SPEC005", f"'{name}' is no form name: letters, digits and _ only"
            )
        out[name] = reader.specs(sites, chains)
    return out


def read_aliases(
    doc: Doc, forms: Mapping[str, tuple[FormSpec, ...]], faults: Faults
) -> SubjectAliases | None:
    """Which form says who subjects were before; its own subject is who they are now."""
    data = doc.data.get("subject_aliases") if isinstance(doc.data, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("form"), str):
        return None
    path: Path = ("subject_aliases",)
    form = data["form"]
    if form not in forms:
        where = doc.at((*path, "form"))
        faults.add(where, "SPEC013", f"subject_aliases: there is no form '{form}'", form, forms)
    elif not all(spec.subject for spec in forms[form]):
        message = f"subject_aliases: form {form} has no `subject`: the identity that its rows are of"
        faults.add(doc.at((*path, "form")), "SPEC011", message)
    names = [data.get(word) or "" for word in ("subject", "site")]
    if not all(isinstance(name, str) for name in names):
        return None
    return SubjectAliases(form, names[0], names[1], doc.key(path))


class _FormReader:
    """One form: its base, and what sites say of it."""

    def __init__(
        self, name: str, base: Any, doc: Doc, library: Library, usubjid: str, faults: Faults
    ) -> None:
        self.name, self.doc, self.library = name, doc, library
        self.usubjid, self.faults = usubjid, faults
        self.base = Layer(doc, ("forms", name), base if isinstance(base, dict) else {}, "form")
        if base is not None and not isinstance(base, dict):
            typed(FormModel, base, doc, self.base.path, faults)
        files = self.base.data.get("files")
        self.placeless = files is None  # it is where a site gives files
        self.sited = isinstance(files, str) and any(p in files for p in _SITED)

    def specs(self, sites: Mapping[str, Site], chains: Chains) -> tuple[FormSpec, ...]:
        """One spec for all, or one a site."""
        if self.sited and not sites:
            self.faults.add(
                self.doc.at((*self.base.path, "files")),
                "SPEC012",
                "{folder} and {site} need `sites` in study.yaml, which has none",
            )
        common = not self.placeless and not (self.sited and sites)
        out = self._spec((self.base,), None) if common else []
        for id, site in sites.items():
            layers = self._layers(chains.get(id, ()), id)
            if layers is not None:
                out += self._spec(layers, site)
        if self.placeless and not out:
            typed(FormModel, self.base.data, self.doc, self.base.path, self.faults, FormModel)
        if not out and not common:
            self._nowhere(bool(sites))
        return tuple(out)

    def _layers(self, chain: tuple[SiteWords, ...], site: str) -> tuple[Layer, ...] | None:
        """All that holds for the form at a site, the lowest first; None where the site does not deliver it."""
        saying = [words for words in chain if self.name in words.forms]
        if saying and saying[-1].forms[self.name] is None:
            if not self.placeless and not self.sited:
                where = saying[-1].doc.key((*saying[-1].path, self.name))
                message = "the form's files are the same for all sites, so no site can leave it out"
                self.faults.add(where, "SPEC012", message)
            return None
        if not saying and not self.placeless and not self.sited:
            return None
        layers = [self.base]
        for words in chain:
            layers += [layer for layer in (words.defaults, words.forms.get(self.name)) if layer]
        if any(layer.data.get("files") is not None for layer in layers[0 if self.sited else 1 :]):
            return tuple(layers)
        if saying:
            words = saying[-1]
            self.faults.add(
                words.doc.key((*words.path, self.name)),
                "SPEC012",
                f"site {site} needs `files` for this form: sources.yaml gives none"
                if self.placeless
                else f"the form's files are the same for all sites; site {site} needs `files` of its own, "
                "or the form's `files` need {folder} or {site}",
            )
        return None

    def _nowhere(self, sites: bool) -> None:
        if any(f.where.file == self.doc.file and f.code == "SPEC012" for f in self.faults.found):
            return  # a consequence
        message = "the key 'files' is missing" + (", and no site's overlay gives it" if sites else "")
        if not self.placeless:
            message = "all sites say `none`: no site delivers this form"
        self.faults.add(self.doc.key(self.base.path), "SPEC004", message)

    def _spec(self, layers: tuple[Layer, ...], site: Site | None) -> list[FormSpec]:
        layers = fitting(layers, self.faults)
        doc: Doc = Layered(self.doc.file, layers=layers)
        words = merged(layers)
        model = typed(FormModel, words, doc, (), self.faults, FormModel)
        if model is None or model.files is None:
            return []
        self._check(model, doc, (), site)
        if site is not None and "{folder}" in model.files and not site.folder:
            self.faults.add(
                doc.at(("files",)), "SPEC012", f"{{folder}} needs the folder of site {site.id} in study.yaml"
            )
        ref = doc.key(())
        return [
            FormSpec(
                name=self.name,
                files=filled(self._named(model.files), site),
                format=model.format,
                encoding=text_encoding(model),
                delimiter=DELIMITERS.get(model.delimiter, model.delimiter),
                quote=model.quote,
                header_row=model.header_row,
                label_row=model.label_row,
                skip_rows=model.skip_rows,
                end_marker=model.end_marker,
                sheet=self._named(model.sheet),
                header_rows=model.header_rows,
                stop_at_blank=model.stop_at_blank,
                catalog=model.catalog,
                decode=model.decode,
                missing=model.missing,
                item_group=self._named(model.item_group),
                form_oid=self._named(model.form_oid),
                items_by=model.items_by,
                instrument=self._named(model.instrument),
                dictionary=model.dictionary,
                gather=model.gather,
                date_parts=model.date_parts,
                deleted=model.deleted,
                delivery=model.delivery,
                order=model.order,
                subject=model.subject.column if model.subject else None,
                subject_pattern=model.subject.pattern if model.subject else None,
                subject_pad=model.subject.pad if model.subject else 0,
                site=site.id if site else None,
                site_column=model.site_column,
                row_key=model.row_key,
                dates=date_formats(model),
                decimal_comma=model.decimal_comma,
                unknown=model.unknown,
                identifiers=model.identifiers,
                rename=model.rename,
                constants=model.constants,
                constants_at={c: _line(doc.key(("constants", c))) for c in model.constants},
                not_submitted=model.not_submitted,
                cutoff=model.cutoff,
                optional=model.optional,
                not_missed=not_missed(layers),
                ref=SpecRef(ref.file, ref.line, ref.column),
            )
        ]

    def _named(self, text: str) -> str:
        """A path or the name of a part with the form's name put in."""
        return text.replace("{form}", self.name).replace("{FORM}", self.name.upper())

    def _check(self, model: FormModel, doc: Doc, path: Path, site: Site | None) -> None:
        add = self.faults.add
        if model.files is not None and (why := outside(model.files)):
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
        for column, reason in model.not_submitted.items():
            if not reason.strip():
                where = doc.key((*path, "not_submitted", column))
                add(where, "SPEC004", f"not_submitted: {column} needs a reason")
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
        for column in model.constants:
            if column in seen:
                self.faults.add(
                    doc.key((*path, "constants", column)),
                    "SPEC017",
                    f"'{column}' is a constant, and '{seen[column]}' is renamed to it",
                )

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


def _line(ref: SpecRef) -> str:
    return f"{ref.file}:{ref.line}"


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
