use events::{CertificationEvent, Context, Decider, WorkKind};
use kernel::{
    Clause, CourseId, Instant, Kind, Owner, PersonId, Personal, Public, Semester, Window, WorkId, clause,
};

use crate::facts::Works;

/// Students upload outcomes, the course's teacher certifies them.
const OUTCOMES: Clause = clause("§4.3.1");
/// The course's own teacher certifies each semester, within the window.
const CERTIFICATION: Clause = clause("§4.3.2");
/// The certificate is of these very bytes.
const BOUND: Clause = clause("C3");
/// What is certified or returned.
const JUDGED: Clause = clause("C1");
/// A certification made by mistake is revoked.
const REVOCATION: Clause = clause("C5");
/// A policy says when.
const POLICY: Clause = clause("G3");

/// What the course's teacher has said of one work. Stream `certificate-{work}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing yet.
    #[default]
    None,
    /// Certified, for these bytes.
    Certified {
        /// Their commitment.
        commitment: String,
    },
    /// Returned.
    Returned {
        /// Commitment of the bytes that were returned.
        commitment: String,
        /// Why.
        reason: Personal<String>,
    },
    /// Certified by mistake; it no longer is.
    Revoked,
}

/// What a teacher may ask for.
#[derive(Clone, Debug)]
pub enum Command {
    /// To certify a work.
    Certify {
        /// The work.
        work: WorkId,
        /// Commitment of the bytes that the teacher has seen.
        commitment: String,
    },
    /// To return a work.
    Return {
        /// The work.
        work: WorkId,
        /// Commitment of the bytes that the teacher has seen.
        commitment: String,
        /// Why, 1 to 500 characters.
        reason: String,
    },
    /// To revoke a certification.
    Revoke {
        /// The work.
        work: WorkId,
        /// Why, 1 to 500 characters.
        reason: String,
    },
}

/// Why a work is not certified, returned or revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such work was ever begun.
    UnknownWork,
    /// It is a performance: those need no certification.
    NeedsNoCertification,
    /// The caller doesn't teach the work's course.
    AnothersCourse,
    /// The work is not handed in: begun only, refused, or taken back.
    NotHandedIn,
    /// The work's bytes are others by now.
    OtherBytes {
        /// Commitment of the bytes that are handed in.
        expected: String,
    },
    /// No policy says when works of that semester are certified.
    NoPolicy {
        /// The semester.
        semester: Semester,
    },
    /// Outside the window.
    WindowClosed {
        /// The window.
        window: Window,
        /// When it was asked.
        now: Instant,
    },
    /// What is certified can't be returned.
    AlreadyCertified,
    /// What isn't certified can't be revoked.
    NotCertified,
    /// What is locked for submission stays certified.
    Locked,
}

/// An outcome that the caller may judge.
struct Outcome<'a> {
    student: PersonId,
    course: CourseId,
    semester: Semester,
    handed_in: Option<&'a str>,
}

type At<'a> = Context<'a, Works>;

impl Decider for Certificate {
    type Command = Command;
    type Event = CertificationEvent;
    type Facts = Works;
    type Refusal = Refusal;

    fn decide(&self, at: &At<'_>, command: Command) -> Result<Vec<CertificationEvent>, Refusal> {
        match command {
            Command::Certify { work, commitment } => self.certify(at, work, commitment),
            Command::Return { work, commitment, reason } => self.give_back(at, work, commitment, reason),
            Command::Revoke { work, reason } => self.revoke(at, work, reason),
        }
    }

    fn evolve(&mut self, event: &CertificationEvent) {
        *self = match event {
            CertificationEvent::WorkCertified { commitment, .. } => {
                Self::Certified { commitment: commitment.0.clone() }
            }
            CertificationEvent::WorkReturned { commitment, reason, .. } => {
                Self::Returned { commitment: commitment.0.clone(), reason: reason.clone() }
            }
            CertificationEvent::CertificationRevoked { .. } => Self::Revoked,
        };
    }
}

impl Certificate {
    fn certify(
        &self,
        at: &At<'_>,
        work: WorkId,
        commitment: String,
    ) -> Result<Vec<CertificationEvent>, Refusal> {
        let outcome = outcome(at, work)?;
        outcome.holds(&commitment)?;
        if matches!(self, Self::Certified { commitment: certified } if *certified == commitment) {
            return Ok(Vec::new());
        }
        in_window(at, outcome.semester)?;
        let Outcome { student, course, semester, .. } = outcome;
        let (teacher, commitment) = (at.caller.person, Public(commitment));
        Ok(vec![CertificationEvent::WorkCertified { student, work, course, semester, teacher, commitment }])
    }

    fn give_back(
        &self,
        at: &At<'_>,
        work: WorkId,
        commitment: String,
        reason: String,
    ) -> Result<Vec<CertificationEvent>, Refusal> {
        let outcome = outcome(at, work)?;
        outcome.holds(&commitment)?;
        match self {
            Self::Certified { .. } => return Err(Refusal::AlreadyCertified),
            Self::Returned { commitment: returned, reason: said }
                if *returned == commitment && said.open() == Some(&reason) =>
            {
                return Ok(Vec::new());
            }
            Self::None | Self::Returned { .. } | Self::Revoked => {}
        }
        in_window(at, outcome.semester)?;
        let Outcome { student, course, .. } = outcome;
        let (teacher, commitment) = (at.caller.person, Public(commitment));
        let reason = Personal::new(Owner::work(student, work), reason);
        Ok(vec![CertificationEvent::WorkReturned { student, work, course, teacher, reason, commitment }])
    }

    /// A mistake is put right whenever it is noticed, until the work is locked for submission: no window ends that.
    fn revoke(&self, at: &At<'_>, work: WorkId, reason: String) -> Result<Vec<CertificationEvent>, Refusal> {
        let Outcome { student, course, semester, .. } = outcome(at, work)?;
        match self {
            Self::Certified { .. } => {}
            Self::Revoked => return Ok(Vec::new()),
            Self::None | Self::Returned { .. } => return Err(Refusal::NotCertified),
        }
        // Whoever locks at the same time is first or second, never beside it.
        if at.guarded_facts_of(&format!("selection-{student}-{}", semester.year)).is_locked(work) {
            return Err(Refusal::Locked);
        }
        let teacher = at.caller.person;
        let reason = Personal::new(Owner::work(student, work), reason);
        Ok(vec![CertificationEvent::CertificationRevoked {
            student,
            work,
            course,
            semester,
            teacher,
            reason,
        }])
    }
}

/// The work, if it is an outcome of a course that the caller teaches.
fn outcome<'a>(at: &At<'a>, work: WorkId) -> Result<Outcome<'a>, Refusal> {
    let works = at.facts();
    let found = works.work(work).ok_or(Refusal::UnknownWork)?;
    // The work must be what it is here until the event is appended.
    at.guarded_facts_of(&found.stream());
    let WorkKind::Outcome { course, semester } = found.kind else {
        return Err(Refusal::NeedsNoCertification);
    };
    if !at.teaches(course, at.caller.person) {
        return Err(Refusal::AnothersCourse);
    }
    Ok(Outcome { student: found.student, course, semester, handed_in: found.handed_in.as_deref() })
}

impl Outcome<'_> {
    /// Whether the bytes that are handed in are those that the teacher has seen.
    fn holds(&self, commitment: &str) -> Result<(), Refusal> {
        match self.handed_in {
            None => Err(Refusal::NotHandedIn),
            Some(expected) if expected == commitment => Ok(()),
            Some(expected) => Err(Refusal::OtherBytes { expected: expected.to_owned() }),
        }
    }
}

fn in_window(at: &At<'_>, semester: Semester) -> Result<(), Refusal> {
    let policy = at.policy(semester.year);
    let terms = policy.and_then(|policy| policy.terms.semesters.get(&semester));
    let window = terms.ok_or(Refusal::NoPolicy { semester })?.certification;
    if window.holds(at.now) { Ok(()) } else { Err(Refusal::WindowClosed { window, now: at.now }) }
}

impl kernel::Refusal for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownWork => Kind::NotFound,
            Self::AnothersCourse => Kind::PermissionDenied,
            Self::NeedsNoCertification
            | Self::NotHandedIn
            | Self::OtherBytes { .. }
            | Self::NoPolicy { .. }
            | Self::WindowClosed { .. }
            | Self::AlreadyCertified
            | Self::NotCertified
            | Self::Locked => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnknownWork => "CERTIFICATION_WORK_UNKNOWN",
            Self::NeedsNoCertification => "CERTIFICATION_NOT_NEEDED",
            Self::AnothersCourse => "CERTIFICATION_OF_ANOTHERS_COURSE",
            Self::NotHandedIn => "CERTIFICATION_WORK_NOT_HANDED_IN",
            Self::OtherBytes { .. } => "CERTIFICATION_OTHER_BYTES",
            Self::NoPolicy { .. } => "CERTIFICATION_WITHOUT_POLICY",
            Self::WindowClosed { .. } => "CERTIFICATION_WINDOW_CLOSED",
            Self::AlreadyCertified => "CERTIFICATION_STANDS",
            Self::NotCertified => "CERTIFICATION_NOT_THERE",
            Self::Locked => "CERTIFICATE_LOCKED",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::UnknownWork | Self::NeedsNoCertification => JUDGED,
            Self::NotHandedIn => OUTCOMES,
            Self::AnothersCourse | Self::WindowClosed { .. } => CERTIFICATION,
            Self::OtherBytes { .. } => BOUND,
            Self::NoPolicy { .. } => POLICY,
            Self::AlreadyCertified | Self::NotCertified | Self::Locked => REVOCATION,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::UnknownWork => "there is no such work; take its id from the worklist".into(),
            Self::NeedsNoCertification => "a diverse performance needs no certification".into(),
            Self::AnothersCourse => {
                "only a teacher of the work's own course judges it; the curriculum office assigns teachers"
                    .into()
            }
            Self::NotHandedIn => {
                "the work is not handed in: the student has not finished it, or took it back".into()
            }
            Self::OtherBytes { .. } => {
                "the work's file is another than the one that was seen; look at it and ask again".into()
            }
            Self::NoPolicy { semester } => {
                format!(
                    "no policy in force says when works of {semester} are certified; it must be adopted first"
                )
            }
            Self::WindowClosed { window, now } => format!(
                "works of this semester are certified from {} until {}; it is {now}",
                window.from, window.until
            ),
            Self::AlreadyCertified => "the work is certified; revoke the certification instead".into(),
            Self::NotCertified => "the work is not certified, so there is nothing to revoke".into(),
            Self::Locked => {
                "a certification made by mistake is revoked until the work is locked for submission, and it is; \
                 ask the registrar"
                    .into()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::UnknownWork => "查無此件作品，請由待認證清單取得代碼。".into(),
            Self::NeedsNoCertification => "多元表現不需認證。".into(),
            Self::AnothersCourse => "僅該課程之任課教師得認證；任課教師由教學組設定。".into(),
            Self::NotHandedIn => "此件作品尚未完成上傳，或已由學生撤回。".into(),
            Self::OtherBytes { .. } => "作品檔案與您所見不同，請重新檢視後再送出。".into(),
            Self::NoPolicy { semester } => format!("{semester} 學期尚無認證期間之規定，請先訂定。"),
            Self::WindowClosed { window, now } => {
                format!("本學期認證期間為 {} 至 {}，現在是 {now}。", window.from, window.until)
            }
            Self::AlreadyCertified => "此件作品已認證，請改用撤銷認證。".into(),
            Self::NotCertified => "此件作品未經認證，無可撤銷。".into(),
            Self::Locked => "此件作品已鎖定並提交中央資料庫，不得撤銷認證，請洽註冊組。".into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OtherBytes { expected } => vec![("expected", expected.clone())],
            Self::NoPolicy { semester } => vec![("semester", semester.to_string())],
            Self::WindowClosed { window, now } => vec![
                ("from", window.from.to_string()),
                ("until", window.until.to_string()),
                ("now", now.to_string()),
            ],
            Self::UnknownWork
            | Self::NeedsNoCertification
            | Self::AnothersCourse
            | Self::NotHandedIn
            | Self::AlreadyCertified
            | Self::NotCertified
            | Self::Locked => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
