"""The truth of datasets about subjects and events: a person's records before --SEQ, --DY and EPOCH are put in."""

from __future__ import annotations

from collections.abc import Mapping

from sdtm_mapper.demo.collected import Value
from sdtm_mapper.demo.truth_base import UNSCHEDULED, Cells, Key, Person, Visits, iso

RANK = ("DRUG WITHDRAWN", "DRUG INTERRUPTED", "DOSE REDUCED", "DOSE NOT CHANGED", "NOT APPLICABLE")
CRITERIA = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE")
PRIOR = "PRIOR ANTI-CANCER THERAPY"
CODED = {
    "LLT": "LLT",
    "LLTCD": "LLTCD",
    "DECOD": "PT",
    "PTCD": "PTCD",
    "HLT": "HLT",
    "HLTCD": "HLTCD",
    "HLGT": "HLGT",
    "HLGTCD": "HLGTCD",
    "BODSYS": "SOC",
    "BDSYCD": "SOCCD",
    "SOC": "SOC",
    "SOCCD": "SOCCD",
}


def text(values: Mapping[str, Value], name: str) -> str:
    """An answer as text; empty where it was not given."""
    found = values.get(name, "")
    return found if isinstance(found, str) else iso(found)


def _last_screening(person: Person) -> Key:
    """The key of the last screening: of a person who only moved, the first key."""
    filled = [key for key in person.keys if person.of("subject", key)]
    return filled[-1]


def consents(person: Person) -> list[str]:
    """Dates of main consents, the earliest first."""
    return sorted(
        iso(v["CONDAT"]) for v in person.of("consent") if v["CONTYPE"] == "MAIN" and v["CONYN"] == "Y"
    )


def doses(person: Person) -> list[Mapping[str, Value]]:
    """The intervals with a dose, in order of time."""
    taken = [v for v in person.of("ex") if float(text(v, "EXDOSE")) > 0]
    return sorted(taken, key=lambda v: iso(v["EXSTDAT"], v.get("EXSTTIM")))


def dm(person: Person) -> Cells:
    """DM but for RFPENDTC and DMDY, with the qualifiers ELIGYN, ETHNOR, SCRNO and PRVSUBJ."""
    key = _last_screening(person)
    own = person.of("subject", key)[0]
    registered = any(text(v, "REGYN") == "Y" for v in person.of("enrol", key))
    taken = doses(person)
    start = iso(taken[0]["EXSTDAT"], taken[0].get("EXSTTIM")) if taken else ""
    end = iso(taken[-1].get("EXENDAT")) if taken else ""
    died = next((iso(v["DTHDAT"]) for v in person.of("death")), "")
    older = person.keys[:-1]
    row: Cells = {
        "USUBJID": person.usubjid,
        "SUBJID": f"{key[1]:03d}",
        "SITEID": key[0],
        "RFSTDTC": start,
        "RFENDTC": end,
        "RFXSTDTC": start,
        "RFXENDTC": end,
        "RFICDTC": next(iter(consents(person)), ""),
        "DTHDTC": died,
        "DTHFL": "Y" if died else "",
        "BRTHDTC": text(own, "BRTHDAT"),
        "AGE": text(own, "AGE"),
        "AGEU": "YEARS",
        "SEX": text(own, "SEX"),
        "RACE": text(own, "RACE"),
        "COUNTRY": "TWN",
        "DMDTC": text(own, "DMDAT"),
        "ETHNOR": text(own, "ETHNOR"),
        "SCRNO": text(own, "SCRNO"),
        "ELIGYN": next((text(v, "ELIGYN") for v in person.of("enrol", key)), ""),
        "PRVSUBJ": "; ".join(f"{s}-{n:03d}" for s, n in older),
        **_arm(registered, bool(start), [text(v, "NOREG") for v in person.of("enrol", key)]),
    }
    return row


def _arm(registered: bool, dosed: bool, reasons: list[str]) -> Cells:
    cells: Cells = {}
    if registered:
        cells |= {"ARMCD": "CABO", "ARM": "Cabozantinib"}
    if registered and dosed:
        return cells | {"ACTARMCD": "CABO", "ACTARM": "Cabozantinib"}
    if registered:
        return cells | {"ARMNRS": "ASSIGNED, NOT TREATED"}
    return cells | {"ARMNRS": "SCREEN FAILURE" if "SCREEN FAILURE" in reasons else "NOT ASSIGNED"}


def ds(person: Person) -> list[Cells]:
    """DS: consents, registration, end of treatment, end of participation."""
    rows: list[Cells] = []

    def add(term: str, word: str, category: str, when: str, **more: str) -> None:
        rows.append(
            {
                "USUBJID": person.usubjid,
                "DSTERM": word,
                "DSDECOD": term,
                "DSCAT": category,
                "DSSTDTC": when,
                **more,
            }
        )

    activity = " FOR PROTOCOL-SPECIFIED ACTIVITY"
    for v in person.of("consent"):
        marker = v["CONTYPE"] == "BIOMARKER"
        given = "OBTAINED" if v["CONYN"] == "Y" else "DECLINED"
        term = f"INFORMED CONSENT {given}{activity if marker else ''}"
        add(term, term, "PROTOCOL MILESTONE", text(v, "CONDAT"), PROTVERS=text(v, "CONVERS"))
    for v in person.of("enrol"):
        if text(v, "REGYN") == "Y":
            add("ENTERED INTO TRIAL", "ENTERED INTO TRIAL", "PROTOCOL MILESTONE", text(v, "REGDAT"))
    for form, scope in (("eot", "STUDY TREATMENT"), ("eos", "STUDY PARTICIPATION")):
        for v in person.of(form):
            term, detail = text(v, f"{form.upper()}REAS"), text(v, f"{form.upper()}SPEC")
            word = detail or term
            add(term, word, "DISPOSITION EVENT", text(v, f"{form.upper()}DAT"), DSSCAT=scope)
    return rows


def ex(person: Person) -> list[Cells]:
    """EX: every interval, also those without a dose."""
    return [
        {
            "USUBJID": person.usubjid,
            "EXSPID": text(v, "EXNO"),
            "EXTRT": "CABOZANTINIB",
            "EXDOSE": text(v, "EXDOSE"),
            "EXDOSU": "mg",
            "EXDOSFRM": "TABLET, FILM COATED",
            "EXDOSFRQ": "QD",
            "EXROUTE": "ORAL",
            "EXADJ": text(v, "EXADJ"),
            "EXSTDTC": iso(v["EXSTDAT"], v.get("EXSTTIM")),
            "EXENDTC": text(v, "EXENDAT"),
        }
        for v in person.of("ex")
    ]


def ae(person: Person, coding: Mapping[str, Mapping[str, str]], cutoff: str) -> list[Cells]:
    """AE: a record a line, coded by the coder's listing."""
    rows = []
    for v in person.of("ae"):
        answers = sorted(text(v, "AEACN").split(";"), key=RANK.index) if text(v, "AEACN") else [""]
        term, ongoing = text(v, "AETERM"), text(v, "AEONGO") == "Y"
        rows.append(
            {
                "USUBJID": person.usubjid,
                "AEGRPID": text(v, "AEGRP"),
                "AESPID": text(v, "AENO"),
                "AETERM": term,
                **{f"AE{name}": coding[term][column] for name, column in CODED.items()},
                "AESER": text(v, "AESER"),
                **{name: text(v, name) for name in CRITERIA},
                "AEREL": text(v, "AEREL"),
                "AEACN": answers[0],
                "AEACN2": answers[1] if len(answers) > 1 else "",
                "AEOUT": text(v, "AEOUT"),
                "AETOXGR": text(v, "AEGR"),
                "AESTDTC": text(v, "AESTDAT"),
                "AEENDTC": text(v, "AEENDAT"),
                "AEENRTPT": "ONGOING" if ongoing else "",
                "AEENTPT": cutoff if ongoing else "",
                "AESI": text(v, "AESI"),
            }
        )
    return rows


def mh(person: Person, coding: Mapping[str, Mapping[str, str]]) -> list[Cells]:
    """MH, coded like AE; MHENTPT is the date of the main consent."""
    asked = next(iter(consents(person)), "")
    return [
        {
            "USUBJID": person.usubjid,
            "MHSPID": text(v, "MHNO"),
            "MHTERM": text(v, "MHTERM"),
            "MHDECOD": coding[text(v, "MHTERM")]["PT"],
            "MHEVDTYP": "DIAGNOSIS" if v["MHCAT"] == "PRIMARY DIAGNOSIS" else "",
            "MHCAT": text(v, "MHCAT"),
            "MHBODSYS": coding[text(v, "MHTERM")]["SOC"],
            "MHSTDTC": text(v, "MHSTDAT"),
            "MHENDTC": text(v, "MHENDAT"),
            "MHENRTPT": "ONGOING" if text(v, "MHONGO") == "Y" else "",
            "MHENTPT": asked if text(v, "MHONGO") == "Y" else "",
        }
        for v in person.of("mh")
    ]


def cm(person: Person, coding: Mapping[str, Mapping[str, str]], cutoff: str) -> list[Cells]:
    """CM: concomitant medication and the systemic therapy before."""
    rows: list[Cells] = []
    for v in person.of("cm"):
        ongoing = text(v, "CMONGO") == "Y"
        rows.append(
            {
                "CMSPID": text(v, "CMNO"),
                "CMTRT": text(v, "CMTRT"),
                "CMCAT": "CONCOMITANT MEDICATION",
                "CMINDC": text(v, "CMINDC"),
                "CMDOSE": text(v, "CMDOSE"),
                "CMDOSU": text(v, "CMDOSU"),
                "CMDOSFRQ": text(v, "CMFRQ"),
                "CMROUTE": text(v, "CMROUTE"),
                "CMSTDTC": text(v, "CMSTDAT"),
                "CMENDTC": text(v, "CMENDAT"),
                "CMENRTPT": "ONGOING" if ongoing else "",
                "CMENTPT": cutoff if ongoing else "",
            }
        )
    for v in person.of("prior"):
        if v["PTTYPE"] == "SYSTEMIC":
            rows.append(
                {
                    "CMSPID": "P" + text(v, "PTNO"),
                    "CMTRT": text(v, "PTTRT"),
                    "CMCAT": PRIOR,
                    "CMRSDISC": text(v, "PTREAS"),
                    "CMSTDTC": text(v, "PTSTDAT"),
                    "CMENDTC": text(v, "PTENDAT"),
                }
            )
    for row in rows:
        found = coding[row["CMTRT"]]
        row |= {
            "USUBJID": person.usubjid,
            "CMDECOD": found["DECOD"],
            "CMCLAS": found["CLAS"],
            "CMCLASCD": found["CLASCD"],
        }
    return rows


def pr(person: Person) -> list[Cells]:
    """PR: procedures on study, and the local therapy before."""
    rows = [
        {
            "USUBJID": person.usubjid,
            "PRSPID": text(v, "PRNO"),
            "PRTRT": text(v, "PRTRT"),
            "PRDECOD": text(v, "PRTRT"),
            "PRCAT": "ON-STUDY PROCEDURE",
            "PRINDC": text(v, "PRINDC"),
            "PRSTDTC": text(v, "PRSTDAT"),
        }
        for v in person.of("pr")
    ]
    return rows + [
        {
            "USUBJID": person.usubjid,
            "PRSPID": "P" + text(v, "PTNO"),
            "PRTRT": text(v, "PTTRT"),
            "PRCAT": PRIOR,
            "PRSCAT": text(v, "PTTYPE"),
            "PRLOC": text(v, "PTLOC"),
            "PRSTDTC": text(v, "PTSTDAT"),
            "PRENDTC": text(v, "PTENDAT"),
        }
        for v in person.of("prior")
        if v["PTTYPE"] != "SYSTEMIC"
    ]


def sv(person: Person, visits: Visits) -> list[Cells]:
    """SV: planned visits that were due, whether they took place or not, and unscheduled ones."""
    rows = []
    for v in person.of("visit"):
        when = text(v, "VISDAT")
        planned = v["VISIT"] != UNSCHEDULED
        rows.append(
            {
                "USUBJID": person.usubjid,
                **visits.of(v["VISIT"], when),
                "SVPRESP": "Y" if planned else "",
                "SVOCCUR": text(v, "VISOCC") if planned else "",
                "SVREASOC": text(v, "VISREAS"),
                "SVSTDTC": when,
                "SVENDTC": when,
                "SVUPDES": "" if planned else "Unscheduled visit",
            }
        )
    return rows


def version(person: Person) -> str:
    """The protocol version that was consented to first."""
    main = [v for v in person.of("consent") if v["CONTYPE"] == "MAIN" and v["CONYN"] == "Y"]
    return text(min(main, key=lambda v: iso(v["CONDAT"])), "CONVERS")


def ie(person: Person, criteria: Mapping[str, str], visits: Visits) -> list[Cells]:
    """IE: the criteria that were not met; inclusion not met is N, exclusion met is Y."""
    rows = []
    for v in person.of("ie"):
        code = text(v, "IECRIT")
        inclusion = code.startswith("INCL")
        rows.append(
            {
                "USUBJID": person.usubjid,
                "IETESTCD": code,
                "IETEST": criteria[code],
                "IECAT": "INCLUSION" if inclusion else "EXCLUSION",
                "IEORRES": "N" if inclusion else "Y",
                "IESTRESC": "N" if inclusion else "Y",
                **visits.of("SCREENING", ""),
                "IEDTC": text(v, "IEDAT"),
            }
        )
    return rows


def small(person: Person, visits: Visits) -> dict[str, list[Cells]]:
    """DV, DD, SS, RP and CO."""
    own = {"USUBJID": person.usubjid}
    status = {"SSTESTCD": "SURVSTAT", "SSTEST": "Survival Status"}
    cause = {"DDTESTCD": "PRCDTH", "DDTEST": "Primary Cause of Death"}
    child = {"RPTESTCD": "CHILDPOT", "RPTEST": "Childbearing Potential"}
    return {
        "DV": [
            own
            | {
                "DVSPID": text(v, "DVNO"),
                "DVTERM": text(v, "DVTERM"),
                "DVCAT": text(v, "DVCAT"),
                "DVSTDTC": text(v, "DVSTDAT"),
            }
            for v in person.of("dev")
        ],
        "DD": [
            own
            | cause
            | {
                "DDORRES": text(v, "DTHCAUS"),
                "DDSTRESC": text(v, "DTHCAUS"),
                "DDDTC": text(v, "DTHDAT"),
            }
            for v in person.of("death")
            if v.get("DTHCAUS")
        ],
        "SS": [
            own
            | status
            | {
                "SSORRES": text(v, "SSTAT"),
                "SSSTRESC": text(v, "SSTAT"),
                "SSDTC": text(v, "SSDAT"),
                "NEWTX": text(v, "SSNEWTX"),
            }
            for v in person.of("surv")
        ],
        "RP": [
            own
            | child
            | {
                "RPORRES": text(v, "RPCHILD"),
                "RPSTRESC": text(v, "RPCHILD"),
                **visits.of("SCREENING", ""),
                "RPDTC": text(v, "RPDAT"),
                "RPREAS": text(v, "RPREAS"),
            }
            for v in person.of("repro")
        ],
        "CO": [
            own
            | {
                "RDOMAIN": "SV",
                "IDVAR": "VISITNUM",
                "IDVARVAL": visits.of(v["VISIT"], text(v, "VISDAT"))["VISITNUM"],
                "COVAL": text(v, "COMM"),
                "CODTC": text(v, "VISDAT"),
            }
            for v in person.of("visit")
            if v.get("COMM")
        ],
    }
