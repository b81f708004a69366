"""JUnit XML: a test suite per dataset, a test case per rule."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pyarrow.compute as pc
from lxml import etree

from sdtm_mapper.model.finding import SEVERITIES, RuleResult
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.groups import Group, grouped
from sdtm_mapper.report.message import render_message, why
from sdtm_mapper.report.summary import plural
from sdtm_mapper.report.text import origin

_FOREIGN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EXAMPLES = 10
_ALL_DATA = "(delivery)"


def junit(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001 - one signature
    """The run as JUnit XML.

    A rule fails on a dataset where new findings are at or above `--fail-on` (`options`, else error). Findings
    below it, known ones and waived ones stand in `system-out` of a case that passes.
    """
    fail_on = result.options.get("fail_on", "error")
    grave = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on in SEVERITIES else ()
    groups: dict[tuple[str, str], list[tuple[str, Group]]] = {}
    for status in ("new", "known", "waived"):
        for group in grouped(_of_status(result, status), _EXAMPLES, result.rules):
            groups.setdefault((group.dataset, group.rule), []).append((status, group))
    ended = {(r.dataset, r.rule): r for r in result.results}
    suites: dict[str, list[tuple[str, RuleResult | None]]] = {d.name: [] for d in result.datasets}
    for dataset, rule in dict.fromkeys([*ended, *groups]):
        suites.setdefault(dataset, []).append((rule, ended.get((dataset, rule))))
    root = etree.Element("testsuites", name=_xml(result.study))
    for dataset, cases in suites.items():
        suite = etree.SubElement(root, "testsuite", name=_xml(dataset or _ALL_DATA))
        for rule, how in sorted(cases, key=lambda c: c[0]):
            _case(result, suite, dataset, rule, how, groups.get((dataset, rule), []), grave, values)
        _count(suite, [suite])
    _count(root, list(root))
    _properties(result, root)
    xml: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return xml.decode("utf-8")


def _of_status(result: RunResult, status: str) -> Any:
    return result.findings.filter(pc.equal(pc.fill_null(result.findings["status"], "new"), status))


def _case(
    result: RunResult,
    suite: etree._Element,
    dataset: str,
    code: str,
    how: RuleResult | None,
    groups: list[tuple[str, Group]],
    grave: tuple[str, ...],
    values: bool,
) -> None:
    rule = result.rules.get(code)
    name = f"{code} {rule.title}" if rule else code
    case = etree.SubElement(suite, "testcase", classname=_xml(dataset or _ALL_DATA), name=_xml(name))
    if how is not None and how.status == "error":
        etree.SubElement(case, "error", message=_xml(why(how, values=values)), type="error")
    elif failing := [g for s, g in groups if s == "new" and g.severity in grave]:
        total = sum(g.count for g in failing)
        fault = etree.SubElement(case, "failure", message=plural(total, "finding"), type=failing[0].severity)
        fault.text = _xml("\n".join(_lines(result, failing, values)))
    elif how is not None and how.status in ("skipped", "not implemented"):
        etree.SubElement(case, "skipped", message=_xml(why(how, values=values) or how.status))
    if rest := [g for s, g in groups if s != "new" or g.severity not in grave]:
        etree.SubElement(case, "system-out").text = _xml("\n".join(_lines(result, rest, values)))


def _lines(result: RunResult, groups: list[Group], values: bool) -> list[str]:
    out = []
    for group in groups:
        for e in group.examples:
            message = render_message(result.rules.get(group.rule), e.row, values=values)
            many = f" ({e.count:,} times)" if e.count > 1 else ""
            out.append(" ".join(filter(None, (e.row["usubjid"], message + many, origin(e.row)))))
        if rest := group.count - sum(e.count for e in group.examples):
            out.append(f"... {rest:,} more")
    return out


def _count(element: etree._Element, suites: list[etree._Element]) -> None:
    """Set the counts of a suite, or of all suites together."""
    cases = [c for s in suites for c in s]
    element.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(sum(c.find(tag) is not None for c in cases)))


def _properties(result: RunResult, root: etree._Element) -> None:
    """Per suite, how many findings are waived; where none is, nothing is said."""
    waived = Counter(d or _ALL_DATA for d in _of_status(result, "waived")["dataset"].to_pylist())
    changed = sum(s.findings for s in result.severities)
    for suite in root:
        told = {"waived": waived[suite.get("name", "")]}
        if suite is root[0]:
            told["severity changed, all suites"] = changed
        if told := {n: v for n, v in told.items() if v}:
            properties = etree.Element("properties")
            for name, value in told.items():
                etree.SubElement(properties, "property", name=name, value=str(value))
            suite.insert(0, properties)


def _xml(text: str) -> str:
    return _FOREIGN.sub("\ufffd", text)
