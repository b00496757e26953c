use chassis::{Asked, Asks, Call, wire};
use events::{ItemVerdict, StudentData};
use kernel::{Malformed, PersonId, Personal, SchoolYear, WorkId};
use proto::submission::v1 as message;
use proto::submission::v1::{
    AnswerDisputeRequest, ConfirmReceiptRequest, DisputeReceiptRequest, RecordLetterAnsweredRequest,
    RecordLetterPostedRequest,
};

use super::batches::{Page, verdict};
use crate::domain::receipt::{Command, Of, Receipt, Stage};
use crate::facts::School;

/// Characters of a dispute, and of an answer.
const TEXT_MAX: usize = 500;
/// Disputes of a page, unless another number is asked for; and the most.
const PAGE: (usize, usize) = (50, 200);

/// A student's receipt of a school year.
pub(crate) fn stream(Of { student, year }: Of) -> String {
    format!("receipt-{student}-{year}")
}

impl Asks<Receipt> for ConfirmReceiptRequest {
    fn asks(&self, call: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let year = problems.note("year", wire::school_year(self.year));
        let round = problems.note("round", round(self.round));
        let (year, round) = problems.finish(year.zip(round))?;
        let of = Of { student: call.caller.person, year };
        Ok(Asked::new(stream(of), Command::Confirm { of, round }))
    }
}

impl Asks<Receipt> for DisputeReceiptRequest {
    fn asks(&self, call: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let year = problems.note("year", wire::school_year(self.year));
        let round = problems.note("round", round(self.round));
        let works = works(&mut problems, "work_ids", &self.work_ids);
        let text = problems.note("text", wire::text(&self.text, TEXT_MAX));
        let read = year.zip(round).zip(works.zip(text));
        let ((year, round), (works, text)) = problems.finish(read)?;
        let of = Of { student: call.caller.person, year };
        Ok(Asked::new(stream(of), Command::Dispute { of, round, works, text }))
    }
}

impl Asks<Receipt> for AnswerDisputeRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let of = of(&mut problems, &self.student_id, self.year);
        let again = works(&mut problems, "again_work_ids", &self.again_work_ids);
        let text = problems.note("text", wire::text(&self.text, TEXT_MAX));
        let (of, (again, text)) = problems.finish(of.zip(again.zip(text)))?;
        Ok(Asked::new(stream(of), Command::Answer { of, again, text }))
    }
}

impl Asks<Receipt> for RecordLetterPostedRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let of = of(&mut problems, &self.student_id, self.year);
        let on = problems.note("on", wire::day(&self.on));
        let (of, on) = problems.finish(of.zip(on))?;
        Ok(Asked::new(stream(of), Command::PostLetter { of, on }))
    }
}

impl Asks<Receipt> for RecordLetterAnsweredRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let of = of(&mut problems, &self.student_id, self.year);
        let on = problems.note("on", wire::day(&self.on));
        let (of, on) = problems.finish(of.zip(on))?;
        Ok(Asked::new(stream(of), Command::AnswerLetter { of, on, confirmed: self.confirmed }))
    }
}

fn of(problems: &mut Malformed, student: &str, year: u32) -> Option<Of> {
    let student = problems.note("student_id", wire::id(student));
    let year = problems.note("year", wire::school_year(year));
    student.zip(year).map(|(student, year)| Of { student, year })
}

/// Whose receipt a query is about.
pub(crate) fn asked_of(student: &str, year: u32) -> Result<Of, Malformed> {
    let mut problems = Malformed::default();
    let of = of(&mut problems, student, year);
    problems.finish(of)
}

/// Which of the caller's extracts a query is about.
pub(crate) fn extract(asked: &message::GetExtractRequest) -> Result<(SchoolYear, u16), Malformed> {
    let mut problems = Malformed::default();
    let year = problems.note("year", wire::school_year(asked.year));
    let round = problems.note("round", round(asked.round));
    problems.finish(year.zip(round))
}

fn round(round: u32) -> Result<u16, &'static str> {
    u16::try_from(round).ok().filter(|round| *round > 0).ok_or("must be a round, from 1")
}

fn works(problems: &mut Malformed, field: &'static str, ids: &[String]) -> Option<Vec<WorkId>> {
    let read: Result<Vec<_>, _> = ids.iter().map(|id| wire::id(id)).collect();
    problems.note(field, read)
}

/// A page of disputes.
pub(crate) fn page(size: i32, token: &str) -> Result<Page, Malformed> {
    Page::read(size, token, PAGE)
}

/// A receipt as answer; `None`: there is none.
pub(crate) fn receipt(receipt: &Receipt) -> Option<message::GetReceiptResponse> {
    let open = |text: &Personal<String>| text.open().cloned().unwrap_or_default();
    let dispute = receipt.dispute.as_ref();
    let stage = stage(receipt.stage)?;
    let items = receipt.items.iter().map(|(work, of_work)| message::ReceiptItem {
        work_id: work.to_string(),
        verdict: verdict(*of_work).into(),
    });
    Some(message::GetReceiptResponse {
        round: receipt.round.into(),
        items: items.collect(),
        until: Some(wire::timestamp(receipt.until)),
        stage: stage.into(),
        dispute: dispute.map(|dispute| open(&dispute.text)).unwrap_or_default(),
        answer: dispute.and_then(|dispute| dispute.answer.as_ref()).map(open).unwrap_or_default(),
    })
}

const fn stage(stage: Stage) -> Option<message::ReceiptStage> {
    match stage {
        Stage::None => None,
        Stage::Issued => Some(message::ReceiptStage::Issued),
        Stage::Confirmed => Some(message::ReceiptStage::Confirmed),
        Stage::Disputed { late: false } => Some(message::ReceiptStage::Disputed),
        Stage::Disputed { late: true } => Some(message::ReceiptStage::Late),
        Stage::Answered => Some(message::ReceiptStage::Answered),
    }
}

/// A dispute that isn't answered; `None`: it was answered meanwhile.
pub(crate) fn dispute(student: PersonId, receipt: &Receipt) -> Option<message::Dispute> {
    let Stage::Disputed { late } = receipt.stage else { return None };
    let dispute = receipt.dispute.as_ref()?;
    Some(message::Dispute {
        student_id: student.to_string(),
        round: receipt.round.into(),
        work_ids: dispute.works.iter().map(ToString::to_string).collect(),
        text: dispute.text.open().cloned().unwrap_or_default(),
        due: Some(wire::timestamp(dispute.due)),
        late,
    })
}

/// The letter to a student who left (§8.3), with what became of each work.
pub(crate) fn letter(
    school: &School,
    year: SchoolYear,
    student: &StudentData,
    receipt: &Receipt,
    titles: &[(WorkId, String)],
) -> String {
    let open = |value: &Personal<String>| value.open().cloned().unwrap_or_default();
    let mut lines = vec![
        format!("{}（{}）", school.name, school.code),
        format!("{year} 學年度學習歷程檔案收訖明細（第 {} 次提交）", receipt.round),
        String::new(),
        format!("{} 同學（學號 {}）您好：", open(&student.name), open(&student.number)),
        "本校已將您勾選之學習歷程檔案提交中央資料庫，收訖明細如下：".to_owned(),
        String::new(),
    ];
    for (work, verdict) in &receipt.items {
        let title = titles.iter().find(|(of, _)| of == work).map_or("", |(_, title)| title);
        lines.push(format!("　{}　{title}（{work}）", in_words(*verdict)));
    }
    lines.extend([
        String::new(),
        "請核對上列資料。無誤請簽名寄回；如有疑義，請註明並於收到三日內回覆註冊組。".to_owned(),
        String::new(),
        "簽名：　　　　　　　　　　日期：".to_owned(),
    ]);
    lines.join("\n")
}

const fn in_words(verdict: ItemVerdict) -> &'static str {
    match verdict {
        ItemVerdict::Received => "已收訖",
        ItemVerdict::Missing => "缺漏（將重新提交）",
        ItemVerdict::Altered => "不符（將重新提交）",
        ItemVerdict::Doubled => "重複收訖",
    }
}
