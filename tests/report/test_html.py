"""The HTML report: what it holds, read as XML would; and in a browser, what a reader does with it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html as parser

from sdtm_mapper.model.domain import FileAccount
from sdtm_mapper.model.finding import Rule, RuleResult, all_findings, findings, no_findings
from sdtm_mapper.model.run import Box, DatasetSummary, FormSummary, Line, Plot, RunResult
from sdtm_mapper.report.drawing import draw
from sdtm_mapper.report.html import MAX_BYTES, html
from sdtm_mapper.report.shown import sections

RULES = {
    "R1": Rule("R1", "No such term", "{values} of {variables} is no {expected}", "error", "site", *"abcde"),
    "R2": Rule("R2", "Odd", "record {record}: {detail}", "warning", "mapping", *"abcde"),
}
EVIL = "<script>document.title='taken'</script>"


def term(n: int, value: str = "gone", site: str = "01", **more: Any) -> Any:
    fields = {
        "dataset": "AE",
        "record": list(range(1, n + 1)),
        "usubjid": [f"S-{i}" for i in range(n)],
        "variables": ("AEOUT",),
        "values": (value,),
        "expected": "OUT",
        "severity": "error",
        "owner": "site",
        "site": site,
        "keys": [f"USUBJID=S-{i}|AEDECOD=Rash" for i in range(n)],
        "raw_file": "N01/AE.csv",
        "raw_record": [i + 57 for i in range(n)],
        "raw_column": "OUTCOME",
        "fingerprint": [f"{site}{value[:4]}{i}".replace("<", "_") for i in range(n)],
        "status": "new",
    }
    return findings("R1", n, **(fields | more))


def odd(**more: Any) -> Any:
    fields = {"dataset": "DM", "record": 1, "severity": "warning", "owner": "mapping", "detail": "x"}
    return findings("R2", 1, **(fields | {"status": "new", "site": "02", "fingerprint": "f00"} | more))


PLOTS = (
    Plot(
        "S-0",
        "Sum of target lesions of S-0",
        "study day",
        "mm",
        ("R1",),
        lines=(Line("INVESTIGATOR", ((-3.0, 100.0), (57.0, 60.0)), main=True),),
        guides=(("baseline −30 %", 70.0), ("nadir +20 %", 72.0)),
    ),
    Plot(
        "ALT",
        "ALT by site",
        "site",
        "U/L",
        ("R2",),
        boxes=(
            Box("01", 9, (5.0, 10.0, 20.0, 30.0, 60.0), (4000.0,)),
            Box("02", 9, (5.0, 10.0, 20.0, 30.0, 60.0)),
        ),
    ),
)


def run(found: Any = None, **more: Any) -> RunResult:
    fields = {
        "study": "STUDY1",
        "delivery": {"snapshot": "n7"},
        "versions": {"sdtm-mapper": "0.1", "SDTMIG": "3.4"},
        "verdict": "INCOMPLETE",
        "datasets": (DatasetSummary("AE", "Adverse Events", 3, 20, withheld="too long"),),
        "files": (FileAccount("N01/AE.csv", "ae", 4, 3, 0, 0),),
        "findings": all_findings([term(3), odd()]) if found is None else found,
        "results": (
            RuleResult("R1", "AE", "issues", 3, 3),
            RuleResult("R3", "AE", "skipped", missing=("codelist C1",)),
            RuleResult("R4", "AE", "error", reason="ValueError: 'Chen'"),
            RuleResult("R5", "AE", "not implemented", reason="operator within"),
        ),
        "rules": RULES,
        "plots": PLOTS,
        "forms": (FormSummary("ae", 9, 100, 70, 25, (("operational", 25),)),),
    }
    return RunResult(**(fields | more))


def page(result: RunResult, **more: Any) -> Any:
    return parser.document_fromstring(html(result, **more))


def words(node: Any) -> str:
    return re.sub(r" (?=[,:;])", "", " ".join(" ".join(node.itertext()).split()))


def test_verdict_and_versions_come_first_then_what_was_not_checked() -> None:
    root = page(run())
    assert [s.get("id") for s in root.xpath("//main/section")] == [
        *("not-checked", "by-rule", "by-dataset", "by-site", "findings", "plots", "rows", "rules")
    ]
    assert words(root.xpath("//h1")[0]) == "INCOMPLETE STUDY1"
    assert [words(tr) for tr in root.xpath("//section[@id='not-checked']//tbody/tr")] == [
        "in error R4 AE ValueError: 'Chen'",
        "not implemented R5 AE operator within",
        "not checked R3 AE codelist C1",
    ]


def test_findings_by_rule_dataset_and_site() -> None:
    root = page(run())
    by = {s.get("id"): [words(tr) for tr in s.xpath(".//tbody/tr")] for s in root.xpath("//main/section")}
    assert by["by-rule"] == ["R1 error No such term site AE 3", "R2 warning Odd mapping DM 1"]
    assert by["by-dataset"] == [
        "AE Adverse Events 3 20 0 3 0 0 withheld: too long",
        "DM not written 0 0 1 0",
    ]
    assert by["by-site"] == ["01 0 3 0 0 R1 3", "02 0 0 1 0 R2 1"]
    assert words(root.get_element_by_id("finding-01gone0")) == (
        "S-0 site 01 AE #1 AEDECOD=Rash gone of AEOUT is no OUT from N01/AE.csv:57 (OUTCOME) new"
    )


def test_rows_and_columns_are_accounted_for() -> None:
    told = [words(tr) for tr in page(run()).xpath("//section[@id='rows']//tbody/tr")]
    assert told == [
        "N01/AE.csv ae 4 3 0 0 NOT BALANCED by +1",
        "ae 9 100 70 25 25.0 % 5 operational (25)",
    ]


def test_every_link_leads_somewhere_in_the_page_and_nothing_is_fetched() -> None:
    text = html(run(beside=("full.xlsx",)))
    root = parser.document_fromstring(text)
    ids = [e.get("id") for e in root.xpath("//*[@id]")]
    assert len(ids) == len(set(ids))
    links = [a.get("href") for a in root.xpath("//a")]
    assert [x for x in links if x[1:] not in ids and not x.startswith("#filter:")] == ["full.xlsx"]
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    assert not root.xpath("//*[@src] | //link | //iframe | //*[@onclick]")


def test_tables_have_headers_and_headings_follow_each_other() -> None:
    root = page(run())
    for table in root.xpath("//table"):
        assert table.xpath("./thead/tr/th[@scope='col']")
        across = len(table.xpath("./thead/tr/th"))
        for tr in table.xpath("./tbody/tr"):
            assert sum(int(c.get("colspan", 1)) for c in tr) == across
    levels = [int(h.tag[1]) for h in root.xpath("//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert all(svg.get("aria-label") for svg in root.xpath("//svg"))
    assert root.get("lang") == "en"


def test_markup_in_a_raw_cell_stays_text() -> None:
    found = term(1, EVIL, usubjid=EVIL, raw_file=EVIL, site=EVIL, explanation=EVIL, dataset=EVIL)
    text = html(run(found))
    assert "<script>document" not in text
    root = parser.document_fromstring(text)
    assert len(root.xpath("//script")) == 1
    assert EVIL in root.xpath("//details[@id='rule-R1']//tbody/tr")[0].text_content()


def test_without_values_neither_values_nor_plots_show() -> None:
    found = all_findings([term(3, "Nowhere", detail="Chen"), odd(detail="Chen", explanation="Chen")])
    text = html(run(found), values=False)
    assert not any(secret in text for secret in ("Nowhere", "Chen", "Rash", "4,000", "4000"))
    assert "S-0" in text


@pytest.mark.parametrize("kinds", [1, 5000, 100_000])
def test_page_stays_small_and_says_what_it_leaves_out(kinds: int) -> None:
    n = 100_000
    values = [f"value {i % kinds} of some length, as raw cells are, and a bit more" for i in range(n)]
    found = term(n, fingerprint=[f"{i:032x}" for i in range(n)], values=(values,))
    text = html(run(found))
    assert len(text.encode()) < MAX_BYTES
    root = parser.document_fromstring(text)
    rows = root.xpath("//details[@id='rule-R1']//tbody/tr")
    assert f"Showing {len(rows):,} rows for 100,000 findings." in words(root.get_element_by_id("findings"))
    assert 1 <= len(rows) <= 1000
    if kinds == 1:
        assert "100,000 times, this is the first" in words(rows[0])


def test_long_texts_cannot_blow_the_page_up() -> None:
    found = all_findings(
        [
            term(60, "x" * 5000, dataset=f"D{i}", fingerprint=[f"{i}-{j}" for j in range(60)])
            for i in range(80)
        ]
    )
    assert len(html(run(found)).encode()) < MAX_BYTES


def test_each_rule_dataset_and_status_has_its_share_of_the_rows() -> None:
    found = all_findings(
        [
            term(5000, values=([f"v{i}" for i in range(5000)],)),
            term(4, dataset="DM"),
            term(2, status="known", dataset="DM"),
            odd(),
        ]
    )
    one, two = sections(found, RULES, 100)
    assert (one.rule, one.count, one.datasets, one.statuses) == (
        "R1",
        5006,
        ("AE", "DM"),
        {"new": 5004, "known": 2},
    )
    assert sorted(e.row["dataset"] for e in one.examples) == ["AE"] * 50 + ["DM"] * 6
    assert (two.rule, len(two.examples)) == ("R2", 1)


def test_nothing_found() -> None:
    root = page(run(no_findings(), results=(), plots=(), forms=(), files=()))
    assert "Nothing was found." in words(root)
    assert "Every rule that applies was run to its end." in words(root)


def test_a_plot_holds_its_numbers_as_a_table_too() -> None:
    lesions, labs = (draw(p) for p in PLOTS)
    assert lesions.rows == (("INVESTIGATOR", "-3", "100"), ("INVESTIGATOR", "57", "60"))
    assert labs.rows[0] == ("01", "9", "5", "10", "20", "30", "60", "4000")
    dots = [s for s in lesions.shapes if s.kind == "dot"]
    assert dots[0].x < dots[1].x
    assert dots[0].y < dots[1].y  # 100 stands above 60
    names = [s.y for s in lesions.shapes if s.text in ("baseline −30 %", "nadir +20 %")]
    assert abs(names[0] - names[1]) >= 13  # neither hides the other
    assert {s.text for s in labs.shapes if s.kind == "word"} >= {"10", "100", "1000"}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    found = all_findings([term(3), term(2, EVIL, site="02"), odd()])
    file.write_text(html(run(found)), encoding="utf-8")
    return file


def shown(browser: Any) -> list[str]:
    return browser.eval(
        "[...document.querySelectorAll('details.rule tbody tr')].filter(r => r.checkVisibility()).map(r => r.id)"
    )


def test_search_filter_and_clear(browser: Any, report: Path) -> None:
    browser.open(report)
    assert browser.requests == [report.as_uri()]
    assert len(shown(browser)) == 6
    browser.eval("document.querySelector('input[name=q]').focus()")
    browser.call("Input.insertText", text="s-1 GONE")
    assert shown(browser) == ["finding-01gone1"]
    assert browser.eval("document.querySelector('output').textContent") == "1 of 6 rows"
    assert browser.eval("location.hash") == "#filter:q=s-1+GONE"
    browser.eval("document.querySelector('button[type=reset]').click()")
    assert len(browser.eval("new Promise(d => setTimeout(d, 50))") or shown(browser)) == 6
    browser.eval(
        "(s => {s.value = '=02'; s.dispatchEvent(new Event('input', {bubbles: true}))})"
        "(document.querySelector('select[name=site]'))"
    )
    assert shown(browser) == ["finding-02_scr0", "finding-02_scr1", "finding-f00"]
    assert browser.eval("location.hash") == "#filter:site=02"


def test_a_link_to_a_filter_or_a_finding_is_followed(browser: Any, report: Path) -> None:
    browser.open(report, "filter:severity=warning")
    assert shown(browser) == ["finding-f00"]
    browser.open(report, "finding-02_scr1")
    seen = "document.getElementById('finding-02_scr1').getBoundingClientRect()"
    assert browser.eval(f"({seen}).top >= 0 && ({seen}).bottom <= innerHeight")
    browser.eval("document.getElementById('rule-R1').open = false; location.hash = 'rule-R1'")
    browser.eval("new Promise(d => setTimeout(d, 50))")
    assert browser.eval("document.getElementById('rule-R1').open")


def test_a_cell_with_markup_runs_nothing(browser: Any, report: Path) -> None:
    browser.open(report)
    assert browser.eval("document.title") == "INCOMPLETE: STUDY1"
    assert EVIL in browser.eval("document.getElementById('finding-02_scr0').textContent")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser: Any, report: Path, theme: str) -> None:
    browser.media(prefers_color_scheme=theme)
    browser.open(report)
    worst = browser.eval("""(() => {
      const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126*r + .7152*g + .0722*b; };
      const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255,255,255)'; };
      return Math.min(...[...document.querySelectorAll('main *, header *')]
        .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
          && e.namespaceURI.endsWith('xhtml'))
        .map(e => { const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
          return (a + .05) / (b + .05); })); })()""")
    browser.media(prefers_color_scheme="light")
    assert worst >= 4.5  # WCAG 2.1, 1.4.3


def test_all_can_be_read_without_scripts_and_on_paper(browser: Any, report: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(report)
    assert browser.eval("document.getElementById('filter').hidden")
    assert len(shown(browser)) == 6
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    browser.open(report)
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.eval("getComputedStyle(document.getElementById('filter')).display") == "none"
    assert len(shown(browser)) == 6
    browser.call("Emulation.setEmulatedMedia", media="")
