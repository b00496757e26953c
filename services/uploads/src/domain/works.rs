use std::collections::BTreeMap;
use std::time::Duration;

use events::{Category, Context, Decider, Detail, FileDescription, Standing, UploadsEvent, WorkKind};
use kernel::{CourseId, FileId, Instant, Owner, PersonId, Personal, Public, SchoolYear, WorkId};

use super::{FileFault, MediaType, Of, Refusal, Written, segments};
use crate::facts::Uploads;

/// How long an upload that was begun in its window may take (U4).
pub const UPLOAD_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A student's works of a school year. Stream `works-{student}-{year}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Works {
    works: BTreeMap<WorkId, Work>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// What it is.
    pub kind: WorkKind,
    /// Its file.
    pub file: FileId,
    /// Bytes of the file.
    pub size: u32,
    /// The file's name as the student gave it.
    pub name: Personal<String>,
    /// SHA-256 of the file, hex, as the student gave it.
    pub sha256: Personal<String>,
    /// 32 bytes in hex, drawn for this work.
    pub salt: Personal<String>,
    /// How far it has come.
    pub stage: Stage,
}

/// How far a work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Begun; it may be finished until then.
    Begun {
        /// The first instant at which it is too late.
        until: Instant,
    },
    /// Its time ran out, and another was begun since.
    Lapsed {
        /// When it ran out.
        until: Instant,
    },
    /// Handed in.
    HandedIn,
    /// Its file was refused.
    Refused(FileFault),
    /// Taken back.
    Withdrawn,
}

/// What a student begins a work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Title, 1 to 100 characters.
    pub title: String,
    /// Summary (簡述), 1 to 100 characters.
    pub summary: String,
    /// The file's name, with its ending.
    pub name: String,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// 32 random bytes in hex, drawn before this is decided.
    pub salt: String,
}

/// What was found when a complete file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// MD5 of the file, hex.
    pub md5: String,
    /// SHA-256 of the sealed segments in order, hex.
    pub sealed_sha256: String,
    /// SHA-256("licheng/file/1" ‖ salt ‖ SHA-256(file)), hex.
    pub commitment: String,
    /// What it is, or why it is refused.
    pub verdict: Result<MediaType, FileFault>,
}

/// What a student may ask for.
#[derive(Clone, Debug)]
pub enum Command {
    /// To begin a course learning outcome.
    BeginOutcome {
        /// The course.
        course: CourseId,
        /// What it begins with.
        begin: Begin,
    },
    /// To begin a diverse performance.
    BeginPerformance {
        /// Its category.
        category: Category,
        /// The school year that it counts in.
        year: SchoolYear,
        /// What it begins with.
        begin: Begin,
        /// What its category asks for, read by its sheet.
        details: Vec<Written>,
    },
    /// To hand a work in.
    Finish {
        /// The work.
        work: WorkId,
        /// What was found; `None`: nothing was read, since the work was no longer one that can be finished.
        found: Option<Found>,
    },
    /// To take a work back.
    Withdraw {
        /// The work.
        work: WorkId,
    },
}

type At<'a> = Context<'a, Uploads>;
type Decided = Result<Vec<UploadsEvent>, Refusal>;

impl Decider for Works {
    type Command = Command;
    type Event = UploadsEvent;
    type Facts = Uploads;
    type Refusal = Refusal;

    fn decide(&self, at: &At<'_>, command: Command) -> Decided {
        match command {
            Command::BeginOutcome { course, begin } => self.begin_outcome(at, course, begin),
            Command::BeginPerformance { category, year, begin, details } => {
                self.begin_performance(at, (category, year), begin, details)
            }
            Command::Finish { work, found } => self.finish(at, work, found),
            Command::Withdraw { work } => self.withdraw(at, work),
        }
    }

    fn evolve(&mut self, event: &UploadsEvent) {
        match event {
            UploadsEvent::WorkBegun { work, kind, file, declared, size, until, salt, .. } => {
                self.lapse(until.minus(UPLOAD_TIME));
                let begun = Work {
                    kind: *kind,
                    file: *file,
                    size: *size,
                    name: declared.name.clone(),
                    sha256: declared.sha256.clone(),
                    salt: salt.clone(),
                    stage: Stage::Begun { until: *until },
                };
                self.works.insert(*work, begun);
            }
            UploadsEvent::OutcomeSubmitted { work, .. } | UploadsEvent::PerformanceSubmitted { work, .. } => {
                self.stage(*work, Stage::HandedIn);
            }
            UploadsEvent::FileRefused { work, reason, .. } => {
                let fault = FileFault::known(&reason.0).unwrap_or(FileFault::Unreadable);
                self.stage(*work, Stage::Refused(fault));
            }
            UploadsEvent::WorkWithdrawn { work, .. } => self.stage(*work, Stage::Withdrawn),
        }
    }
}

impl Works {
    /// A work of this student and year, if it was ever begun.
    pub fn work(&self, work: WorkId) -> Option<&Work> {
        self.works.get(&work)
    }

    /// How many works of that kind stand at an instant: handed in, or begun with time left.
    pub fn count(&self, of: Of, at: Instant) -> usize {
        let stands = |work: &&Work| Of::from(work.kind) == of && work.stage.stands(at);
        self.works.values().filter(stands).count()
    }

    fn stage(&mut self, work: WorkId, stage: Stage) {
        self.works.entry(work).and_modify(|work| work.stage = stage);
    }

    /// Once a place has been given to another work, no clock that is behind brings the old one back.
    fn lapse(&mut self, now: Instant) {
        for work in self.works.values_mut() {
            if let Stage::Begun { until } = work.stage
                && until <= now
            {
                work.stage = Stage::Lapsed { until };
            }
        }
    }

    fn begin_outcome(&self, at: &At<'_>, course: CourseId, begin: Begin) -> Decided {
        enrolled(at)?;
        let semester = at.course(course).ok_or(Refusal::UnknownCourse)?.semester;
        if !at.takes(at.caller.person, course, semester) {
            return Err(Refusal::CourseNotTaken);
        }
        let of = Of::Outcomes(semester);
        let policy = at.policy(semester.year).ok_or(Refusal::NoPolicy { of })?;
        let window = policy.terms.semesters.get(&semester).ok_or(Refusal::NoPolicy { of })?.upload;
        if !window.holds(at.now) {
            return Err(Refusal::WindowClosed { of, window, now: at.now });
        }
        self.room(at, of, policy.terms.outcomes_per_semester_max)?;
        begun(at, WorkKind::Outcome { course, semester }, begin, Vec::new())
    }

    fn begin_performance(
        &self,
        at: &At<'_>,
        (category, year): (Category, SchoolYear),
        begin: Begin,
        details: Vec<Written>,
    ) -> Decided {
        enrolled(at)?;
        let of = Of::Performances(year);
        let policy = at.policy(year).ok_or(Refusal::NoPolicy { of })?;
        let window = policy.terms.performance_upload;
        if !window.holds(at.now) {
            return Err(Refusal::WindowClosed { of, window, now: at.now });
        }
        self.room(at, of, policy.terms.performances_per_year_max)?;
        begun(at, WorkKind::Performance { category, year }, begin, details)
    }

    fn room(&self, at: &At<'_>, of: Of, cap: u16) -> Result<(), Refusal> {
        if self.count(of, at.now) < usize::from(cap) { Ok(()) } else { Err(Refusal::Full { of, cap }) }
    }

    fn finish(&self, at: &At<'_>, id: WorkId, found: Option<Found>) -> Decided {
        let work = self.work(id).ok_or(Refusal::UnknownWork)?;
        work.stage.may_finish(at.now)?;
        let found = found.ok_or(Refusal::Incomplete { missing: (0..segments(work.size)).collect() })?;
        let student = at.caller.person;
        // Bytes that nobody announced are no work, whatever they are.
        let announced = work.sha256.open() == Some(&found.sha256);
        let verdict = if announced { found.verdict } else { Err(FileFault::DigestDiffers) };
        Ok(vec![match verdict {
            Ok(media_type) => work.handed_in(student, id, media_type, found),
            Err(fault) => UploadsEvent::FileRefused {
                student,
                work: id,
                kind: work.kind,
                reason: Public(fault.reason().to_owned()),
            },
        }])
    }

    fn withdraw(&self, at: &At<'_>, id: WorkId) -> Decided {
        let work = self.work(id).ok_or(Refusal::UnknownWork)?;
        match work.stage {
            Stage::Withdrawn => return Ok(Vec::new()),
            Stage::Refused(fault) => return Err(Refusal::File(fault)),
            Stage::Begun { .. } | Stage::Lapsed { .. } | Stage::HandedIn => {}
        }
        // Whoever locks or certifies at the same time is first or second, never beside it.
        let selection = format!("selection-{}-{}", at.caller.person, work.kind.year());
        if at.guarded_facts_of(&selection).is_locked(id) {
            return Err(Refusal::Locked);
        }
        if at.guarded_facts_of(&format!("certificate-{id}")).is_certified(id) {
            return Err(Refusal::Certified);
        }
        Ok(vec![UploadsEvent::WorkWithdrawn { student: at.caller.person, work: id, kind: work.kind }])
    }
}

fn enrolled(at: &At<'_>) -> Result<(), Refusal> {
    match at.standing(at.caller.person) {
        Some(Standing::Enrolled) => Ok(()),
        Some(Standing::Graduated | Standing::Left(_)) | None => Err(Refusal::NotEnrolled),
    }
}

fn begun(at: &At<'_>, kind: WorkKind, begin: Begin, details: Vec<Written>) -> Decided {
    let said = MediaType::said_by(&begin.name);
    let size = said.and_then(|media| media.sized(begin.size)).map_err(Refusal::File)?;
    let (student, work) = (at.caller.person, WorkId::new(at.id(0)));
    let personal = |text| Personal::new(Owner::work(student, work), text);
    let detail = |(name, value): Written| Detail { name: Public(name.to_owned()), value: personal(value) };
    Ok(vec![UploadsEvent::WorkBegun {
        student,
        work,
        kind,
        title: personal(begin.title),
        summary: personal(begin.summary),
        file: FileId::new(at.id(1)),
        declared: FileDescription { name: personal(begin.name), sha256: personal(begin.sha256), md5: None },
        size,
        until: at.now.plus(UPLOAD_TIME),
        salt: personal(begin.salt),
        details: details.into_iter().map(detail).collect(),
    }])
}

impl Work {
    fn handed_in(&self, student: PersonId, work: WorkId, media: MediaType, found: Found) -> UploadsEvent {
        let md5 = Some(Personal::new(Owner::work(student, work), found.md5));
        let description = FileDescription { name: self.name.clone(), sha256: self.sha256.clone(), md5 };
        let (file, size, segments) = (self.file, self.size, segments(self.size));
        let media_type = Public(media.name().to_owned());
        let (commitment, sealed_sha256) = (Public(found.commitment), Public(found.sealed_sha256));
        match self.kind {
            WorkKind::Outcome { course, semester } => UploadsEvent::OutcomeSubmitted {
                student,
                work,
                course,
                semester,
                file,
                size,
                segments,
                media_type,
                commitment,
                sealed_sha256,
                description,
            },
            WorkKind::Performance { category, year } => UploadsEvent::PerformanceSubmitted {
                student,
                work,
                category,
                year,
                file,
                size,
                segments,
                media_type,
                commitment,
                sealed_sha256,
                description,
            },
        }
    }
}

impl Stage {
    /// Whether a work at this stage may be finished, and its segments sent.
    ///
    /// # Errors
    /// Why it may not.
    pub fn may_finish(self, now: Instant) -> Result<(), Refusal> {
        match self {
            Self::Begun { until } if now < until => Ok(()),
            Self::Begun { until } | Self::Lapsed { until } => Err(Refusal::Lapsed { until }),
            Self::HandedIn => Err(Refusal::HandedIn),
            Self::Refused(fault) => Err(Refusal::File(fault)),
            Self::Withdrawn => Err(Refusal::Withdrawn),
        }
    }

    fn stands(self, now: Instant) -> bool {
        match self {
            Self::Begun { until } => now < until,
            Self::HandedIn => true,
            Self::Lapsed { .. } | Self::Refused(_) | Self::Withdrawn => false,
        }
    }
}

#[cfg(test)]
mod tests;
