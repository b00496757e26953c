use events::Category;

use super::FieldKind::{Code, Date, DateFrom, Number, Text};
use super::{Field, FieldKind, Sheet};

/// Characters of a name or unit for which no length is known.
const NAME: FieldKind = Text(100);
/// Hours (時數): three decimals.
const HOURS: FieldKind = Number(4, 3);
/// A school year (學年度) of the Republic.
const YEAR: FieldKind = Number(3, 0);
/// A semester (學期) of it.
const TERM: FieldKind = Code(&[("1", "第一學期"), ("2", "第二學期")]);
/// The last day of what began on the day of `start-date`.
const END: FieldKind = DateFrom("start-date");

const fn needed(name: &'static str, column: &'static str, kind: FieldKind) -> Field {
    Field { name, column, kind, required: true }
}

const fn free(name: &'static str, column: &'static str, kind: FieldKind) -> Field {
    Field { name, column, kind, required: false }
}

/// The ten sheets of roster 25 (學生自填多元表現名冊) since the curriculum of 108.
pub(super) const FROM_108: &[Sheet] = &[
    Sheet {
        category: Category::Post,
        chinese: "幹部經歷暨事蹟紀錄",
        fields: &[
            needed("unit", "單位名稱", Text(20)),
            needed("start-date", "開始日期", Date),
            needed("end-date", "結束日期", END),
            free("position", "擔任職務名稱", Text(20)),
            free("level", "幹部等級", Code(LEVELS)),
        ],
    },
    Sheet {
        category: Category::Competition,
        chinese: "競賽參與紀錄",
        fields: &[
            free("name", "競賽名稱", Text(40)),
            free("item", "項目", Text(20)),
            free(
                "level",
                "競賽等級代碼",
                Code(&[("1", "校級"), ("2", "縣市級"), ("3", "全國"), ("4", "國際")]),
            ),
            free("award", "獎項", Text(20)),
            needed("announced-on", "結果公布日期", Date),
            free("team", "團體參與代碼", Code(&[("1", "個人"), ("2", "團體")])),
        ],
    },
    Sheet {
        category: Category::Licence,
        chinese: "檢定證照紀錄",
        fields: &[
            free("code", "證照代碼", Text(4)),
            needed("kind", "註1", Code(LICENCES)),
            free("score", "分數", Text(5)),
            free("parts", "分項結果", Text(50)),
            needed("obtained-on", "取得證照日期", Date),
            free("number", "證照字號", Text(20)),
            free("group", "檢定組別", Text(20)),
        ],
    },
    Sheet {
        category: Category::Service,
        chinese: "服務學習紀錄",
        fields: &[
            free("name", "服務名稱", Text(20)),
            needed("unit", "服務單位", Text(20)),
            needed("start-date", "開始日期", Date),
            needed("end-date", "結束日期", END),
            free("hours", "時數", HOURS),
        ],
    },
    Sheet {
        category: Category::FlexibleLearning,
        chinese: "彈性學習時間紀錄",
        fields: &[
            needed("kind", "彈性學習時間類別代碼", Code(FLEXIBLE)),
            free("name", "內容（開設名稱）", NAME),
            needed("unit", "開設單位", NAME),
            needed("year", "開設學年度", YEAR),
            needed("term", "開設學期", TERM),
            free("periods-a-week", "每週節數", Number(2, 0)),
            free("weeks", "開設週數", Number(2, 0)),
        ],
    },
    Sheet {
        category: Category::GroupActivity,
        chinese: "團體活動時間紀錄",
        fields: &[
            needed("kind", "團體活動時間類別代碼", Code(GROUP)),
            needed("unit", "辦理單位", NAME),
            free("name", "團體活動內容名稱", NAME),
            needed("year", "活動學年度", YEAR),
            needed("term", "活動學期", TERM),
            free("hours", "節數（或時數）", HOURS),
        ],
    },
    Sheet {
        category: Category::Workplace,
        chinese: "職場學習紀錄",
        fields: &[
            needed("kind", "職場學習類別代碼", Code(WORKPLACE)),
            needed("unit", "職場學習單位", NAME),
            free("position", "職場學習職稱", NAME),
            needed("start-date", "開始日期", Date),
            needed("end-date", "結束日期", END),
            free("hours", "時數", HOURS),
        ],
    },
    Sheet {
        category: Category::Piece,
        chinese: "作品成果紀錄",
        fields: &[free("name", "名稱", NAME), needed("date", "作品日期", Date)],
    },
    Sheet {
        category: Category::AdvancedCourse,
        chinese: "大學及技專校院先修課程紀錄",
        fields: &[
            free("project", "計畫專案", NAME),
            needed("unit", "開設單位", NAME),
            free("name", "課程名稱", NAME),
            needed("start-date", "開始日期", Date),
            needed("end-date", "結束日期", END),
            free("credits", "學分數", Number(2, 1)),
            free("hours", "總時數", HOURS),
        ],
    },
    Sheet {
        category: Category::Other,
        chinese: "其他多元表現紀錄",
        fields: &[
            free("name", "名稱", NAME),
            needed("unit", "主辦單位", NAME),
            needed("start-date", "開始日期", Date),
            needed("end-date", "結束日期", END),
            free("hours", "時數", HOURS),
        ],
    },
];

const LEVELS: &[(&str, &str)] =
    &[("1", "校級"), ("2", "班級"), ("3", "社團"), ("4", "實習"), ("5", "校外自治組織團體"), ("9", "其他")];
const LICENCES: &[(&str, &str)] =
    &[("1", "英語"), ("2", "其他語言"), ("3", "技能檢定及技術士"), ("4", "不在以上")];
const FLEXIBLE: &[(&str, &str)] =
    &[("1", "自主學習"), ("2", "選手培訓"), ("3", "充實（增廣）"), ("4", "補強性"), ("5", "學校特色活動")];
const GROUP: &[(&str, &str)] = &[
    ("1", "班級活動"),
    ("2", "社團活動"),
    ("3", "學生自治會活動"),
    ("4", "週會"),
    ("5", "講座"),
    ("6", "其他"),
];
const WORKPLACE: &[(&str, &str)] =
    &[("1", "職場體驗或參訪"), ("2", "職場實習"), ("3", "職場工作經驗"), ("4", "其他")];
