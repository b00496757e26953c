use std::fmt;

/// A clause of the regulation, a row of its Annex 1 (`A.11`), or a requirement that no clause states (`U4`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause(&'static str);

/// A clause and what it is about.
#[derive(Clone, Copy, Debug)]
pub struct ClauseText {
    /// Its id: `§4.3.3` is point 四, (三), 3.
    pub id: &'static str,
    /// What it is about, in the regulation's own language; requirements in English.
    pub text: &'static str,
}

impl Clause {
    /// The id, such as `§4.3.3`.
    pub const fn id(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([a, rest_a @ ..], [b, rest_b @ ..]) => *a == *b && same(rest_a, rest_b),
        _ => false,
    }
}

const fn stands_in(id: &str, clauses: &[ClauseText]) -> bool {
    match clauses {
        [] => false,
        [first, rest @ ..] => same(id.as_bytes(), first.id.as_bytes()) || stands_in(id, rest),
    }
}

/// The clause with that id. In a constant, an unknown id fails to compile.
#[expect(
    clippy::panic,
    reason = "in a constant the panic is a compile error; the house test forbids other uses"
)]
pub const fn clause(id: &'static str) -> Clause {
    if stands_in(id, CLAUSES) { Clause(id) } else { panic!("no such clause in kernel::CLAUSES") }
}

/// The clause with that id, if there is one.
pub fn known_clause(id: &str) -> Option<Clause> {
    CLAUSES.iter().find(|clause| clause.id == id).map(|clause| Clause(clause.id))
}

/// Every clause of the regulation, every row of its Annex 1, every requirement.
pub const CLAUSES: &[ClauseText] = &[
    ClauseText { id: "§1", text: "依作業要點訂定本補充規定" },
    ClauseText { id: "§2", text: "成立學生學習歷程檔案工作小組" },
    ClauseText { id: "§3", text: "工作小組成員" },
    ClauseText { id: "§3.1", text: "召集人由校長擔任" },
    ClauseText { id: "§3.2", text: "執行秘書由教務主任擔任" },
    ClauseText { id: "§3.3", text: "小組成員合計十八人" },
    ClauseText { id: "§3.4", text: "工作小組每學期至少召開一次會議及其工作範圍" },
    ClauseText { id: "§4", text: "學習歷程學校平臺由教務處及圖書館建置及管理" },
    ClauseText {
        id: "§4.1", text: "基本資料由註冊組登錄，幹部紀錄由訓育組與社團組登錄"
    },
    ClauseText { id: "§4.2", text: "修課紀錄" },
    ClauseText { id: "§4.2.1", text: "學業成績由註冊組登錄" },
    ClauseText { id: "§4.2.2", text: "課程諮詢紀錄由課程諮詢教師登錄" },
    ClauseText { id: "§4.3", text: "課程學習成果" },
    ClauseText {
        id: "§4.3.1",
        text: "學生每學期於規定時間內上傳課程學習成果，經任課教師認證，件數由工作小組訂之",
    },
    ClauseText { id: "§4.3.2", text: "任課教師每學期於規定時間內完成認證" },
    ClauseText {
        id: "§4.3.3", text: "學生每學年於規定時間內勾選課程學習成果至多六件"
    },
    ClauseText { id: "§4.4", text: "多元表現" },
    ClauseText {
        id: "§4.4.1", text: "學生於規定時間內上傳多元表現，每學年件數由工作小組訂之"
    },
    ClauseText { id: "§4.4.2", text: "學生每學年於規定時間內勾選多元表現至多十件" },
    ClauseText { id: "§5", text: "學籍異動學生之學習歷程檔案依處理原則辦理" },
    ClauseText { id: "§6", text: "訓練、研習及說明" },
    ClauseText { id: "§6.1", text: "學生訓練由圖書館辦理" },
    ClauseText { id: "§6.2", text: "教師研習由教務處辦理" },
    ClauseText { id: "§6.3", text: "親師說明由輔導處辦理" },
    ClauseText { id: "§7", text: "資料建置應變措施" },
    ClauseText { id: "§7.1", text: "學習歷程學校平臺" },
    ClauseText { id: "§7.1.1", text: "校外遠端連線進行資料建置、修正及疑義處置" },
    ClauseText { id: "§7.1.2", text: "職務代理人順位" },
    ClauseText { id: "§7.2", text: "學生學習歷程個人檔案" },
    ClauseText { id: "§7.2.1", text: "引導學生備份個人檔案" },
    ClauseText { id: "§7.2.2", text: "重大事故時提供資源協助學生" },
    ClauseText { id: "§8", text: "人員異動" },
    ClauseText { id: "§8.1", text: "行政人員異動由職務代理人處置" },
    ClauseText { id: "§8.2", text: "任課教師異動之認證委任" },
    ClauseText { id: "§8.3", text: "學生離校之收訖明細確認" },
    ClauseText { id: "§9", text: "成效評核及獎勵" },
    ClauseText { id: "§10", text: "已畢業學生資料封存三年，達保存年限後始得刪除" },
    ClauseText { id: "§11", text: "補充規定經校務會議通過後實施" },
    ClauseText { id: "A.1", text: "附件一 學籍資料" },
    ClauseText { id: "A.2", text: "附件一 社團活動" },
    ClauseText { id: "A.3", text: "附件一 幹部經歷" },
    ClauseText { id: "A.4", text: "附件一 出缺勤紀錄" },
    ClauseText { id: "A.5", text: "附件一 競賽成績（校外）" },
    ClauseText { id: "A.6", text: "附件一 競賽成績（校內）" },
    ClauseText { id: "A.7", text: "附件一 學群探索與就業規劃" },
    ClauseText { id: "A.8", text: "附件一 選修課程名稱" },
    ClauseText { id: "A.9", text: "附件一 課程諮詢紀錄" },
    ClauseText { id: "A.10", text: "附件一 修課科目與學業成績" },
    ClauseText { id: "A.11", text: "附件一 課程學習成果" },
    ClauseText { id: "A.12", text: "附件一 其它表現" },
    ClauseText { id: "A.13", text: "附件一 彈性學習與團體活動" },
    ClauseText { id: "A.14", text: "附件一 學習歷程自述與多元表現綜整心得" },
    ClauseText { id: "A.15", text: "附件一 校內系統問題排解" },
    ClauseText { id: "G1", text: "working group seated" },
    ClauseText { id: "G2", text: "meetings held" },
    ClauseText { id: "G3", text: "policy adopted, versioned, never looser" },
    ClauseText { id: "G3b", text: "the rules and their amendments" },
    ClauseText { id: "G4", text: "default windows" },
    ClauseText { id: "G5", text: "duties held by offices" },
    ClauseText { id: "G6", text: "deputies in order" },
    ClauseText { id: "G7", text: "off-campus access" },
    ClauseText { id: "G8", text: "major incidents" },
    ClauseText { id: "G9", text: "deferred account end, delegated certification" },
    ClauseText { id: "G10", text: "trainings" },
    ClauseText { id: "G11", text: "performance and rewards" },
    ClauseText { id: "G12", text: "help desk" },
    ClauseText { id: "R1", text: "basic data" },
    ClauseText { id: "R2", text: "verification each semester" },
    ClauseText { id: "R3", text: "posts and clubs" },
    ClauseText { id: "R4", text: "attendance" },
    ClauseText { id: "R5", text: "competitions" },
    ClauseText { id: "R6", text: "exploration" },
    ClauseText { id: "R7", text: "courses, teachers, selection" },
    ClauseText { id: "R8", text: "counselling" },
    ClauseText { id: "R9", text: "grades" },
    ClauseText { id: "R10", text: "flexible learning" },
    ClauseText { id: "R11", text: "status changes" },
    ClauseText { id: "R12", text: "bulk import" },
    ClauseText { id: "R13", text: "questions" },
    ClauseText { id: "R14", text: "homeroom follow-up" },
    ClauseText { id: "R15", text: "new school year" },
    ClauseText { id: "U1", text: "course learning outcomes" },
    ClauseText { id: "U2", text: "diverse performances" },
    ClauseText { id: "U3", text: "statement and summary" },
    ClauseText { id: "U4", text: "files" },
    ClauseText { id: "U5", text: "personal backup" },
    ClauseText { id: "U6", text: "revise or withdraw" },
    ClauseText { id: "U7", text: "choice, disclosure, days left" },
    ClauseText { id: "U8", text: "guidance to keep copies" },
    ClauseText { id: "C1", text: "certify or return" },
    ClauseText { id: "C2", text: "delegation" },
    ClauseText { id: "C3", text: "authorship alone, bound by digest" },
    ClauseText { id: "C4", text: "worklist" },
    ClauseText { id: "C5", text: "revocation" },
    ClauseText { id: "S1", text: "selection of outcomes" },
    ClauseText { id: "S2", text: "selection of performances" },
    ClauseText { id: "S3", text: "batch" },
    ClauseText { id: "S4", text: "receipt" },
    ClauseText { id: "S5", text: "confirmation" },
    ClauseText { id: "S6", text: "letters" },
    ClauseText { id: "A1", text: "seal" },
    ClauseText { id: "A2", text: "erasure" },
    ClauseText { id: "A3", text: "fixity" },
    ClauseText { id: "A4", text: "transfer" },
    ClauseText { id: "A5", text: "sealed access" },
    ClauseText { id: "A6", text: "retention" },
    ClauseText { id: "V1", text: "views" },
    ClauseText { id: "V2", text: "as of" },
    ClauseText { id: "V3", text: "read your own writes" },
    ClauseText { id: "T1", text: "audit trail" },
    ClauseText { id: "T2", text: "replay" },
    ClauseText { id: "T3", text: "tamper evidence" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_stands_once() {
        let mut ids: Vec<_> = CLAUSES.iter().map(|clause| clause.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CLAUSES.len());
    }

    #[test]
    fn an_unknown_id_is_no_clause() {
        assert_eq!(known_clause("§4.3.3"), Some(const { clause("§4.3.3") }));
        assert_eq!(known_clause("§4.3.9"), None);
    }
}
