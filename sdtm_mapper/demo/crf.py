"""The case report form of NCT07151326 as collected: forms, their items and what kind of answer each takes.

Names are at most eight characters, so that every system can carry them. `kind` is one of text, code (an answer
of `codes`), date, time, number, yesno. A form is filled once a subject, once a visit, or as a log of lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "code", "date", "time", "number", "yesno"]


@dataclass(frozen=True)
class Item:
    """One question: its name, its label in English and in Chinese, its kind, and the code list it takes."""

    name: str
    label: str
    chinese: str
    kind: Kind = "text"
    codes: str = ""


@dataclass(frozen=True)
class Form:
    """One form. `per` says how often it is filled; a central form comes from a vendor for all sites."""

    name: str
    title: str
    chinese: str
    per: Literal["subject", "visit", "log", "central"]
    items: tuple[Item, ...]

    def item(self, name: str) -> Item:
        """The item of a name."""
        return next(i for i in self.items if i.name == name)


def _form(name: str, title: str, chinese: str, per: str, *items: tuple[str, ...]) -> Form:
    made = tuple(Item(*i[:3], kind=i[3] if len(i) > 3 else "text", codes=i[4] if len(i) > 4 else "") for i in items)  # type: ignore[arg-type]
    return Form(name, title, chinese, per, made)  # type: ignore[arg-type]


VISIT = ("VISIT", "Visit", "訪視", "code", "VISIT")

FORMS: tuple[Form, ...] = (
    _form(
        "subject", "Demographics", "基本資料", "subject",
        ("SCRNO", "Screening number", "篩選編號"),
        ("DMDAT", "Date of demographics", "填寫日期", "date"),
        ("BRTHDAT", "Date of birth", "出生日期", "date"),
        ("AGE", "Age at consent (years)", "年齡", "number"),
        ("SEX", "Sex", "性別", "code", "SEX"),
        ("RACE", "Race", "種族", "code", "RACE"),
        ("ETHNOR", "Ethnic origin", "族群", "code", "ETHNOR"),
    ),
    _form(
        "consent", "Informed consent", "受試者同意書", "log",
        ("CONTYPE", "Type of consent", "同意書種類", "code", "CONTYPE"),
        ("CONYN", "Consent given", "是否同意", "yesno"),
        ("CONDAT", "Date of consent", "同意日期", "date"),
        ("CONVERS", "Protocol version", "計畫書版本"),
    ),
    _form(
        "enrol", "Registration", "收案登錄", "subject",
        ("ELIGYN", "All criteria met", "符合收案條件", "yesno"),
        ("REGYN", "Registered", "是否登錄", "yesno"),
        ("REGDAT", "Date of registration", "登錄日期", "date"),
        ("NOREG", "Reason for not being registered", "未登錄原因", "code", "NOREG"),
    ),
    _form(
        "ie", "Criteria not met", "不符合條件", "log",
        ("IECRIT", "Criterion", "條件編號"),
        ("IEDAT", "Date of assessment", "評估日期", "date"),
    ),
    _form(
        "mh", "Medical history", "病史", "log",
        ("MHNO", "Number", "編號"),
        ("MHCAT", "Category", "類別", "code", "MHCAT"),
        ("MHTERM", "Condition", "診斷"),
        ("MHSTDAT", "Start date", "開始日期", "date"),
        ("MHENDAT", "End date", "結束日期", "date"),
        ("MHONGO", "Ongoing", "是否持續", "yesno"),
    ),
    _form(
        "prior", "Prior anti-cancer therapy", "先前抗癌治療", "log",
        ("PTNO", "Number", "編號"),
        ("PTTYPE", "Type of therapy", "治療種類", "code", "PTTYPE"),
        ("PTTRT", "Therapy", "治療名稱"),
        ("PTLOC", "Site treated", "治療部位", "code", "LOC"),
        ("PTSTDAT", "Start date", "開始日期", "date"),
        ("PTENDAT", "End date", "結束日期", "date"),
        ("PTREAS", "Reason for stopping", "停止原因", "code", "PTREAS"),
    ),
    _form(
        "cm", "Concomitant medication", "併用藥物", "log",
        ("CMNO", "Number", "編號"),
        ("CMTRT", "Medication", "藥品名稱"),
        ("CMDOSE", "Dose", "劑量", "number"),
        ("CMDOSU", "Dose unit", "劑量單位", "code", "DOSU"),
        ("CMFRQ", "Frequency", "頻次", "code", "FRQ"),
        ("CMROUTE", "Route", "途徑", "code", "ROUTE"),
        ("CMINDC", "Indication", "適應症"),
        ("CMSTDAT", "Start date", "開始日期", "date"),
        ("CMENDAT", "End date", "結束日期", "date"),
        ("CMONGO", "Ongoing", "是否持續", "yesno"),
        ("CMAENO", "Given for adverse event number", "對應不良事件編號"),
    ),
    _form(
        "pr", "Procedures", "處置", "log",
        ("PRNO", "Number", "編號"),
        ("PRTRT", "Procedure", "處置名稱", "code", "PROC"),
        ("PRSTDAT", "Date", "日期", "date"),
        ("PRINDC", "Indication", "適應症"),
        ("PRAENO", "Done for adverse event number", "對應不良事件編號"),
    ),
    _form(
        "ae", "Adverse events", "不良事件", "log",
        ("AENO", "Number", "編號"),
        ("AEGRP", "Number of the episode", "事件群組"),
        ("AETERM", "Adverse event", "不良事件名稱"),
        ("AESTDAT", "Start date", "開始日期", "date"),
        ("AEENDAT", "End date", "結束日期", "date"),
        ("AEONGO", "Ongoing", "是否持續", "yesno"),
        ("AEGR", "CTCAE grade", "嚴重度分級", "code", "GRADE"),
        ("AESER", "Serious", "是否嚴重", "yesno"),
        ("AESDTH", "Results in death", "導致死亡", "yesno"),
        ("AESLIFE", "Is life threatening", "危及生命", "yesno"),
        ("AESHOSP", "Requires or prolongs hospitalization", "導致住院", "yesno"),
        ("AESDISAB", "Persistent or significant disability", "導致失能", "yesno"),
        ("AESCONG", "Congenital anomaly", "先天異常", "yesno"),
        ("AESMIE", "Other medically important event", "其他重要醫療事件", "yesno"),
        ("AEREL", "Relationship to cabozantinib", "與試驗藥物相關性", "code", "REL"),
        ("AEACN", "Action taken with cabozantinib", "試驗藥物處置", "code", "ACN"),
        ("AEOUT", "Outcome", "結果", "code", "OUT"),
        ("AESI", "Event of special interest", "特別關注事件", "yesno"),
    ),
    _form(
        "ex", "Study treatment", "試驗用藥", "log",
        ("EXNO", "Number", "編號"),
        ("EXDOSE", "Dose taken (mg); 0 while interrupted", "每日劑量", "number"),
        ("EXSTDAT", "Start date", "開始日期", "date"),
        ("EXSTTIM", "Start time", "開始時間", "time"),
        ("EXENDAT", "End date", "結束日期", "date"),
        ("EXADJ", "Reason for change of dose", "劑量調整原因", "code", "ADJ"),
        ("EXAENO", "Adverse event number that led to the change", "對應不良事件編號"),
    ),
    _form(
        "visit", "Visit", "訪視", "visit",
        VISIT,
        ("VISOCC", "Visit took place", "是否到診", "yesno"),
        ("VISDAT", "Date of visit", "訪視日期", "date"),
        ("VISREAS", "Reason for the missed visit", "未到診原因", "code", "MISS"),
        ("LBYN", "Laboratory samples taken", "是否採檢", "yesno"),
        ("LBREAS", "Reason for samples not taken", "未採檢原因", "code", "NDREAS"),
        ("COMM", "Comment", "備註"),
    ),
    _form(
        "vs", "Vital signs", "生命徵象", "visit",
        VISIT,
        ("VSDAT", "Date", "日期", "date"),
        ("SYSBP", "Systolic blood pressure (mmHg)", "收縮壓", "number"),
        ("DIABP", "Diastolic blood pressure (mmHg)", "舒張壓", "number"),
        ("PULSE", "Pulse rate (beats/min)", "脈搏", "number"),
        ("TEMP", "Temperature", "體溫", "number"),
        ("TEMPU", "Unit of temperature", "體溫單位"),
        ("HEIGHT", "Height", "身高", "number"),
        ("HEIGHTU", "Unit of height", "身高單位"),
        ("WEIGHT", "Weight", "體重", "number"),
        ("WEIGHTU", "Unit of weight", "體重單位"),
    ),
    _form(
        "eg", "Electrocardiogram", "心電圖", "visit",
        VISIT,
        ("EGDAT", "Date", "日期", "date"),
        ("EGTIM", "Time", "時間", "time"),
        ("EGREP", "Replicate", "次序"),
        ("EGHR", "Heart rate (beats/min)", "心率", "number"),
        ("EGRR", "RR interval (msec)", "RR間期", "number"),
        ("EGQT", "QT interval (msec)", "QT間期", "number"),
        ("EGQTCF", "QTcF interval (msec)", "QTcF間期", "number"),
        ("EGINTP", "Interpretation", "判讀", "code", "EGINTP"),
    ),
    _form(
        "lb", "Laboratory", "檢驗", "visit",
        VISIT,
        ("LBDAT", "Date of sample", "採檢日期", "date"),
        ("LBTIM", "Time of sample", "採檢時間", "time"),
        ("LBTEST", "Test", "檢驗項目", "code", "LABTEST"),
        ("LBRES", "Result", "結果"),
        ("LBUNIT", "Unit", "單位"),
        ("LBLO", "Lower limit of normal", "參考值下限"),
        ("LBHI", "Upper limit of normal", "參考值上限"),
        ("LBNDREA", "Reason for test not done", "未檢驗原因", "code", "NDREAS"),
    ),
    _form(
        "tl", "Target lesions", "目標病灶", "visit",
        VISIT,
        ("TLDAT", "Date of scan", "影像日期", "date"),
        ("TLID", "Lesion", "病灶編號"),
        ("TLLOC", "Organ", "部位", "code", "LOC"),
        ("TLDET", "Detail of the place", "部位細節"),
        ("TLNODE", "Lymph node", "淋巴結", "yesno"),
        ("TLMETH", "Method", "影像方式", "code", "METHOD"),
        ("TLDIAM", "Diameter (mm)", "直徑"),
        ("TLND", "Reason for not measured", "未測量原因", "code", "NDREAS"),
        ("TLSPL", "Split from lesion", "分裂自病灶"),
    ),
    _form(
        "ntl", "Non-target lesions", "非目標病灶", "visit",
        VISIT,
        ("NTDAT", "Date of scan", "影像日期", "date"),
        ("NTID", "Lesion", "病灶編號"),
        ("NTLOC", "Organ", "部位", "code", "LOC"),
        ("NTDET", "Detail of the place", "部位細節"),
        ("NTMETH", "Method", "影像方式", "code", "METHOD"),
        ("NTSTAT", "State", "狀態", "code", "TUMSTATE"),
        ("NTND", "Reason for not assessed", "未評估原因", "code", "NDREAS"),
    ),
    _form(
        "nl", "New lesions", "新病灶", "visit",
        VISIT,
        ("NLDAT", "Date of scan", "影像日期", "date"),
        ("NLID", "Lesion", "病灶編號"),
        ("NLLOC", "Organ", "部位", "code", "LOC"),
        ("NLMETH", "Method", "影像方式", "code", "METHOD"),
        ("NLSTAT", "State", "狀態", "code", "TUMSTATE"),
    ),
    _form(
        "rs", "Response (RECIST 1.1)", "療效評估", "visit",
        VISIT,
        ("RSDAT", "Date of assessment", "評估日期", "date"),
        ("SUMDIAM", "Sum of diameters (mm)", "直徑總和", "number"),
        ("TRGRESP", "Target response", "目標病灶反應", "code", "RESP"),
        ("NTRGRESP", "Non-target response", "非目標病灶反應", "code", "RESP"),
        ("NEWLYN", "New lesions", "是否有新病灶", "code", "NEWL"),
        ("OVRLRESP", "Overall response", "整體反應", "code", "RESP"),
    ),
    _form(
        "status", "Performance and liver reserve", "體能與肝功能", "visit",
        VISIT,
        ("STDAT", "Date", "日期", "date"),
        ("ECOG", "ECOG performance status", "ECOG體能狀態", "number"),
        ("CPENC", "Child-Pugh points, encephalopathy", "肝腦病變分數", "number"),
        ("CPASC", "Child-Pugh points, ascites", "腹水分數", "number"),
        ("CPBIL", "Child-Pugh points, bilirubin", "膽紅素分數", "number"),
        ("CPALB", "Child-Pugh points, albumin", "白蛋白分數", "number"),
        ("CPPT", "Child-Pugh points, prothrombin time", "凝血酶原時間分數", "number"),
        ("CPTOT", "Child-Pugh total", "總分", "number"),
    ),
    _form(
        "bio", "Specimens", "檢體", "log",
        ("BIOID", "Specimen", "檢體編號"),
        ("BIOPAR", "Taken from specimen", "來源檢體編號"),
        ("BIOTYPE", "Type", "檢體種類", "code", "BIOTYPE"),
        ("BIOLOC", "Place of biopsy", "切片部位", "code", "LOC"),
        ("BIODAT", "Date of collection", "採集日期", "date"),
        ("BIOTIM", "Time of collection", "採集時間", "time"),
        ("BIOVOL", "Volume (mL)", "體積", "number"),
        ("SHIPDAT", "Date of shipment", "寄送日期", "date"),
    ),
    _form(
        "histo", "Histology", "病理", "log",
        ("BIOID", "Specimen", "檢體編號"),
        ("MIDAT", "Date of biopsy", "切片日期", "date"),
        ("MIHIST", "Histological diagnosis", "病理診斷", "code", "HISTO"),
        ("MIGRADE", "Grade of differentiation", "分化程度", "code", "DIFF"),
    ),
    _form(
        "repro", "Childbearing potential", "生育能力", "subject",
        ("RPDAT", "Date", "日期", "date"),
        ("RPCHILD", "Of childbearing potential", "具生育能力", "yesno"),
        ("RPREAS", "Reason for no childbearing potential", "無生育能力原因", "code", "RPREAS"),
    ),
    _form(
        "eot", "End of treatment", "停止治療", "subject",
        ("EOTDAT", "Date of decision", "停藥決定日期", "date"),
        ("EOTREAS", "Reason", "原因", "code", "EOT"),
        ("EOTSPEC", "Specify", "說明"),
    ),
    _form(
        "eos", "End of study", "退出試驗", "subject",
        ("EOSDAT", "Date", "日期", "date"),
        ("EOSREAS", "Reason", "原因", "code", "EOS"),
        ("EOSSPEC", "Specify", "說明"),
    ),
    _form(
        "surv", "Survival follow-up", "存活追蹤", "log",
        ("SSDAT", "Date of contact", "追蹤日期", "date"),
        ("SSTAT", "Survival status", "存活狀態", "code", "SURV"),
        ("SSNEWTX", "New anti-cancer therapy", "是否接受新抗癌治療", "yesno"),
    ),
    _form(
        "death", "Death", "死亡", "subject",
        ("DTHDAT", "Date of death", "死亡日期", "date"),
        ("DTHCAUS", "Primary cause of death", "主要死因"),
    ),
    _form(
        "irc", "Independent reading", "獨立判讀", "central",
        ("READER", "Reader", "判讀者"),
        VISIT,
        ("IMGDAT", "Date of scan", "影像日期", "date"),
        ("LESID", "Lesion", "病灶編號"),
        ("LESTYPE", "Type", "種類", "code", "LESTYPE"),
        ("LESLOC", "Organ", "部位", "code", "LOC"),
        ("LESNODE", "Lymph node", "淋巴結", "yesno"),
        ("LESMETH", "Method", "影像方式", "code", "METHOD"),
        ("LESVAL", "Diameter (mm), or state", "測量值"),
        ("ACCEPT", "Accepted reading", "採用", "yesno"),
    ),
    _form(
        "ircresp", "Independent response", "獨立療效判讀", "central",
        ("READER", "Reader", "判讀者"),
        VISIT,
        ("IMGDAT", "Date of scan", "影像日期", "date"),
        ("TRGRESP", "Target response", "目標病灶反應", "code", "RESP"),
        ("NTRGRESP", "Non-target response", "非目標病灶反應", "code", "RESP"),
        ("OVRLRESP", "Overall response", "整體反應", "code", "RESP"),
        ("ACCEPT", "Accepted reading", "採用", "yesno"),
    ),
    _form(
        "dev", "Protocol deviations", "計畫偏離", "central",
        ("DVNO", "Number", "編號"),
        ("DVCAT", "Category", "類別", "code", "DVCAT"),
        ("DVTERM", "Deviation", "偏離內容"),
        ("DVSTDAT", "Date", "日期", "date"),
    ),
)
