//! What a request is about: the course, the work, its receipt, its file.

use chassis::{Call, Reading, reading, status};
use events::WorkKind;
use kernel::{Clause, CourseId, Instant, LedgerId, Office, PersonId, SchoolYear, WorkId, clause};
use proto::uploads::v1::Receipt;
use tonic::Status;

use super::Service;
use crate::domain::{Found, Refusal, Stage};
use crate::facts::{Upload, Uploads};
use crate::files::{Download, gone};
use crate::trail::Trail;
use crate::wire;

/// What is read back, and by whom.
const FILES: Clause = clause("U4");

impl Service {
    /// The school year of a course: it says which stream an outcome is for.
    pub(super) async fn year_of(
        &self,
        call: &Call,
        at_least: u64,
        course: CourseId,
    ) -> Result<SchoolYear, Status> {
        let found =
            |reading: &Reading<Uploads>| reading.basis.authority.course(course).map(|c| c.semester.year);
        let (year, _) = self.looked_up(call, at_least, found).await?;
        year.ok_or_else(|| status::refused(&Refusal::UnknownCourse))
    }

    /// The caller's own work, of that year if one is named, and the present instant. What is sealed is not one's own.
    pub(super) async fn own(
        &self,
        call: &Call,
        at_least: u64,
        work: WorkId,
        year: Option<SchoolYear>,
    ) -> Result<(Upload, Instant), Status> {
        let (upload, reading) = self.open(call, at_least, work).await?;
        let own = |upload: &Upload| {
            upload.student == call.caller.person && year.is_none_or(|year| upload.kind.year() == year)
        };
        let upload = upload.filter(own).ok_or_else(|| status::refused(&Refusal::UnknownWork))?;
        reading.unsealed(call, upload.student)?;
        Ok((upload, reading.now))
    }

    /// A work that is handed in and whose file the caller may read: the student's own, a teacher's of its course, a
    /// homeroom teacher's where the school gave them the task, or anybody's for offices of the whole school. What is
    /// sealed they read by a grant alone (A5).
    pub(super) async fn readable(&self, call: &Call, at_least: u64, work: WorkId) -> Result<Upload, Status> {
        let (upload, reading) = self.open(call, at_least, work).await?;
        let upload = upload.ok_or_else(|| status::not_found(FILES, "work"))?;
        if !reaches(&reading, call.caller.person, &upload) {
            return Err(status::out_of_reach(call.duty));
        }
        reading.unsealed(call, upload.student)?;
        match upload.stage {
            Stage::HandedIn => Ok(upload),
            Stage::Begun { .. } | Stage::Lapsed { .. } | Stage::Refused(_) | Stage::Withdrawn => Err(gone()),
        }
    }

    /// A work, and what is known: where it is unknown or sealed, what the store says by now.
    async fn open(
        &self,
        call: &Call,
        at_least: u64,
        work: WorkId,
    ) -> Result<(Option<Upload>, Reading<Uploads>), Status> {
        let open = |reading: &Reading<Uploads>| {
            let upload = reading.basis.facts.upload(work)?;
            reading.unsealed(call, upload.student).is_ok().then_some(*upload)
        };
        let (upload, reading) = self.looked_up(call, at_least, open).await?;
        let upload = upload.or_else(|| reading.basis.facts.upload(work).copied());
        Ok((upload, reading))
    }

    /// Looks something up in what is known, and once more in what the store has by now: another process may have
    /// written it a moment ago.
    async fn looked_up<T>(
        &self,
        call: &Call,
        at_least: u64,
        found: impl Fn(&Reading<Uploads>) -> Option<T>,
    ) -> Result<(Option<T>, Reading<Uploads>), Status> {
        let known = self.executor.known();
        let first = reading(known, call, at_least).await?;
        if let Some(it) = found(&first) {
            return Ok((Some(it), first));
        }
        drop(first);
        let position = known.confirmed(call.ledger).await.map_err(status::fault)?.position;
        let again = reading(known, call, position).await?;
        Ok((found(&again), again))
    }

    async fn trail(&self, ledger: LedgerId, upload: &Upload, work: WorkId) -> Result<Trail, Status> {
        let events = self.executor.engine().read_stream_open(ledger, &upload.stream(), 0).await;
        Ok(Trail::of(work, events.map_err(status::fault)?))
    }

    /// What is in a work's file; `None` if the work can't be finished any more, which the decision says why.
    pub(super) async fn found(
        &self,
        ledger: LedgerId,
        (upload, now): (Upload, Instant),
        id: WorkId,
    ) -> Result<Option<Found>, Status> {
        match self.trail(ledger, &upload, id).await?.work {
            Some(work) if work.stage.may_finish(now).is_ok() => {
                self.files.found(ledger, upload.owner(id), &work).await.map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// The receipt of what was handed in, or why it was refused.
    pub(super) async fn receipt(
        &self,
        ledger: LedgerId,
        upload: &Upload,
        id: WorkId,
    ) -> Result<Receipt, Status> {
        let Trail { work, handed_in } = self.trail(ledger, upload, id).await?;
        let work = work.ok_or_else(|| status::refused(&Refusal::UnknownWork))?;
        let Some(handed_in) = handed_in else {
            return Err(match work.stage {
                Stage::Refused(fault) => status::refused(&Refusal::File(fault)),
                Stage::Begun { .. } | Stage::Lapsed { .. } | Stage::HandedIn | Stage::Withdrawn => {
                    status::not_found(FILES, "receipt")
                }
            });
        };
        let store = &self.executor.engine().store;
        let stored = store.read_stream(ledger, &upload.stream(), handed_in.version.saturating_sub(1)).await;
        let stored = stored.map_err(status::fault)?.into_iter().next().ok_or_else(gone)?;
        let salt = work.salt.open().ok_or_else(gone)?;
        wire::receipt(ledger, id, (salt, &handed_in), stored).ok_or_else(gone)
    }

    /// What is read of a work's file.
    pub(super) async fn download(
        &self,
        ledger: LedgerId,
        upload: &Upload,
        work: WorkId,
        range: (u64, u64),
    ) -> Result<Download, Status> {
        let handed_in = self.trail(ledger, upload, work).await?.handed_in.ok_or_else(gone)?;
        let header = wire::header(&handed_in, upload.size).ok_or_else(gone)?;
        Ok(Download { ledger, owner: upload.owner(work), file: upload.file, header, range })
    }
}

fn reaches(reading: &Reading<Uploads>, caller: PersonId, upload: &Upload) -> bool {
    let authority = &reading.basis.authority;
    let teaches = || match upload.kind {
        WorkKind::Outcome { course, .. } => authority.teaches(course, caller),
        WorkKind::Performance { .. } => false,
    };
    let class = || authority.class_of(upload.student).and_then(|class| authority.homeroom(class));
    reading.reaches_all()
        || (reading.by(Office::Student) && upload.student == caller)
        || (reading.by(Office::Teacher) && teaches())
        || (reading.by(Office::HomeroomTeacher) && class() == Some(caller))
}
