use events::Compartments;
use proto::archive::v1::{Certificate, CertificateLine};

/// What stays after an erasure, and why.
const KEPT: [(&str, &str); 5] = [
    (
        "the ledger: each event with its hash and proof, its personal values unreadable, since history is never altered",
        "帳本之全部事件、雜湊值與證明（個人資料已無法讀取）：歷史紀錄不得竄改。",
    ),
    (
        "in those events the student's pseudonym, dates, counts and salted digests: they name nobody",
        "事件中之代碼、日期、件數與加鹽摘要：無從識別個人。",
    ),
    (
        "the receipts that the student was given: they prove the student's own copies without us",
        "學生已取得之收據：得以自行證明其持有之檔案。",
    ),
    (
        "who of the staff decided what and when, as the record of their duty; reasons of legal holds",
        "承辦人員之職務紀錄與法定保留之事由：屬其執行職務之紀錄。",
    ),
    (
        "in backups made before, the student's keys as they were wrapped: no longer to be opened once the key-encryption \
         key of their time is destroyed, which completes the erasure there",
        "先前備份中經包裹之金鑰：俟當時之金鑰加密金鑰銷毀後即無法開啟，備份部分之刪除於該時完成。",
    ),
];

/// The certificate of an erasure that is done: what was destroyed, what is kept and why (A2).
pub(super) fn of(keys: Compartments, files: u32, claims: u32, packages: u32) -> Certificate {
    let Compartments { identity, coursework, conduct, counselling, works } = keys;
    let destroyed = [
        (
            identity,
            "keys of identity data: name, numbers, birth date",
            "身分資料（姓名、學號、證號、生日）之金鑰",
        ),
        (coursework, "keys of courses and grades", "修課與成績資料之金鑰"),
        (conduct, "keys of attendance, posts and rewards", "出缺勤、幹部及獎懲資料之金鑰"),
        (counselling, "keys of counselling notes", "諮詢輔導紀錄之金鑰"),
        (works, "keys of works: title, summary, file", "作品（標題、簡述、檔案）之金鑰"),
        (files, "files of works, deleted", "已刪除之作品檔案"),
        (
            claims,
            "values by which the student could be found: numbers, sign-in name",
            "可據以查得該生之索引值（學號、證號、帳號）",
        ),
        (
            packages,
            "packages for the central database with the student's works, their keys destroyed",
            "含該生作品之提交資料包（金鑰已銷毀）",
        ),
    ];
    let line = |count, english: &str, chinese: &str| CertificateLine {
        count,
        english: english.to_owned(),
        chinese: chinese.to_owned(),
    };
    Certificate {
        destroyed: destroyed
            .into_iter()
            .map(|(count, english, chinese)| line(count, english, chinese))
            .collect(),
        kept: KEPT.into_iter().map(|(english, chinese)| line(0, english, chinese)).collect(),
    }
}
