"""A study's folder to a Study: every file read, typed, merged with the guide; all faults at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from sdtm_mapper.model.errors import SpecError, UserError
from sdtm_mapper.model.study import DomainSpec, Site, SpecRef, StandardsPin, Study, Visit
from sdtm_mapper.model.waiver import Waivers
from sdtm_mapper.study.acrf import check_pages, read_acrf
from sdtm_mapper.study.checks import check_coding, check_columns, check_cycles, check_reads
from sdtm_mapper.study.design import (
    check_design,
    check_epoch,
    check_once,
    check_visits,
    plain_visits,
    read_design,
    read_design_file,
)
from sdtm_mapper.study.designed import described
from sdtm_mapper.study.domains import Surroundings, read_domain
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.form_edc import read_ignored
from sdtm_mapper.study.forms import check_template, read_aliases, read_forms
from sdtm_mapper.study.paths import outside
from sdtm_mapper.study.relations import check_relations
from sdtm_mapper.study.schema import StudyFile, StudySalvage, TerminologyFile, TerminologySalvage
from sdtm_mapper.study.schema_design import DesignFile
from sdtm_mapper.study.sites import OVERLAYS, ignored_at_sites, read_sites
from sdtm_mapper.study.terminology import Terms, arm_codelists, read_lists, study_terminology
from sdtm_mapper.study.tests import read_tests
from sdtm_mapper.study.toolbox import GuideLike, Library, TerminologyLike, product_library
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.waivers import read_waivers
from sdtm_mapper.study.yamltext import Doc, read_text

STUDY, SOURCES, TERMINOLOGY, DOMAINS = "study.yaml", "sources.yaml", "terminology.yaml", "domains"
STANDARDS = "standards"
TESTS = "tests.yaml"
DESIGN = "design.yaml"
WAIVERS = "waivers.yaml"
_ANY_USUBJID = "{SUBJID}"

T = TypeVar("T")


def read_study(folder: Path, library: Library | None = None) -> Study:
    """Read and check a study's spec.

    SpecError holds all faults, each with file, line and column (docs/study-check.md has their codes);
    UserError: the folder is not there. Only data can tell whether a plain name is a raw column.
    """
    return _Reader(Path(folder), library or product_library()).study()


class _Reader:
    """The state of one reading."""

    def __init__(self, folder: Path, library: Library) -> None:
        if not folder.is_dir():
            raise UserError(f"{folder}: is not a folder. Name the folder that holds study.yaml.")
        self.folder, self.library, self.faults = folder.resolve(), library, Faults()
        self.files: dict[str, str] = {}

    def study(self) -> Study:
        """All files, in the order in which they need each other."""
        faults = self.faults
        study_doc = self._doc(STUDY)
        head = typed(StudyFile, study_doc.data, study_doc, (), faults, StudySalvage) if study_doc else None
        study_doc = study_doc or Doc(STUDY)
        sites = self._sites(head, study_doc)
        usubjid = head.usubjid if head else _ANY_USUBJID
        if not check_template(usubjid, study_doc.at(("usubjid",)), faults):
            usubjid = _ANY_USUBJID
        sources = self._doc(SOURCES)
        overlays = self._folder(OVERLAYS)
        chains = read_sites(sources, overlays, sites, study_doc, faults) if sources else {}
        forms = read_forms(sources, sites, chains, usubjid, self.library, faults) if sources else {}
        ignored = (
            {**ignored_at_sites(chains, sites, faults), **read_ignored(sources, faults)} if sources else {}
        )
        design_doc = self._doc(DESIGN, optional=True)
        design_file = read_design_file(design_doc, faults) if design_doc else None
        if head and design_doc:
            check_once(design_doc, head, study_doc, faults)
        arms = _arms(head, design_file)
        aliases = read_aliases(sources, forms, faults) if sources else None
        guide, terms = self._standards(head, arms, study_doc)
        terms_doc = self._doc(TERMINOLOGY, optional=True)
        terms_file = (
            typed(TerminologyFile, terms_doc.data, terms_doc, (), faults, TerminologySalvage)
            if terms_doc
            else None
        )
        terms_doc = terms_doc or Doc(TERMINOLOGY)
        if terms_file:
            read_lists(terms_file, terms_doc, terms, faults)
        around = Surroundings(guide, terms, forms, self.library, faults, design_doc is not None)
        domains = self._domains(around)
        by_name = {d.name: d for d in domains}
        terminology = study_terminology(terms_file, terms_doc, terms, by_name, faults)
        design = None
        if design_doc and design_file:
            release = head.standards.terminology if head else ""
            design = read_design(design_file, design_doc, terms, release, faults)
            check_design(design, design_doc, forms, domains, faults)
        design = None
        if design_doc and design_file:
            release = head.standards.terminology if head else ""
            design = read_design(design_file, design_doc, terms, release, faults)
            check_design(design, design_doc, forms, domains, faults)
            domains = described(domains, design)
        visits = self._visits(head, study_doc, terms)
        if design_doc and design:
            check_visits(design.visits, design_doc, faults)
            visits = plain_visits(design)
        if design_doc and design:
            check_visits(design.visits, design_doc, faults)
            visits = plain_visits(design)
        tests_doc = self._doc(TESTS, optional=True)
        tests, units = read_tests(tests_doc, terms, faults) if tests_doc else ((), {})
        if head:
            check_columns(head.not_submitted, study_doc, forms, faults)
            check_coding(domains, head.dictionaries, study_doc.at(("dictionaries",)), faults)
        if guide is not None:
            check_relations(domains, faults)
            check_reads(domains, forms, guide, self.library, faults)
            check_cycles(domains, forms, self.library, faults, design.moments if design else ())
        acrf = read_acrf(head.acrf, self.folder, study_doc, forms, faults) if head and head.acrf else None
        if head:
            check_pages(domains, acrf, faults)
        waivers_doc = self._doc(WAIVERS, optional=True)
        waivers = read_waivers(waivers_doc, domains, faults) if waivers_doc else Waivers()
        self._forget_consequences()
        faults.raise_if_any()
        assert head is not None
        assert guide is not None
        return Study(
            id=head.study,
            title=head.title,
            description=head.description or head.title,
            protocol=head.protocol or head.study,
            standards=StandardsPin(
                head.standards.sdtmig, guide.model_version, head.standards.terminology, head.standards.define
            ),
            usubjid=head.usubjid,
            sites=tuple(sites.values()),
            arms=arms,
            visits=visits,
            epochs=design.epochs if design else head.epochs,
            forms=forms,
            domains=domains,
            terminology=terminology,
            not_submitted=head.not_submitted,
            dictionaries=head.dictionaries,
            tests=tests,
            units=units,
            ignore=ignored,
            aliases=aliases,
            folder=str(self.folder),
            files=dict(sorted(self.files.items())),
            design=design,
            waivers=waivers,
            acrf=acrf,
        )

    def _forget_consequences(self) -> None:
        """A file that cannot be read is one fault; that others miss what it says is none."""
        unread = {f.where.file for f in self.faults.found if f.code in ("SPEC001", "SPEC006")}
        lost: set[str] = set()
        if STUDY in unread:
            lost |= {"SPEC011", "SPEC012", "SPEC040", "SPEC042"}
        if SOURCES in unread:
            lost |= {"SPEC013", "SPEC034"}
        if DESIGN in unread:
            lost |= {"SPEC040", "SPEC042"}
        if any(name.startswith(OVERLAYS) for name in unread):
            lost |= {"SPEC004", "SPEC011", "SPEC012"}
        if DESIGN in unread:
            lost |= {"SPEC040", "SPEC042"}
        if TERMINOLOGY in unread:
            lost |= {"SPEC040", "SPEC042"}
        if any(name.startswith(DOMAINS) for name in unread) or any(
            f.code == "SPEC021" for f in self.faults.found
        ):
            lost |= {"SPEC034", "SPEC036"}
        self.faults.found = [f for f in self.faults.found if f.code not in lost]

    def _doc(self, name: str, optional: bool = False) -> Doc | None:
        """Read one file of the folder; its SHA-256 is kept."""
        path = self.folder / name
        where = SpecRef(name, 1)
        if not path.is_file():
            if not optional or path.exists() or path.is_symlink():
                self.faults.add(where, "SPEC006", f"there is no file {name} in the study's folder")
            return None
        if not path.resolve().is_relative_to(self.folder):
            self.faults.add(
                where, "SPEC006", f"{name} leads out of the study's folder; put the file itself there"
            )
            return None
        try:
            content = path.read_bytes()
        except OSError as error:
            self.faults.add(where, "SPEC006", f"{name} cannot be read ({error.strerror})")
            return None
        self.files[name] = hashlib.sha256(content).hexdigest()
        doc = read_text(name, content, self.faults)
        if doc is not None and not isinstance(doc.data, dict):
            self.faults.add(
                doc.at(), "SPEC005", "a mapping (key: value) is expected, starting with `schema: 1`"
            )
            return None
        return doc

    def _sites(self, head: StudyFile | None, doc: Doc) -> dict[str, Site]:
        if head is None:
            return {}
        for id, site in head.sites.items():
            if site.folder and (why := outside(site.folder)):
                self.faults.add(doc.at(("sites", id, "folder")), "SPEC016", f"folder: {why}")
        return {
            id: Site(id, s.name, s.country, s.folder.rstrip("/"), s.timezone, s.like)
            for id, s in head.sites.items()
        }

    def _standards(
        self, head: StudyFile | None, arms: Mapping[str, str], doc: Doc
    ) -> tuple[GuideLike | None, Terms]:
        if head is None or "standards" not in head.model_fields_set:
            return None, Terms(None, arm_codelists(arms))
        library, pin = self.library, head.standards
        guide = self._release("sdtmig", lambda: library.guide(pin.sdtmig), doc)
        places = (self.folder / STANDARDS,)
        published: TerminologyLike | None = self._release(
            "terminology", lambda: library.terminology(pin.terminology, places), doc
        )
        if pin.define != "2.1":
            where = doc.at(("standards", "define"))
            self.faults.add(where, "SPEC018", f"Define-XML {pin.define} is not written; only 2.1 is")
        return guide, Terms(published, arm_codelists(arms))

    def _release(self, key: str, load: Callable[[], T], doc: Doc) -> T | None:
        try:
            return load()
        except SpecError:
            raise
        except UserError as error:
            message = " ".join(str(error).split())
            self.faults.add(doc.at(("standards", key)), "SPEC018", message)
            return None

    def _folder(self, name: str) -> list[Doc]:
        """The files of a folder in the study's, by name; those that cannot be read are left out."""
        folder = self.folder / name
        names = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        for one in names:
            if one.endswith((".yml", ".YAML", ".YML")):
                message = "only files named *.yaml are read; rename it"
                self.faults.add(SpecRef(f"{name}/{one}", 1), "SPEC006", message)
        wanted = [n for n in names if n.endswith(".yaml") and not n.startswith(".")]
        return [doc for n in wanted if (doc := self._doc(f"{name}/{n}"))]

    def _domains(self, around: Surroundings) -> tuple[DomainSpec, ...]:
        docs = self._folder(DOMAINS)
        if not docs and not any(name.startswith(f"{DOMAINS}/") for name in self.files):
            self.faults.add(SpecRef(DOMAINS, 1), "SPEC006", f"there is no file {DOMAINS}/<domain>.yaml")
        out: dict[str, DomainSpec] = {}
        for doc in docs:
            domain = read_domain(doc, around)
            check = doc.data.get("not_submitted") if isinstance(doc.data, dict) else None
            if domain is not None and isinstance(check, dict):
                check_columns(domain.not_submitted, doc, around.forms, self.faults)
            if domain is None:
                continue
            if domain.name in out:
                message = f"domain {domain.name} stands in {out[domain.name].ref.file} already"
                self.faults.add(domain.ref, "SPEC020", message)
                continue
            out[domain.name] = domain
        return tuple(out[name] for name in sorted(out))

    def _visits(self, head: StudyFile | None, doc: Doc, terms: Terms) -> tuple[Visit, ...]:
        if head is None:
            return ()
        check_visits(head.visits, doc, self.faults)
        for i, epoch in enumerate(head.epochs):
            check_epoch(epoch, doc.at(("epochs", i)), terms, self.faults)
        return tuple(Visit(v.visit, v.number, v.day, v.names) for v in head.visits)


def _arms(head: StudyFile | None, design: DesignFile | None) -> Mapping[str, str]:
    """ARMCD: ARM, from the one file that says them."""
    if design is not None:
        return {code: arm.arm for code, arm in design.arms.items()}
    return head.arms if head else {}


def count_variables(study: Study) -> int:
    """Variables of all domains, supplemental qualifiers included."""
    return sum(len(d.variables) + len(d.supplemental) for d in study.domains)
