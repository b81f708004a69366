"""Findings that a study accepts, changed severities, and an agency's profile, as a user sees them."""

import json

WAIVER = """\
schema: 1
waivers:
  - rule: {rule}
    dataset: {dataset}
    where: {where}
    explanation: The site confirmed the text as it stands; query 41.
    author: data manager
    date: 2024-03-04
    expires: 2024-09-04
    expected: {expected}
"""


def waive(tiny, expected=1, rule="VAL007", dataset="AE", where="'AEDECOD = \"Rash\"'", more=""):
    text = WAIVER.format(expected=expected, rule=rule, dataset=dataset, where=where)
    tiny.write("waivers.yaml", text + more)


def broken(tiny):
    """The third event has no AETERM."""
    tiny.change("ae.csv", "Rash,Rash,Y", ",Rash,Y")


def report(tiny, *args):
    done = tiny.quiet("-o", "json", *args)
    return done.status, json.loads(done.out) if done.out else done.err


def of(rows, rule):
    return [r for r in rows if r["rule"] == rule]


def code_of(tiny):
    """The rule that finds what `broken` broke."""
    _, told = report(tiny)
    (found,) = [f for f in told["findings"] if f["dataset"] == "AE" and f["severity"] == "error"]
    return found["rule"]


def test_a_waived_finding_does_not_count(tiny):
    broken(tiny)
    rule = code_of(tiny)
    waive(tiny, rule=rule)
    status, told = report(tiny)
    assert status == 0
    (found,) = of(told["findings"], rule)
    assert found["status"] == "waived"
    assert found["explanation"].startswith("The site confirmed")
    (use,) = told["waivers"]
    assert (use["matched"], use["expected"], use["state"], use["line"]) == (1, 1, "used", 3)
    assert [r["status"] for r in told["results"] if r["rule"].startswith("WVR")] == [
        *("clean", "clean", "skipped")  # no delivery.yaml, so no day
    ]


def test_one_that_matches_nothing_is_stale(tiny):
    waive(tiny, rule="VAL001")
    status, told = report(tiny)
    (found,) = of(told["findings"], "WVR001")
    assert (found["severity"], found["spec_file"], found["spec_line"]) == ("warning", "waivers.yaml", 3)
    assert status == 0
    assert report(tiny, "--fail-on", "warning")[0] == 1


def test_an_expired_one_waives_nothing(tiny):
    broken(tiny)
    rule = code_of(tiny)
    waive(tiny, rule=rule)
    status, told = report(tiny, "--as-of", "2024-09-05")
    assert status == 1
    assert of(told["findings"], "WVR002")
    assert of(told["findings"], rule)[0]["status"] == "new"
    assert told["options"]["as_of"] == "2024-09-05"
    assert report(tiny, "--as-of", "2024-09-04")[0] == 0
    assert report(tiny, "--as-of", "soon")[0] == 2


def test_the_day_is_that_of_the_delivery_and_never_the_clock(tiny):
    broken(tiny)
    waive(tiny, rule=code_of(tiny))
    _, told = report(tiny)
    assert [r["status"] for r in told["results"] if r["rule"] == "WVR002"] == ["skipped"]
    (tiny.raw / "delivery.yaml").write_text("schema: 1\nextracted: 2024-10-01\n")
    status, told = report(tiny)
    assert status == 1
    assert of(told["findings"], "WVR002")


def test_another_number_than_expected_is_a_finding(tiny):
    broken(tiny)
    rule = code_of(tiny)
    waive(tiny, rule=rule, expected=2)
    status, told = report(tiny)
    assert status == 1
    (found,) = of(told["findings"], "WVR003")
    assert found["message"] == f"the waiver of {rule} matches 1 findings, 2 expected"


def test_a_severity_of_the_study_is_shown_as_changed(tiny):
    broken(tiny)
    rule = code_of(tiny)
    tiny.write("waivers.yaml", f"schema: 1\nseverities: {{{rule}: note}}\n")
    status, told = report(tiny)
    assert status == 0
    assert told["severities"] == [
        {"rule": rule, "was": "error", "now": "note", "by": "waivers.yaml", "findings": 1}
    ]
    assert f"severity changed: {rule} from error to note by waivers.yaml, 1 finding" in tiny.quiet().out


def test_a_reject_is_waived_only_on_purpose(tiny):
    waive(tiny, rule="SUB001", dataset="DM", where="SEX = 'F'")
    tiny.write(
        "waivers.yaml",
        (tiny.study / "waivers.yaml")
        .read_text()
        .replace("rule: SUB001", "rule: SUB002")
        .replace("dataset: DM", "dataset: ''")
        .replace("    where: SEX = 'F'\n", ""),
    )
    status, told = report(tiny, "--profile", "fda")
    assert status == 1
    assert of(told["findings"], "SUB002")[0]["status"] == "new"
    tiny.change("waivers.yaml", "expected: 1", "expected: 1\n    reject: true")
    status, told = report(tiny, "--profile", "fda")
    assert status == 0
    assert of(told["findings"], "SUB002")[0]["status"] == "waived"
    assert told["verdict"] == "COMPLETE"


def test_a_profile_says_what_the_agency_refuses(tiny):
    assert report(tiny)[0] == 0
    status, told = report(tiny, "--profile", "fda")
    assert (status, told["verdict"], told["options"]["profile"]) == (1, "INCOMPLETE", "fda")
    assert [f["rule"] for f in told["findings"] if f["severity"] == "reject"] == ["SUB002"]


def test_all_reports_count_what_is_waived(tiny, tmp_path):
    broken(tiny)
    rule = code_of(tiny)
    waive(tiny, rule=rule)
    page, cases = tmp_path / "r.html", tmp_path / "r.xml"
    done = tiny.quiet("-o", "text", "-o", f"html:{page}", "-o", f"junit:{cases}")
    assert f"waived: {rule} AE, 1 finding of 1 expected: The site confirmed" in done.out
    assert "1 waived" in done.out
    assert "Findings that the study accepts" in page.read_text()
    assert '<property name="waived" value="1"/>' in cases.read_text()
    hidden = tiny.quiet("--no-values", "-o", "text", "-o", "json:" + str(tmp_path / "r.json"))
    assert "site confirmed" not in hidden.out + (tmp_path / "r.json").read_text()
