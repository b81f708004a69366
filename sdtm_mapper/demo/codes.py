"""The answers of the case report form's code lists: the term that is meant, its words in English and in Chinese.

The order of a list gives the numeric codes (1, 2, ...) of systems that export numbers. A term is CDISC's submission
value where the target variable has a codelist.
"""

from __future__ import annotations

YESNO = {"Y": ("Yes", "是"), "N": ("No", "否")}

CODES: dict[str, dict[str, tuple[str, str]]] = {
    "VISIT": {
        "SCREENING": ("Screening", "篩選期"),
        "CYCLE 1 DAY 1": ("Cycle 1 Day 1", "第1週期第1天"),
        "CYCLE 1 DAY 15": ("Cycle 1 Day 15", "第1週期第15天"),
        "CYCLE 2 DAY 1": ("Cycle 2 Day 1", "第2週期第1天"),
        "CYCLE 3 DAY 1": ("Cycle 3 Day 1", "第3週期第1天"),
        "CYCLE 4 DAY 1": ("Cycle 4 Day 1", "第4週期第1天"),
        "CYCLE 5 DAY 1": ("Cycle 5 Day 1", "第5週期第1天"),
        "CYCLE 6 DAY 1": ("Cycle 6 Day 1", "第6週期第1天"),
        "CYCLE 7 DAY 1": ("Cycle 7 Day 1", "第7週期第1天"),
        "TUMOR ASSESSMENT WEEK 8": ("Tumor Assessment Week 8", "第8週腫瘤評估"),
        "TUMOR ASSESSMENT WEEK 16": ("Tumor Assessment Week 16", "第16週腫瘤評估"),
        "TUMOR ASSESSMENT WEEK 24": ("Tumor Assessment Week 24", "第24週腫瘤評估"),
        "TUMOR ASSESSMENT WEEK 32": ("Tumor Assessment Week 32", "第32週腫瘤評估"),
        "TUMOR ASSESSMENT WEEK 40": ("Tumor Assessment Week 40", "第40週腫瘤評估"),
        "TUMOR ASSESSMENT WEEK 48": ("Tumor Assessment Week 48", "第48週腫瘤評估"),
        "END OF TREATMENT": ("End of Treatment", "停藥訪視"),
        "SAFETY FOLLOW-UP": ("Safety Follow-up", "安全性追蹤"),
        "UNSCHEDULED": ("Unscheduled", "非計畫訪視"),
    },
    "SEX": {"M": ("Male", "男"), "F": ("Female", "女")},
    "RACE": {
        "ASIAN": ("Asian", "亞洲人"),
        "WHITE": ("White", "白人"),
        "NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER": (
            "Native Hawaiian or Other Pacific Islander",
            "夏威夷或太平洋島民",
        ),
    },
    "ETHNOR": {
        "HAN": ("Han", "漢族"),
        "HAKKA": ("Hakka", "客家"),
        "INDIGENOUS": ("Indigenous Taiwanese", "原住民"),
        "OTHER": ("Other", "其他"),
    },
    "CONTYPE": {
        "MAIN": ("Main study", "主試驗"),
        "RECONSENT": ("Re-consent", "再次同意"),
        "BIOMARKER": ("Biomarker research", "生物標記研究"),
    },
    "NOREG": {
        "SCREEN FAILURE": ("Screen failure", "篩選失敗"),
        "NOT ASSIGNED": ("Withdrew before registration", "登錄前退出"),
    },
    "MHCAT": {
        "PRIMARY DIAGNOSIS": ("Hepatocellular carcinoma", "肝細胞癌"),
        "GENERAL": ("General medical history", "一般病史"),
    },
    "PTTYPE": {
        "SYSTEMIC": ("Systemic therapy", "全身性治療"),
        "LOCOREGIONAL": ("Liver-directed locoregional therapy", "肝臟局部治療"),
        "SURGERY": ("Surgery", "手術"),
        "RADIOTHERAPY": ("Radiotherapy", "放射治療"),
    },
    "PTREAS": {
        "PROGRESSIVE DISEASE": ("Progressive disease", "疾病惡化"),
        "TOXICITY": ("Toxicity", "毒性"),
        "COMPLETED": ("Completed", "完成"),
    },
    "DOSU": {
        "mg": ("mg", "毫克"),
        "g": ("g", "公克"),
        "TABLET": ("tablet", "錠"),
        "mL": ("mL", "毫升"),
        "IU": ("IU", "國際單位"),
    },
    "FRQ": {
        "QD": ("Once daily", "每日一次"),
        "BID": ("Twice daily", "每日兩次"),
        "TID": ("Three times daily", "每日三次"),
        "PRN": ("As needed", "需要時"),
        "ONCE": ("Once", "單次"),
    },
    "ROUTE": {
        "ORAL": ("Oral", "口服"),
        "INTRAVENOUS": ("Intravenous", "靜脈注射"),
        "TOPICAL": ("Topical", "外用"),
        "SUBCUTANEOUS": ("Subcutaneous", "皮下注射"),
    },
    "PROC": {
        "PARACENTESIS": ("Paracentesis", "腹水抽吸"),
        "BLOOD TRANSFUSION": ("Blood transfusion", "輸血"),
        "ENDOSCOPY": ("Endoscopy", "內視鏡檢查"),
        "RADIOTHERAPY": ("Radiotherapy", "放射治療"),
    },
    "GRADE": {
        "1": ("Grade 1", "第一級"),
        "2": ("Grade 2", "第二級"),
        "3": ("Grade 3", "第三級"),
        "4": ("Grade 4", "第四級"),
        "5": ("Grade 5", "第五級"),
    },
    "REL": {
        "NOT RELATED": ("Not related", "無關"),
        "UNLIKELY RELATED": ("Unlikely", "不太可能"),
        "POSSIBLY RELATED": ("Possible", "可能"),
        "PROBABLY RELATED": ("Probable", "很可能"),
        "RELATED": ("Related", "確定相關"),
    },
    "ACN": {
        "DOSE NOT CHANGED": ("Dose not changed", "維持劑量"),
        "DOSE REDUCED": ("Dose reduced", "減量"),
        "DRUG INTERRUPTED": ("Interrupted", "暫停"),
        "DRUG WITHDRAWN": ("Permanently discontinued", "永久停藥"),
        "NOT APPLICABLE": ("Not applicable", "不適用"),
    },
    "OUT": {
        "RECOVERED/RESOLVED": ("Recovered", "痊癒"),
        "RECOVERING/RESOLVING": ("Recovering", "恢復中"),
        "NOT RECOVERED/NOT RESOLVED": ("Not recovered", "未恢復"),
        "RECOVERED/RESOLVED WITH SEQUELAE": ("Recovered with sequelae", "有後遺症"),
        "FATAL": ("Fatal", "死亡"),
        "UNKNOWN": ("Unknown", "不明"),
    },
    "ADJ": {
        "ADVERSE EVENT": ("Adverse event", "不良事件"),
        "PER PROTOCOL": ("Per protocol", "依計畫書"),
        "SUBJECT DECISION": ("Subject decision", "受試者決定"),
    },
    "MISS": {
        "SUBJECT ILL": ("Subject was ill", "受試者生病"),
        "SUBJECT TRAVELLING": ("Subject was travelling", "受試者外出"),
        "WEATHER": ("Typhoon", "颱風"),
    },
    "NDREAS": {
        "SAMPLE HEMOLYZED": ("Sample hemolyzed", "檢體溶血"),
        "SAMPLE LOST": ("Sample lost", "檢體遺失"),
        "SUBJECT REFUSED": ("Subject refused", "受試者拒絕"),
        "NOT IMAGED": ("Not imaged", "未攝影"),
        "OBSCURED": ("Obscured by ascites", "受腹水遮蔽"),
    },
    "EGINTP": {
        "NORMAL": ("Normal", "正常"),
        "ABNORMAL": ("Abnormal", "異常"),
    },
    "LOC": {
        "LIVER": ("Liver", "肝臟"),
        "LUNG": ("Lung", "肺"),
        "LYMPH NODE": ("Lymph node", "淋巴結"),
        "ADRENAL GLAND": ("Adrenal gland", "腎上腺"),
        "BONE": ("Bone", "骨"),
        "PERITONEUM": ("Peritoneum", "腹膜"),
        "PORTAL VEIN": ("Portal vein", "門靜脈"),
        "SPLEEN": ("Spleen", "脾臟"),
    },
    "METHOD": {
        "CONTRAST ENHANCED CT SCAN": ("Contrast CT", "顯影電腦斷層"),
        "TRIPLE-PHASE SPIRAL CT SCAN": ("Triple-phase CT", "三相電腦斷層"),
        "MRI": ("MRI", "核磁共振"),
        "SCINTIGRAPHY": ("Bone scan", "骨掃描"),
    },
    "TUMSTATE": {
        "PRESENT": ("Present", "存在"),
        "ABSENT": ("Absent", "消失"),
        "UNEQUIVOCAL PROGRESSION": ("Unequivocal progression", "明確惡化"),
        "EQUIVOCAL": ("Equivocal", "不確定"),
        "UNEQUIVOCAL": ("Unequivocal", "明確"),
    },
    "RESP": {
        "CR": ("Complete response", "完全反應"),
        "PR": ("Partial response", "部分反應"),
        "SD": ("Stable disease", "疾病穩定"),
        "PD": ("Progressive disease", "疾病惡化"),
        "NE": ("Not evaluable", "無法評估"),
        "NON-CR/NON-PD": ("Non-CR/Non-PD", "非CR/非PD"),
    },
    "NEWL": {
        "N": ("No", "無"),
        "EQUIVOCAL": ("Equivocal", "不確定"),
        "UNEQUIVOCAL": ("Yes, unequivocal", "有"),
    },
    "BIOTYPE": {
        "TISSUE": ("Tumor biopsy", "腫瘤切片"),
        "BLOOD": ("Whole blood", "全血"),
        "PLASMA": ("Plasma", "血漿"),
    },
    "HISTO": {
        "HEPATOCELLULAR CARCINOMA": ("Hepatocellular carcinoma", "肝細胞癌"),
        "FIBROLAMELLAR CARCINOMA": ("Fibrolamellar carcinoma", "纖維板層肝癌"),
        "COMBINED HEPATOCELLULAR CHOLANGIOCARCINOMA": (
            "Mixed hepatocellular cholangiocarcinoma",
            "混合型肝細胞膽管癌",
        ),
    },
    "DIFF": {
        "WELL DIFFERENTIATED": ("Well differentiated", "分化良好"),
        "MODERATELY DIFFERENTIATED": ("Moderately differentiated", "中度分化"),
        "POORLY DIFFERENTIATED": ("Poorly differentiated", "分化不良"),
    },
    "RPREAS": {
        "POSTMENOPAUSAL": ("Postmenopausal", "停經"),
        "SURGICALLY STERILE": ("Surgically sterile", "手術絕育"),
    },
    "EOT": {
        "PROGRESSIVE DISEASE": ("Progressive disease", "疾病惡化"),
        "ADVERSE EVENT": ("Adverse event", "不良事件"),
        "WITHDRAWAL BY SUBJECT": ("Withdrawal by subject", "受試者退出"),
        "PHYSICIAN DECISION": ("Physician decision", "醫師決定"),
        "DEATH": ("Death", "死亡"),
    },
    "EOS": {
        "COMPLETED": ("Completed", "完成"),
        "SCREEN FAILURE": ("Screen failure", "篩選失敗"),
        "WITHDRAWAL BY SUBJECT": ("Withdrawal by subject", "受試者退出"),
        "LOST TO FOLLOW-UP": ("Lost to follow-up", "失聯"),
        "DEATH": ("Death", "死亡"),
    },
    "SURV": {
        "ALIVE": ("Alive", "存活"),
        "DEAD": ("Dead", "死亡"),
        "UNKNOWN": ("Unknown", "不明"),
    },
    "LESTYPE": {
        "TARGET": ("Target", "目標病灶"),
        "NON-TARGET": ("Non-target", "非目標病灶"),
        "NEW": ("New", "新病灶"),
    },
    "DVCAT": {
        "INFORMED CONSENT": ("Informed consent", "受試者同意"),
        "ELIGIBILITY": ("Eligibility", "收案條件"),
        "VISIT WINDOW": ("Visit window", "訪視時窗"),
        "STUDY DRUG": ("Study drug", "試驗藥物"),
        "PROCEDURE NOT DONE": ("Procedure not done", "未執行檢查"),
    },
}
