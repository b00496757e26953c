//! A student's receipt (收訖明細) of a school year: issued, confirmed or disputed, by letter to who left (§8.3). Stream
//! `receipt-{student}-{year}`.

use std::collections::BTreeMap;

use events::{Context, Decider, ItemVerdict, ReceiptItem, Standing, SubmissionEvent};
use kernel::{
    Compartment, Date, Instant, Owner, PersonId, Personal, SchoolYear, WorkId, day_in_taipei, end_of_days,
};

use crate::facts::Submissions;

mod refusal;

pub use refusal::Refusal;

/// Days in which a receipt is confirmed or disputed, and in which the school answers (S5).
const DAYS: u8 = 3;

/// What a student's receipt has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The round that it was last issued in; 0: never.
    pub round: u16,
    /// What became of each work that was sent, in any round.
    pub items: BTreeMap<WorkId, ItemVerdict>,
    /// Until when it is confirmed or disputed.
    pub until: Instant,
    /// How it stands.
    pub stage: Stage,
    /// The dispute that was last answered, or is to be answered.
    pub dispute: Option<Dispute>,
    /// The letter that it was posted with.
    pub letter: Option<Letter>,
}

/// How a receipt stands with its student.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    #[default]
    None,
    /// It is to be confirmed or disputed.
    Issued,
    /// It is confirmed.
    Confirmed,
    /// It is disputed, and not answered.
    Disputed {
        /// Whether the answer is late.
        late: bool,
    },
    /// The dispute is answered; it is to be confirmed, or disputed again.
    Answered,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The works that it is about; none: the receipt as a whole.
    pub works: Vec<WorkId>,
    /// What is wrong.
    pub text: Personal<String>,
    /// Until when it is answered.
    pub due: Instant,
    /// The answer.
    pub answer: Option<Personal<String>>,
}

/// A letter to a student who left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The round of the receipt in it.
    pub round: u16,
    /// The day it was posted.
    pub posted: Date,
    /// The day it was answered, and whether the receipt was confirmed.
    pub answered: Option<(Date, bool)>,
}

/// Whose receipt, of which school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of {
    /// The student.
    pub student: PersonId,
    /// The school year.
    pub year: SchoolYear,
}

/// What can be asked of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What follows from the central database's receipt: the student's part of it.
    Issue {
        /// Whose.
        of: Of,
        /// The round.
        round: u16,
        /// What became of each work of the round.
        items: Vec<ReceiptItem>,
    },
    /// To confirm it.
    Confirm {
        /// Whose.
        of: Of,
        /// The round that the student has seen.
        round: u16,
    },
    /// To say that it is wrong.
    Dispute {
        /// Whose.
        of: Of,
        /// The round that the student has seen.
        round: u16,
        /// The works that it is about; none: the receipt as a whole.
        works: Vec<WorkId>,
        /// What is wrong, 1 to 500 characters.
        text: String,
    },
    /// What follows when a dispute isn't answered in time.
    FallLate {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
    },
    /// To answer a dispute.
    Answer {
        /// Whose.
        of: Of,
        /// The works that are sent again, since the school erred; none: the receipt stands.
        again: Vec<WorkId>,
        /// The answer, 1 to 500 characters.
        text: String,
    },
    /// To note that it was posted.
    PostLetter {
        /// Whose.
        of: Of,
        /// The day.
        on: Date,
    },
    /// To note that the letter was answered.
    AnswerLetter {
        /// Whose.
        of: Of,
        /// The day.
        on: Date,
        /// Whether the receipt is confirmed.
        confirmed: bool,
    },
}

type At<'a> = Context<'a, Submissions>;
type Decided = Result<Vec<SubmissionEvent>, Refusal>;

impl Decider for Receipt {
    type Command = Command;
    type Event = SubmissionEvent;
    type Facts = Submissions;
    type Refusal = Refusal;

    fn decide(&self, at: &At<'_>, command: Command) -> Decided {
        match command {
            Command::Issue { of, round, items } => Ok(self.issue(at, of, round, &items)),
            Command::Confirm { of, round } => self.confirm(at, of, round),
            Command::Dispute { of, round, works, text } => self.dispute(at, of, round, (works, text)),
            Command::FallLate { student, year, round } => Ok(match self.stage {
                Stage::Disputed { late: false } => {
                    vec![SubmissionEvent::DisputeFellLate { student, year, round }]
                }
                Stage::Disputed { late: true }
                | Stage::None
                | Stage::Issued
                | Stage::Confirmed
                | Stage::Answered => Vec::new(),
            }),
            Command::Answer { of, again, text } => self.answer(at, of, again, text),
            Command::PostLetter { of, on } => self.post_letter(at, of, on),
            Command::AnswerLetter { of, on, confirmed } => self.answer_letter(at, of, on, confirmed),
        }
    }

    fn evolve(&mut self, event: &SubmissionEvent) {
        match event {
            SubmissionEvent::ReceiptIssued { round, items, until, .. } => {
                (self.round, self.until) = (*round, *until);
                self.items = items.iter().map(|item| (item.work, item.verdict)).collect();
                // A dispute is answered, whatever else is sent again meanwhile.
                if !matches!(self.stage, Stage::Disputed { .. }) {
                    self.stage = Stage::Issued;
                }
            }
            SubmissionEvent::ReceiptConfirmed { .. } => self.stage = Stage::Confirmed,
            SubmissionEvent::ReceiptDisputed { works, text, due, .. } => {
                self.stage = Stage::Disputed { late: false };
                let (works, text, due) = (works.clone(), text.clone(), *due);
                self.dispute = Some(Dispute { works, text, due, answer: None });
            }
            SubmissionEvent::DisputeFellLate { .. } => self.stage = Stage::Disputed { late: true },
            SubmissionEvent::DisputeAnswered { text, until, .. } => {
                (self.stage, self.until) = (Stage::Answered, *until);
                if let Some(dispute) = &mut self.dispute {
                    dispute.answer = Some(text.clone());
                }
            }
            SubmissionEvent::LetterPosted { round, on, .. } => {
                self.letter = Some(Letter { round: *round, posted: *on, answered: None });
            }
            SubmissionEvent::LetterAnswered { on, confirmed, .. } => {
                if let Some(letter) = &mut self.letter {
                    letter.answered = Some((*on, *confirmed));
                }
            }
            SubmissionEvent::OutcomeTicked { .. }
            | SubmissionEvent::OutcomeUnticked { .. }
            | SubmissionEvent::PerformanceTicked { .. }
            | SubmissionEvent::PerformanceUnticked { .. }
            | SubmissionEvent::SelectionLocked { .. }
            | SubmissionEvent::BatchPrepared { .. }
            | SubmissionEvent::BatchLocked { .. }
            | SubmissionEvent::FindingsNoted { .. }
            | SubmissionEvent::BatchChecked { .. }
            | SubmissionEvent::BatchApproved { .. }
            | SubmissionEvent::PackageBuilt { .. }
            | SubmissionEvent::BatchTransferred { .. }
            | SubmissionEvent::ReceiptReconciled { .. } => {}
        }
    }
}

impl Receipt {
    /// Of a later round, what it says of its works takes the place of what an earlier one said.
    fn issue(&self, at: &At<'_>, of: Of, round: u16, items: &[ReceiptItem]) -> Vec<SubmissionEvent> {
        if round <= self.round {
            return Vec::new();
        }
        let mut all = self.items.clone();
        all.extend(items.iter().map(|item| (item.work, item.verdict)));
        let items = all.into_iter().map(|(work, verdict)| ReceiptItem { work, verdict }).collect();
        let (Of { student, year }, until) = (of, end_of_days(at.now, DAYS));
        vec![SubmissionEvent::ReceiptIssued { student, year, round, items, until }]
    }

    fn confirm(&self, at: &At<'_>, Of { student, year }: Of, round: u16) -> Decided {
        self.seen(round)?;
        match self.stage {
            Stage::Confirmed => return Ok(Vec::new()),
            Stage::Disputed { .. } => return Err(Refusal::InDispute),
            Stage::None | Stage::Issued | Stage::Answered => {}
        }
        let wrong = self.items.values().filter(|verdict| verdict.is_sent_again()).count();
        if wrong > 0 {
            return Err(Refusal::Incomplete { wrong });
        }
        self.open(at)?;
        Ok(vec![SubmissionEvent::ReceiptConfirmed { student, year, round }])
    }

    fn dispute(&self, at: &At<'_>, of: Of, round: u16, (works, text): (Vec<WorkId>, String)) -> Decided {
        self.seen(round)?;
        match self.stage {
            Stage::Confirmed => return Err(Refusal::Confirmed),
            Stage::Disputed { .. } => return Err(Refusal::InDispute),
            Stage::None | Stage::Issued | Stage::Answered => {}
        }
        self.open(at)?;
        self.all_in(&works)?;
        let Of { student, year } = of;
        let (text, due) = (written(student, text), end_of_days(at.now, DAYS));
        Ok(vec![SubmissionEvent::ReceiptDisputed { student, year, round, works, text, due }])
    }

    fn answer(&self, at: &At<'_>, of: Of, again: Vec<WorkId>, text: String) -> Decided {
        match self.stage {
            Stage::Disputed { .. } => {}
            Stage::None | Stage::Issued | Stage::Confirmed | Stage::Answered => {
                return Err(Refusal::NotDisputed);
            }
        }
        self.all_in(&again)?;
        let (Of { student, year }, round) = (of, self.round);
        let (text, until) = (written(student, text), end_of_days(at.now, DAYS));
        Ok(vec![SubmissionEvent::DisputeAnswered { student, year, round, again, text, until }])
    }

    fn post_letter(&self, at: &At<'_>, Of { student, year }: Of, on: Date) -> Decided {
        match at.standing(student) {
            Some(Standing::Left(_) | Standing::Graduated) => {}
            Some(Standing::Enrolled) | None => return Err(Refusal::NotLeft),
        }
        let round = self.issued()?;
        past(at, on)?;
        match self.letter {
            Some(Letter { round: posted, posted: day, .. }) if (posted, day) == (round, on) => Ok(Vec::new()),
            Some(_) | None => Ok(vec![SubmissionEvent::LetterPosted { student, year, round, on }]),
        }
    }

    fn answer_letter(&self, at: &At<'_>, of: Of, on: Date, confirmed: bool) -> Decided {
        let Letter { round, answered, posted } = self.letter.ok_or(Refusal::NotPosted)?;
        past(at, on)?;
        if on < posted {
            return Err(Refusal::AnsweredBeforePosted { posted });
        }
        if answered == Some((on, confirmed)) {
            return Ok(Vec::new());
        }
        let Of { student, year } = of;
        Ok(vec![SubmissionEvent::LetterAnswered { student, year, round, on, confirmed }])
    }

    fn issued(&self) -> Result<u16, Refusal> {
        if self.round == 0 { Err(Refusal::NotIssued) } else { Ok(self.round) }
    }

    /// What is confirmed or disputed is the receipt that the student has seen.
    fn seen(&self, round: u16) -> Result<(), Refusal> {
        let newest = self.issued()?;
        if newest == round { Ok(()) } else { Err(Refusal::OtherRound { newest }) }
    }

    fn open(&self, at: &At<'_>) -> Result<(), Refusal> {
        if at.now < self.until { Ok(()) } else { Err(Refusal::Closed { until: self.until, now: at.now }) }
    }

    fn all_in(&self, works: &[WorkId]) -> Result<(), Refusal> {
        match works.iter().find(|work| !self.items.contains_key(work)) {
            None => Ok(()),
            Some(work) => Err(Refusal::NotInReceipt { work: *work }),
        }
    }
}

fn written(student: PersonId, text: String) -> Personal<String> {
    Personal::new(Owner::new(student, Compartment::Coursework), text)
}

fn past(at: &At<'_>, on: Date) -> Result<(), Refusal> {
    let today = day_in_taipei(at.now);
    if on <= today { Ok(()) } else { Err(Refusal::InFuture { today }) }
}

#[cfg(test)]
mod tests;
