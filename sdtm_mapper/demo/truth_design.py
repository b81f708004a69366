# ruff: noqa: E501 - rows of tables are written as they come
"""The truth of the trial design: TA, TE, TV, TI and TS as the protocol and the registration have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sdtm_mapper.demo.truth_base import PLANNED, STUDY, Cells, Datasets

_CRITERIA = """
EXCL01||Fibrolamellar carcinoma or mixed hepatocellular cholangiocarcinoma
EXCL02||Prior cabozantinib treatment
EXCL03||Any systemic anti-cancer therapy after discontinuation of the first-line ICI-based combination
EXCL04||Prior liver-directed locoregional therapy within 4 weeks before registration
EXCL05||Liver-directed locoregional therapy after progression on the first-line ICI combination (palliative radiotherapy for symptomatic bone metastasis allowed)
EXCL06||Known brain metastases or cranial epidural disease unless adequately treated with radiotherapy and/or surgery and stable >= 3 months before registration
EXCL07||Tumor thrombosis or invasion in inferior vena cava, a major arterial blood vessel (e.g. pulmonary artery or aorta) or heart
EXCL08||HBV DNA > 2000 IU/mL or detectable hepatitis C virus (HCV) RNA
EXCL09||Refusal to provide tumor biopsy specimens within 4 weeks before registration
EXCL10||Concomitant therapeutic-dose anticoagulation (warfarin, LMWH, thrombin or FXa inhibitors); low-dose aspirin, warfarin <= 1 mg/day and prophylactic LMWH permitted
EXCL11||Uncontrolled, significant intercurrent or recent illness (cardiovascular, hypertension, ischemic, thromboembolic, GI perforation/fistula/bleeding risk)
EXCL12||Major surgery within 2 months before registration (complete healing >= 1 month before; minor surgery healed >= 7 days before)
EXCL13||Clinically significant bleeding risk within 3 months before registration: upper GI bleeding (including varices), hematuria, hemoptysis > 0.5 teaspoon (> 2.5 mL), pulmonary hemorrhage, other
EXCL14||Moderate or severe ascites (radiological, clinically insignificant ascites without diuretics or paracentesis allowed)
EXCL15|1|QTcF > 500 ms within 4 weeks before registration
EXCL15|2|QTcF > 500 ms within 4 weeks before registration; if first ECG > 500 ms, average of 3 consecutive ECGs must be <= 500 ms
EXCL16||Previously identified allergy or hypersensitivity to components of the study treatment formulations
EXCL17||Inability in swallowing tablets
EXCL18||Pregnant or lactating females
EXCL19||Another malignancy within 2 years before registration, except superficial skin cancer or cured localized low-grade tumors not treated systemically
EXCL20||Other clinically significant disorders judged by investigators unsuitable for the trial
INCL01||Understood and signed the informed consent form
INCL02||Ability to comply with all protocol requirements
INCL03||Age >= 18 years when signing informed consent form
INCL04||Diagnosis of HCC confirmed by histology
INCL05||Disease progression following prior first-line ICI-based combination (only atezolizumab+bevacizumab or tremelimumab+durvalumab); on-treatment locoregional therapy allowed
INCL06||Disease not amenable to curative surgical and/or locoregional therapies (e.g. surgery, transplant, radiofrequency ablation)
INCL07||At least one measurable target lesion (RECIST v1.1) not previously treated locally, or, if in a locally treated field, since progressed per RECIST v1.1
INCL08||Eastern Cooperative Oncology Group (ECOG) performance status of 0 or 1
INCL09||Child-Pugh A of liver reserve
INCL10||Adequate hematologic and biochemical profiles (WBC, ANC, PLT, Hb, Cr or CrCl, AST, ALT, ALP, T-Bil, Alb, urine protein)
INCL11||Recovery to grade 1 from AEs related to prior treatments, unless clinically nonsignificant and/or stable on supportive therapy
INCL12||Chronic HBV infection (HBsAg positive) must receive nucleoside analog antiviral therapy throughout the study
INCL13||Sexually active fertile subjects and partners must use medically accepted contraception during the study and for 4 months after the last dose
INCL14||Life expectancy of 12 weeks or longer
"""  # id, protocol version (blank: both), words

_SUMMARY = """
ADAPT|Adaptive Design|N||C49487|CDISC CT
ADDON|Added on to Existing Treatments|N||C49487|CDISC CT
AGEMAX|Planned Maximum Age of Subjects||PINF||
AGEMIN|Planned Minimum Age of Subjects|P18Y|||
BRIND|Biospecimen Retention Indicator||NI||
COMPTRT|Comparative Treatment Name||NA||
CRMDUR|Confirmed Response Minimum Duration||NA||
CTAUG|CDISC Therapeutic Area User Guide||NA||
CURTRT|Current Therapy or Treatment||NA||
DCUTDESC|Data Cutoff Description|DATABASE LOCK|||
DCUTDTC|Data Cutoff Date|2026-11-30|||
DMCIND|Data Monitoring Committee Indicator||NI||
DOSE|Dose per Administration|60|||
DOSFRM|Dose Form|TABLET, FILM COATED||C42931|CDISC CT
DOSFRQ|Dosing Frequency|QD||C25473|CDISC CT
DOSRGM|Dose Regimen|60 mg once daily, reducible to 40 and 20 mg|||
DOSU|Dose Units|mg||C28253|CDISC CT
EXTTIND|Extension Trial Indicator|N||C49487|CDISC CT
FCNTRY|Planned Country of Investigational Sites|TWN||TWN|ISO 3166
FDADRIND|FDA-Regulated Drug Study Indicator|N||C49487|CDISC CT
FDATCHSP|FDA Technical Specification||NA||
HLTSUBJI|Healthy Subject Indicator|N||C49487|CDISC CT
INDIC|Trial Disease/Condition Indication|Hepatocellular carcinoma||109841003|SNOMED
INTMODEL|Intervention Model|SINGLE GROUP||C82640|CDISC CT
INTTYPE|Intervention Type|DRUG||C1909|CDISC CT
LENGTH|Trial Length|P30M|||
NARMS|Planned Number of Arms|1|||
NCOHORT|Number of Groups/Cohorts||NA||
OBJEXP|Trial Exploratory Objective|To explore potential tissue and peripheral blood biomarkers associated with clinical benefits of cabozantinib, and resistance mechanisms of prior ICI and cabozantinib|||
OBJPRIM|Trial Primary Objective|To investigate the efficacy and safety of cabozantinib in patients with progressive HCC after ICI-based combination treatment|||
OBJSEC|Trial Secondary Objective||NA||
ONGOSIND|Ongoing Study Indicator|Y||C49488|CDISC CT
OUTMSPRI|Primary Outcome Measure|Progression-free rate at 6 months (RECIST v1.1)|||
OUTMSPRI|Primary Outcome Measure|Incidence of treatment-emergent adverse events|||
OUTMSSEC|Secondary Outcome Measure||NA||
PCLAS|Pharmacologic Class|Kinase Inhibitor|||
PDPSTIND|Pediatric Postmarket Study Indicator|N||C49487|CDISC CT
PDSTIND|Pediatric Study Indicator|N||C49487|CDISC CT
PLANSUB|Planned Number of Subjects|60|||
PTRTDUR|Planned Treatment Duration||NA||
RANDOM|Trial is Randomized|N||C49487|CDISC CT
RANDQT|Randomization Quotient||NA||
RDIND|Rare Disease Indicator|N||C49487|CDISC CT
REGID|Registry Identifier|NCT07151326||NCT07151326|ClinicalTrials.gov
ROUTE|Route of Administration|ORAL||C38288|CDISC CT
SDMDUR|Stable Disease Minimum Duration||NI||
SDTIGVER|SDTM IG Version|3.4|||
SDTMVER|SDTM Version|2.0|||
SENDTC|Study End Date||NI||
SEXPOP|Sex of Participants|BOTH||C49636|CDISC CT
SPONSOR|Clinical Study Sponsor|National Health Research Institutes, Taiwan|||
STOPRULE|Study Stop Rules||NI||
STRATFCT|Stratification Factor||NA||
STYPE|Study Type|INTERVENTIONAL||C98388|CDISC CT
TBLIND|Trial Blinding Schema|OPEN LABEL||C49659|CDISC CT
TCNTRL|Control Type|NONE||C41132|CDISC CT
TDIGRP|Diagnosis Group|HEPATOCELLULAR CARCINOMA||109841003|SNOMED
THERAREA|Therapeutic Area|Oncology|||
TINDTP|Trial Intent Type|TREATMENT||C49656|CDISC CT
TITLE|Trial Title|Cabozantinib for Progressive HCC Post-first-line Immuno-oncologic Combination Therapy|||
TPHASE|Trial Phase Classification|NOT APPLICABLE||C48660|CDISC CT
TRGFUDUR|Target Follow-Up Duration||NI||
TRT|Investigational Therapy or Treatment|CABOZANTINIB||1C39JW444G|UNII
TTYPE|Trial Type|EFFICACY||C49666|CDISC CT
TTYPE|Trial Type|SAFETY||C49667|CDISC CT
"""  # parameter, name, value, null flavour, code, its dictionary

_VISITS = {
    "SCREENING": ("Informed consent", "Registration"),
    "CYCLE 1 DAY 1": ("First dose", "End of visit"),
    "CYCLE 1 DAY 15": ("14 days after first dose", "End of visit"),
    "CYCLE 2 DAY 1": ("28 days after first dose", "End of visit"),
    "CYCLE 3 DAY 1": ("56 days after first dose", "End of visit"),
    "CYCLE 4 DAY 1": ("84 days after first dose", "End of visit"),
    "CYCLE 5 DAY 1": ("112 days after first dose", "End of visit"),
    "CYCLE 6 DAY 1": ("140 days after first dose", "End of visit"),
    "CYCLE 7 DAY 1": ("168 days after first dose", "End of visit"),
    "TUMOR ASSESSMENT WEEK 8": ("8 weeks after first dose", "End of scan"),
    "TUMOR ASSESSMENT WEEK 16": ("16 weeks after first dose", "End of scan"),
    "TUMOR ASSESSMENT WEEK 24": ("24 weeks after first dose", "End of scan"),
    "TUMOR ASSESSMENT WEEK 32": ("32 weeks after first dose", "End of scan"),
    "TUMOR ASSESSMENT WEEK 40": ("40 weeks after first dose", "End of scan"),
    "TUMOR ASSESSMENT WEEK 48": ("48 weeks after first dose", "End of scan"),
    "END OF TREATMENT": ("Decision to stop treatment", "End of visit"),
    "SAFETY FOLLOW-UP": ("30 days after last dose", "End of visit"),
    "SURVIVAL FOLLOW-UP": ("Every 12 weeks after END OF TREATMENT", "Death, loss or withdrawal"),
}
_ELEMENTS = {
    "SCRN": ("Screening", "Informed consent", "First dose of cabozantinib, or screen failure"),
    "CABO": ("Cabozantinib 60 mg QD", "First dose of cabozantinib", "Last dose of cabozantinib"),
    "FU": ("Follow-up", "1 day after last dose of cabozantinib", "End of study participation or death"),
}
_CELLS = {  # element: branch, transition, epoch
    "SCRN": ("Registered to cabozantinib if eligible", "", "SCREENING"),
    "CABO": ("", "Until progression, unacceptable toxicity, withdrawal or death", "TREATMENT"),
    "FU": ("", "", "FOLLOW-UP"),
}
VERSIONS = ("1", "2")
_CT = "CDISC CT"
_CT_VERSION = "2025-03-28"


def _split(table: str) -> Iterator[list[str]]:
    return (line.split("|") for line in table.strip().splitlines())


def criteria(version: str) -> Mapping[str, str]:
    """The words of each eligibility criterion in a version of the protocol."""
    return {code: words for code, of, words in _split(_CRITERIA) if of in ("", version)}


def _category(code: str) -> str:
    return "INCLUSION" if code.startswith("INCL") else "EXCLUSION"


def _summary(dm: Sequence[Cells]) -> list[Cells]:
    """TS; ACTSUB counts who was registered, SSTDTC is the first consent."""
    registered = len({row["USUBJID"] for row in dm if row.get("ARMCD")})
    begun = min((row["RFICDTC"] for row in dm if row["RFICDTC"]), default="")
    found = [
        ["ACTSUB", "Actual Number of Subjects", str(registered), "", "", ""],
        ["SSTDTC", "Study Start Date", begun, "" if begun else "NI", "", ""],
        *_split(_SUMMARY),
    ]
    rows: list[Cells] = []
    for code, name, value, null, term, dictionary in sorted(found, key=lambda row: row[0]):
        before = sum(row["TSPARMCD"] == code for row in rows)
        cells = {"TSPARM": name, "TSVAL": value, "TSVALNF": null, "TSVALCD": term, "TSVCDREF": dictionary}
        version = _CT_VERSION if dictionary == _CT else ""
        rows.append({"TSSEQ": str(before + 1), "TSPARMCD": code, **cells, "TSVCDVER": version})
    return rows


def design(dm: Sequence[Cells]) -> Datasets:
    """TA, TE, TI, TS and TV; TS says of the subjects how many were registered, and when the first consented."""
    arm = {"ARMCD": "CABO", "ARM": "Cabozantinib"}
    ta = [
        {**arm, "TAETORD": str(n), "ETCD": code, "ELEMENT": _ELEMENTS[code][0]}
        | {"TABRANCH": branch, "TATRANS": transition, "EPOCH": epoch}
        for n, (code, (branch, transition, epoch)) in enumerate(_CELLS.items(), 1)
    ]
    te = [
        {"ETCD": code, "ELEMENT": name, "TESTRL": start, "TEENRL": end}
        for code, (name, start, end) in sorted(_ELEMENTS.items())
    ]
    ti = [
        {"IETESTCD": code, "IETEST": words, "IECAT": _category(code), "TIVERS": version}
        for version in VERSIONS
        for code, words in criteria(version).items()
    ]
    places = {**PLANNED, "SURVIVAL FOLLOW-UP": ("92", "")}
    tv = [
        {"VISITNUM": places[name][0], "VISIT": name, "VISITDY": places[name][1]}
        | {"TVSTRL": start, "TVENRL": end}
        for name, (start, end) in _VISITS.items()
    ]
    found = {
        "TA": ta,
        "TE": te,
        "TI": sorted(ti, key=lambda row: (row["IETESTCD"], row["TIVERS"])),
        "TS": _summary(dm),
        "TV": tv,
    }
    return {name: [{"STUDYID": STUDY, "DOMAIN": name, **row} for row in rows] for name, rows in found.items()}
