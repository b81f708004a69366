"""Specimens, histology, independent readers and deviations: what they name must be there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, OwnRule, at
from validation.own.columns import cell, days, firsts, groups, looked_up, partner
from validation.own.subjects import words
from validation.own.when import before

INDEPENDENT = "INDEPENDENT ASSESSOR"


def no_parent(data: Data) -> Sequence[Issue]:
    """XFM005: RELSPEC names a parent that the subject does not have."""
    spec = data.frame("RELSPEC")
    there = partner([spec["USUBJID"], spec["PARENT"]], [spec["USUBJID"], spec["REFID"]]) >= 0
    return [Issue("RELSPEC", at((spec["PARENT"] != "") & ~there), ("REFID", "PARENT"))]


def histology(data: Data) -> Sequence[Issue]:
    """XFM006: MIREFID is no specimen of the subject, or one whose kind is not tissue; once a specimen."""
    mi, spec = data.frame("MI"), data.frame("RELSPEC")
    place = partner([mi["USUBJID"], mi["MIREFID"]], [spec["USUBJID"], spec["REFID"]])
    named = (mi["MIREFID"] != "").to_numpy()
    one = groups(mi["USUBJID"], mi["MIREFID"])
    lost = firsts(named & (place < 0), one)
    kind = spec["SPEC"].str.upper().to_numpy(object)
    tissue = np.array([any(w in k for w in words(data.current["tissue"])) for k in kind] + [True], np.bool_)
    other = firsts(named & (place >= 0) & ~tissue[place], one)
    return [
        Issue("MI", lost, ("MIREFID",), detail="there is no such specimen"),
        Issue("MI", other, ("MIREFID",), detail=[f"it is {k}" for k in kind[place[other]]]),
    ]


def shipped_early(data: Data) -> Sequence[Issue]:
    """XFM007: a specimen was shipped certainly before it was taken; or taken from its parent before that was."""
    be = data.frame("BE")
    taken = be[be["BEDECOD"].isin(words(data.current["taken"])).to_numpy()]
    own = partner([be["USUBJID"], be["BEREFID"]], [taken["USUBJID"], taken["BEREFID"]])
    when = np.append(taken["BESTDTC"].to_numpy(object), "")
    late = before(be["BESTDTC"], when[own])
    sent = be["BEDECOD"].isin(words(data.current["shipped"])).to_numpy()
    rows = at(late & sent & (own >= 0))
    out = [
        Issue(
            "BE", rows, ("BEREFID", "BEDECOD", "BESTDTC"), expected=list(when[own[rows]]), detail="taken then"
        )
    ]
    if data.has("RELSPEC", "PARENT"):
        spec = data.frame("RELSPEC")
        mine = partner([taken["USUBJID"], taken["BEREFID"]], [spec["USUBJID"], spec["REFID"]])
        parent = pd.Series(np.append(spec["PARENT"].to_numpy(object), "")[mine], index=taken.index)
        source = partner([taken["USUBJID"], parent], [taken["USUBJID"], taken["BEREFID"]])
        early = before(taken["BESTDTC"].to_numpy(object), when[source]) & (source >= 0)
        rows = taken.index[early].to_numpy(np.int64)
        told = list(when[source[early]])
        out.append(
            Issue(
                "BE",
                rows,
                ("BEREFID", "BEDECOD", "BESTDTC"),
                expected=told,
                detail="its parent was taken then",
            )
        )
    return out


def vendor(data: Data) -> Sequence[Issue]:
    """XFM014: an independent reader's record of a day on which the site has no scan; once a subject, reader and day."""
    tr, dm = data.frame("TR"), data.frame("DM")
    reader = (tr["TREVAL"] == INDEPENDENT).to_numpy()
    site = tr[~reader & (tr["TRDTC"] != "").to_numpy()]
    day = tr["TRDTC"].str.slice(0, 10)
    same = partner([tr["USUBJID"], day], [site["USUBJID"], site["TRDTC"].str.slice(0, 10)]) >= 0
    unknown = ~tr["USUBJID"].isin(dm["USUBJID"]).to_numpy()
    one = groups(tr["USUBJID"], cell(tr, "TREVALID"), day)
    full = (day.str.len() == 10).to_numpy()
    out = []
    for mask, why in (
        (reader & unknown, "the site has no such subject"),
        (reader & ~unknown & full & ~same, "the site has no scan on that day"),
    ):
        out.append(Issue("TR", firsts(mask, one), ("TREVAL", "TRDTC"), detail=why))
    return out


def readers_disagree(data: Data) -> Sequence[Issue]:
    """XFM017: overall response of the site and of the accepted reader at one visit."""
    rs = data.frame("RS")
    overall = ((rs["RSTESTCD"] == "OVRLRESP") & (rs["RSSTRESC"] != "")).to_numpy()
    reader = rs[overall & ((rs["RSEVAL"] == INDEPENDENT) & (rs["RSACPTFL"] == "Y")).to_numpy()]
    site = overall & (rs["RSEVAL"] == "INVESTIGATOR").to_numpy()
    at_reader = partner([rs["USUBJID"], rs["VISITNUM"]], [reader["USUBJID"], reader["VISITNUM"]])
    told = np.append(reader["RSSTRESC"].to_numpy(object), "")[at_reader]
    rows = at(site & (at_reader >= 0) & (rs["RSSTRESC"].to_numpy(object) != told))
    return [Issue("RS", rows, ("RSTESTCD", "RSSTRESC"), expected=list(told[rows]))]


def deviation(data: Data) -> Sequence[Issue]:
    """XFM018: a deviation of an unknown subject, or of a day without a visit, planned or not, within `days` days.

    A missed visit counts on the day that it was planned for; one that has no such day may explain any deviation.
    """
    dv, dm, sv = data.frame("DV"), data.frame("DM"), data.frame("SV")
    unknown = ~dv["USUBJID"].isin(dm["USUBJID"]).to_numpy()
    start = pd.Series(days(dm["RFXSTDTC"])[0], index=dm["USUBJID"].astype(object), dtype=np.float64)
    visit = days(sv["SVSTDTC"])[0]
    if "VISITDY" in sv.columns:
        planned = sv["VISITDY"].to_numpy(np.float64)
        planned = looked_up(sv["USUBJID"], start) + np.where(planned > 0, planned - 1, planned)
        visit = np.where(np.isnan(visit), planned, visit)
    seen = pd.DataFrame({"subject": sv["USUBJID"], "visit": visit}).dropna()
    first, last = days(dv["DVSTDTC"])
    asked = pd.DataFrame({"subject": dv["USUBJID"], "first": first, "last": last, "row": np.arange(len(dv))})
    both = asked.merge(seen, on="subject")
    slack = float(data.current["days"])
    near = both[(both["visit"] >= both["first"] - slack) & (both["visit"] <= both["last"] + slack)]
    undated = sv["USUBJID"][((cell(sv, "SVOCCUR") == "N") & np.isnan(visit)).to_numpy()]
    nothing = ~np.isnan(first) & ~np.isin(np.arange(len(dv)), near["row"]) & ~unknown
    nothing &= ~dv["USUBJID"].isin(undated).to_numpy()
    return [
        Issue("DV", at(unknown), ("DVTERM",), detail="the site has no such subject"),
        Issue("DV", at(nothing), ("DVTERM", "DVSTDTC"), detail="no visit near that day"),
    ]


RULES = (
    OwnRule("XFM005", "RELSPEC", {"RELSPEC": ("REFID", "PARENT")}, no_parent),
    OwnRule(
        "XFM006",
        "MI",
        {"MI": ("MIREFID",), "RELSPEC": ("REFID", "SPEC")},
        histology,
        defaults={"tissue": "TISSUE, BIOPSY, TUMOR"},
    ),
    OwnRule(
        "XFM007",
        "BE",
        {"BE": ("BEREFID", "BEDECOD", "BESTDTC")},
        shipped_early,
        also={"RELSPEC": ("REFID", "PARENT")},
        defaults={"taken": "COLLECTING, ALIQUOTING", "shipped": "SHIPPING"},
    ),
    OwnRule("XFM014", "TR", {"TR": ("TREVAL", "TRDTC"), "DM": ()}, vendor, also={"TR": ("TREVALID",)}),
    OwnRule(
        "XFM017",
        "RS",
        {"RS": ("RSTESTCD", "RSSTRESC", "RSEVAL", "RSACPTFL", "VISITNUM")},
        readers_disagree,
    ),
    OwnRule(
        "XFM018",
        "DV",
        {"DV": ("DVTERM", "DVSTDTC"), "DM": ("RFXSTDTC",), "SV": ("SVSTDTC",)},
        deviation,
        also={"SV": ("VISITDY", "SVOCCUR")},
        defaults={"days": "14"},
    ),
)
