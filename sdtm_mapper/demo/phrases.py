"""Free text of the demo in English and in Chinese, a phrase each; every pair is used in both directions."""

from __future__ import annotations

from collections.abc import Mapping

_TEXT = """
Diarrhea|腹瀉
Watery diarrhea|水瀉
Loose stool|軟便
Diarrhoea|拉肚子
Hand-foot syndrome|手足症候群
Hand-foot skin reaction|手足皮膚反應
Palmar-plantar erythrodysesthesia syndrome|掌蹠紅腫症
Hypertension|高血壓
High blood pressure|血壓偏高
Elevated blood pressure|血壓升高
Fatigue|疲倦
Tiredness|疲累
Exhaustion|精疲力竭
Easy fatigability|容易疲勞
Asthenia|無力
Weakness|虛弱
Decreased appetite|食慾下降
Loss of appetite|食慾不振
Poor appetite|胃口不佳
Nausea|噁心
Feeling sick|反胃
Queasiness|噁心感
Vomiting|嘔吐
Emesis|吐了數次
Stomatitis|口腔炎
Oral mucositis|口腔黏膜炎
Mouth sores|口腔潰瘍
Oral ulcer|嘴破
Dysphonia|發聲困難
Hoarseness|聲音沙啞
Hoarse voice|嗓音沙啞
Dysgeusia|味覺障礙
Taste altered|味覺改變
Taste disturbance|味覺異常
Dry mouth|口乾
Xerostomia|口腔乾燥
Abdominal pain|腹痛
Belly pain|肚子痛
Stomach ache|胃痛
Epigastric pain|上腹痛
Constipation|便秘
Indigestion|消化不良
Dyspepsia|胃部不適
Rash|紅疹
Skin rash|皮疹
Maculopapular rash|斑丘疹
Pruritus|搔癢症
Itching|皮膚癢
Dry skin|皮膚乾燥
Hair loss|掉髮
Alopecia|禿髮
Pyrexia|發熱
Fever|發燒
Leg swelling|腿部腫脹
Peripheral edema|周邊水腫
Swollen ankles|腳踝腫
Back pain|背痛
Low back pain|下背痛
Leg pain|腿痛
Pain in extremity|四肢疼痛
Joint pain|關節痛
Arthralgia|關節疼痛症
Muscle pain|肌肉痛
Myalgia|肌痛
Muscle cramps|抽筋
Insomnia|失眠
Trouble sleeping|難以入睡
Anxiety|焦慮
Headache|頭痛
Dizziness|頭暈
Lightheadedness|頭重腳輕
Peripheral neuropathy|周邊神經病變
Cough|咳嗽
Dyspnea|呼吸困難
Shortness of breath|呼吸急促
Common cold|感冒
Upper respiratory tract infection|上呼吸道感染
URTI|上呼吸道感染症
UTI|尿路感染
Urinary tract infection|泌尿道感染
COVID-19|新冠肺炎
Pneumonia|肺炎
Lung infection|肺部感染
Nosebleed|流鼻血
Epistaxis|鼻出血
Upper GI bleeding|上消化道出血
Upper gastrointestinal hemorrhage|上腸胃道出血
Esophageal varices hemorrhage|食道靜脈曲張出血
Hepatic encephalopathy|肝性腦病變
Liver encephalopathy|肝腦病變
Liver failure|肝衰竭
Hepatic failure|肝功能衰竭
Sepsis|敗血症
Spontaneous bacterial peritonitis|自發性細菌性腹膜炎
Ascites|腹水
Fluid in abdomen|腹部積水
Hypothyroidism|甲狀腺功能低下
Low thyroid|甲狀腺功能不足
Platelet count decreased|血小板計數降低
Platelets decreased|血小板減少
Low platelets|血小板偏低
AST increased|AST升高
AST elevation|AST上升
Aspartate aminotransferase increased|天門冬胺酸轉胺酵素升高
ALT increased|ALT升高
ALT elevation|ALT上升
Alanine aminotransferase increased|丙胺酸轉胺酵素升高
Blood bilirubin increased|血中膽紅素升高
Bilirubin increased|膽紅素升高
Total bilirubin increased|總膽紅素升高
ALP increased|ALP升高
Alkaline phosphatase increased|鹼性磷酸酵素升高
GGT increased|GGT升高
Hypoalbuminemia|低白蛋白血症
Low albumin|白蛋白偏低
Neutrophil count decreased|嗜中性球計數降低
Neutrophils decreased|嗜中性球減少
WBC decreased|白血球減少
White blood cell count decreased|白血球計數降低
Anemia|貧血
Low haemoglobin|血紅素偏低
Proteinuria|蛋白尿
Protein in urine|尿中有蛋白
Hepatocellular carcinoma|肝細胞癌
Chronic hepatitis B|慢性B型肝炎
Chronic hepatitis C|慢性C型肝炎
Liver cirrhosis|肝硬化
Type 2 diabetes mellitus|第二型糖尿病
Diabetes mellitus|糖尿病
Dyslipidemia|血脂異常
Hyperlipidemia|高血脂症
Gout|痛風
GERD|胃食道逆流
Gastric ulcer|胃潰瘍
Benign prostatic hyperplasia|攝護腺肥大
Cataract|白內障
Gallstones|膽結石
Acute appendicitis|急性闌尾炎
Coronary artery disease|冠狀動脈疾病
Osteoarthritis|退化性關節炎
Bronchial asthma|支氣管氣喘
Fatty liver|脂肪肝
Glaucoma|青光眼
Osteoporosis|骨質疏鬆症
Migraine|偏頭痛
Bone fracture|骨折
Entecavir|貝樂克
Tenofovir alafenamide|韋立得
Tenofovir disoproxil|惠立妥
Amlodipine|脈優
Losartan|可悅您
Valsartan|得安穩
Bisoprolol|康肯
Propranolol|恩特來
Metformin|庫魯化
Linagliptin|糖漸平
Atorvastatin|立普妥
Rosuvastatin|冠脂妥
Allopurinol|安樂普諾
Febuxostat|福避痛
Esomeprazole|耐適恩
Pantoprazole|保衛胃
Tamsulosin|活路利淨
Aspirin|阿斯匹靈
Latanoprost|舒而坦
Calcium carbonate|碳酸鈣
Loperamide|樂必寧
Dioctahedral smectite|舒腹達
Urea cream|尿素乳膏
Betamethasone cream|貝他每松乳膏
Metoclopramide|普林博寧
Prochlorperazine|嘔立舒
Megestrol acetate|麥格斯
Triamcinolone oral paste|口內膏
Acetaminophen|普拿疼
Tramadol|特拉嗎竇
Levothyroxine|昂特欣
Lactulose|樂瀉
Sennoside|便通樂
Amoxicillin-clavulanate|安滅菌
Ceftriaxone|羅氏芬
Dextromethorphan|咳酚
Chlorpheniramine|鼻咽敏
Zolpidem|使蒂諾斯
Lorazepam|安定文
Silymarin|利肝能
Human albumin|人血清白蛋白
Furosemide|來適泄
Spironolactone|安達通
Terlipressin|可利新
Pregabalin|利瑞卡
Molnupiravir|莫納皮拉韋
Hepatitis B antiviral therapy|B型肝炎抗病毒治療
Cardiac prophylaxis|心血管預防
Atezolizumab|癌自禦
Bevacizumab|癌思停
Tremelimumab|抑可瘤
Durvalumab|抑癌寧
Transarterial chemoembolization|經導管肝動脈化學栓塞術
Radiofrequency ablation|射頻燒灼術
Microwave ablation|微波消融術
Partial hepatectomy|部分肝切除術
Palliative radiotherapy of bone metastasis|骨轉移緩和放射治療
Progression of hepatocellular carcinoma|肝細胞癌惡化
Tumor rupture|腫瘤破裂
Liver failure due to tumor progression|腫瘤惡化致肝衰竭
Patient tolerates the drug well|病人對藥物耐受良好
Drug diary checked|已檢查用藥日誌
Patient came with daughter|病人由女兒陪同
Patient came with son|病人由兒子陪同
Blood drawn before breakfast|早餐前抽血
Teleconsultation the day before|前一日視訊問診
Advised on skin care|已衛教皮膚照護
Blood pressure measured at home is normal|居家血壓正常
Patient lost drug diary|病人遺失用藥日誌
Patient returned from abroad last week|病人上週自國外返回
Visit delayed by public holiday|因國定假日延後訪視
Sample sent to central laboratory|檢體已送中央實驗室
Patient asked about travel|病人詢問旅遊事宜
Weight taken with shoes|體重含鞋
Two tablets returned|退回兩錠藥品
Diet advice given|已給予飲食建議
Seen by dietitian|已會診營養師
Seen by dermatologist|已會診皮膚科
Repeat of abnormal laboratory results|複查異常檢驗值
Evaluation of adverse event|評估不良事件
Segment 2|第二肝段
Segment 3|第三肝段
Segment 4|第四肝段
Segment 5|第五肝段
Segment 6|第六肝段
Segment 7|第七肝段
Segment 8|第八肝段
Left lower lobe|左下葉
Right lower lobe|右下葉
Right upper lobe|右上葉
Portocaval node|肝門腔靜脈間淋巴結
Para-aortic node|主動脈旁淋巴結
Right adrenal|右側腎上腺
Left adrenal|左側腎上腺
Main portal vein|主肝門靜脈
Right portal vein|右肝門靜脈
Lumbar spine|腰椎
Pelvis|骨盆
Pelvic peritoneum|骨盆腔腹膜
Radiological progression|影像學惡化
New lesions on imaging|影像出現新病灶
Patient wants to stop treatment|病人希望停止治療
Patient prefers traditional medicine|病人選擇中醫治療
Clinical deterioration|臨床狀況惡化
Lack of clinical benefit|無臨床效益
Patient moved abroad|病人移居國外
Family decision|家屬決定
Could not be reached by telephone|電話無法聯繫
Consent withdrawn before first dose|首次用藥前撤回同意
Patient needs time to consider|病人需要時間考慮
"""

PHRASES: tuple[tuple[str, str], ...] = tuple(
    (chinese, english) for english, chinese in (line.split("|") for line in _TEXT.strip().splitlines())
)  # (Chinese, English)
CHINESE_OF: Mapping[str, str] = {english: chinese for chinese, english in PHRASES}
ENGLISH_OF: Mapping[str, str] = dict(PHRASES)
