use std::collections::{HashMap, HashSet};

use events::{AnyEvent, CertificationEvent, Facts, Recorded, SubmissionEvent, UploadsEvent, WorkKind};
use kernel::{FileId, Owner, PersonId, WorkId};

use crate::domain::{FileFault, Stage};

/// Every work by its id alone, and which are certified or locked.
#[derive(Debug, Default)]
pub struct Uploads {
    uploads: HashMap<WorkId, Upload>,
    certified: HashSet<WorkId>,
    locked: HashSet<WorkId>,
}

/// Where a work is and how far it has come; nothing personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The student.
    pub student: PersonId,
    /// What it is.
    pub kind: WorkKind,
    /// Its file.
    pub file: FileId,
    /// Bytes of the file.
    pub size: u32,
    /// How far it has come.
    pub stage: Stage,
}

impl Uploads {
    /// A work, if it was ever begun.
    pub fn upload(&self, work: WorkId) -> Option<&Upload> {
        self.uploads.get(&work)
    }

    /// Whether a work has a certificate that stands.
    pub fn is_certified(&self, work: WorkId) -> bool {
        self.certified.contains(&work)
    }

    /// Whether a work is locked for submission.
    pub fn is_locked(&self, work: WorkId) -> bool {
        self.locked.contains(&work)
    }

    fn stage(&mut self, work: WorkId, stage: Stage) {
        self.uploads.entry(work).and_modify(|upload| upload.stage = stage);
    }

    fn take(&mut self, event: &UploadsEvent) {
        match event {
            UploadsEvent::WorkBegun { student, work, kind, file, size, until, .. } => {
                let stage = Stage::Begun { until: *until };
                let begun = Upload { student: *student, kind: *kind, file: *file, size: *size, stage };
                self.uploads.insert(*work, begun);
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

impl Upload {
    /// Whose the file of this work is.
    pub fn owner(&self, work: WorkId) -> Owner {
        Owner::work(self.student, work)
    }

    /// The stream that speaks of it.
    pub fn stream(&self) -> String {
        format!("works-{}-{}", self.student, self.kind.year())
    }
}

impl Facts for Uploads {
    fn apply(&mut self, event: &Recorded<AnyEvent>) {
        match &event.event {
            AnyEvent::Uploads(event) => self.take(event),
            AnyEvent::Certification(CertificationEvent::WorkCertified { work, .. }) => {
                self.certified.insert(*work);
            }
            AnyEvent::Certification(
                CertificationEvent::WorkReturned { work, .. }
                | CertificationEvent::CertificationRevoked { work, .. },
            ) => {
                self.certified.remove(work);
            }
            AnyEvent::Submission(SubmissionEvent::SelectionLocked { works, .. }) => {
                self.locked.extend(works.iter().map(|locked| locked.work));
            }
            AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Submission(_)
            | AnyEvent::Archive(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use events::spec::folded;
    use events::{Category, FileDescription};
    use kernel::{Instant, Personal, Public, SchoolYear};
    use uuid::Uuid;

    use super::*;

    const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
    const WORK: WorkId = WorkId::new(Uuid::from_u128(2));

    fn begun() -> UploadsEvent {
        let year = SchoolYear::try_new(114).unwrap();
        UploadsEvent::WorkBegun {
            student: STUDENT,
            work: WORK,
            kind: WorkKind::Performance { category: Category::Post, year },
            title: Personal::Erased,
            summary: Personal::Erased,
            file: FileId::new(Uuid::from_u128(3)),
            declared: FileDescription { name: Personal::Erased, sha256: Personal::Erased, md5: None },
            size: 7,
            until: Instant::default(),
            salt: Personal::Erased,
            details: Vec::new(),
        }
    }

    fn stage_after(last: Option<UploadsEvent>) -> Stage {
        let events = [begun()].into_iter().chain(last).map(|event| ("works".to_owned(), event.into()));
        folded::<Uploads>(events).facts.upload(WORK).unwrap().stage
    }

    #[test]
    fn a_work_is_found_by_its_id_alone_and_known_by_its_last_event() {
        assert_eq!(stage_after(None), Stage::Begun { until: Instant::default() });
        let kind =
            WorkKind::Performance { category: Category::Post, year: SchoolYear::try_new(114).unwrap() };
        let withdrawn = UploadsEvent::WorkWithdrawn { student: STUDENT, work: WORK, kind };
        assert_eq!(stage_after(Some(withdrawn)), Stage::Withdrawn);
        for (reason, fault) in [("EMPTY_FILE", FileFault::Empty), ("?", FileFault::Unreadable)] {
            let reason = Public(reason.to_owned());
            let refused = UploadsEvent::FileRefused { student: STUDENT, work: WORK, kind, reason };
            assert_eq!(stage_after(Some(refused)), Stage::Refused(fault));
        }
        let basis = folded::<Uploads>([("works".to_owned(), begun().into())]);
        let upload = basis.facts.upload(WORK).unwrap();
        assert_eq!(upload.stream(), format!("works-{STUDENT}-114"));
        assert_eq!(upload.owner(WORK), Owner::work(STUDENT, WORK));
        assert!(basis.facts.upload(WorkId::new(Uuid::from_u128(9))).is_none());
    }
}
