//! Works on their way: handed in, certified, selected.

use futures::future::{join_all, try_join_all};
use proto::certification::v1::work_verdict::Verdict;
use proto::certification::v1::{CertifyWorksRequest, RevokeCertificationRequest, WorkToCertify};
use proto::submission::v1::{
    GetSelectionRequest, GetSelectionResponse, TickOutcomeRequest, TickPerformanceRequest,
    UntickOutcomeRequest,
};
use proto::types::v1::{Category, Refusal, Written};
use proto::uploads::v1::{
    BeginOutcomeRequest, BeginPerformanceRequest, Detail, FinishWorkRequest, PutSegmentRequest, Receipt,
};
use tonic::Status;
use uuid::Uuid;

use super::{Caller, School, Sheet, YEAR, ok, pdf, png, request_id};

/// Bytes of a segment.
pub(crate) const SEGMENT: usize = 1 << 20;

/// A work that was handed in.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// Its id.
    pub(crate) id: String,
    /// What proves it.
    pub(crate) receipt: Receipt,
    /// Its file.
    pub(crate) sheet: Sheet,
}

impl Work {
    /// The commitment, hex.
    pub(crate) fn commitment(&self) -> String {
        hex::encode(&self.receipt.commitment)
    }
}

/// What service learning asks for.
pub(crate) fn service(unit: &str) -> Vec<Detail> {
    let fields = [("unit", unit), ("start-date", "2025-10-15"), ("end-date", "2025-12-20")];
    fields.map(|(name, value)| Detail { name: name.to_owned(), value: value.to_owned() }).to_vec()
}

impl School {
    /// An outcome of a student in a course (by its place), handed in.
    pub(crate) async fn outcome(&self, student: usize, course: usize) -> Work {
        let caller = self.caller(self.students[student]);
        caller.hand_in(self.courses[course], pdf("report", 0)).await.unwrap()
    }

    /// A performance of a student, handed in.
    pub(crate) async fn performance(&self, student: usize) -> Work {
        self.caller(self.students[student]).hand_in_performance(png("photo")).await.unwrap()
    }

    /// So many outcomes of a student in the first course, handed in and certified.
    pub(crate) async fn certified(&self, student: usize, count: usize) -> Vec<Work> {
        let works = join_all((0..count).map(|_| self.outcome(student, 0))).await;
        let teacher = self.caller(self.teachers[0]);
        for verdict in teacher.certify(&works).await.unwrap() {
            verdict.unwrap();
        }
        works
    }
}

impl Caller {
    /// Begins an outcome; its id.
    pub(crate) async fn begin(&self, course: Uuid, sheet: &Sheet) -> Result<Written, Status> {
        let request = BeginOutcomeRequest {
            request_id: request_id(),
            course_id: course.to_string(),
            title: "期末報告".to_owned(),
            summary: "這學期學到的事。".to_owned(),
            file: Some(sheet.announced()),
            ..BeginOutcomeRequest::default()
        };
        Ok(self.uploads().begin_outcome(request).await?.into_inner().written.unwrap())
    }

    /// Begins a performance; its id.
    pub(crate) async fn begin_performance(&self, sheet: &Sheet) -> Result<Written, Status> {
        let request = BeginPerformanceRequest {
            request_id: request_id(),
            category: Category::Service.into(),
            year: YEAR,
            title: "社區服務".to_owned(),
            summary: "每週六下午。".to_owned(),
            file: Some(sheet.announced()),
            details: service("鄉立圖書館"),
            ..BeginPerformanceRequest::default()
        };
        Ok(self.uploads().begin_performance(request).await?.into_inner().written.unwrap())
    }

    /// Sends one segment of a file.
    pub(crate) async fn put(&self, work: &str, sheet: &Sheet, index: u32) -> Result<(), Status> {
        let at = usize::try_from(index).unwrap() * SEGMENT;
        let bytes = sheet.bytes.slice(at..sheet.bytes.len().min(at + SEGMENT));
        let request = PutSegmentRequest { work_id: work.to_owned(), year: YEAR, index, bytes };
        self.uploads().put_segment(request).await.map(drop)
    }

    /// Finishes a work; its receipt.
    pub(crate) async fn finish(&self, work: &str) -> Result<Receipt, Status> {
        let request = FinishWorkRequest {
            request_id: request_id(),
            work_id: work.to_owned(),
            year: YEAR,
            ..FinishWorkRequest::default()
        };
        let finished = self.uploads().finish_work(request).await?.into_inner();
        let receipt = finished.receipt.unwrap();
        assert_eq!(receipt.position, finished.written.unwrap().position);
        Ok(receipt)
    }

    /// An outcome from its beginning to its receipt.
    pub(crate) async fn hand_in(&self, course: Uuid, sheet: Sheet) -> Result<Work, Status> {
        let begun = self.begin(course, &sheet).await?;
        self.send(begun.made_id, sheet).await
    }

    /// A performance from its beginning to its receipt.
    pub(crate) async fn hand_in_performance(&self, sheet: Sheet) -> Result<Work, Status> {
        let begun = self.begin_performance(&sheet).await?;
        self.send(begun.made_id, sheet).await
    }

    /// Sends a begun work's file and finishes it.
    pub(crate) async fn send(&self, id: String, sheet: Sheet) -> Result<Work, Status> {
        let segments = u32::try_from(sheet.bytes.len().div_ceil(SEGMENT)).unwrap();
        try_join_all((0..segments).map(|index| self.put(&id, &sheet, index))).await?;
        let receipt = self.finish(&id).await?;
        Ok(Work { id, receipt, sheet })
    }

    /// Certifies works; a verdict each.
    pub(crate) async fn certify(&self, works: &[Work]) -> Result<Vec<Result<Written, Refusal>>, Status> {
        let to_certify =
            |work: &Work| WorkToCertify { work_id: work.id.clone(), commitment: work.commitment() };
        let request = CertifyWorksRequest {
            request_id: request_id(),
            works: works.iter().map(to_certify).collect(),
            ..CertifyWorksRequest::default()
        };
        let verdicts = self.certification().certify_works(request).await?.into_inner().verdicts;
        let ids: Vec<_> = works.iter().map(|work| work.id.as_str()).collect();
        assert_eq!(verdicts.iter().map(|verdict| verdict.work_id.as_str()).collect::<Vec<_>>(), ids);
        let verdicts = verdicts.into_iter().map(|verdict| match verdict.verdict.unwrap() {
            Verdict::Written(written) => Ok(written),
            Verdict::Refusal(refusal) => Err(refusal),
        });
        Ok(verdicts.collect())
    }

    /// Revokes a certification.
    pub(crate) async fn revoke(&self, work: &Work) -> Result<Written, Status> {
        let request = RevokeCertificationRequest {
            request_id: request_id(),
            work_id: work.id.clone(),
            reason: "誤認".to_owned(),
            ..RevokeCertificationRequest::default()
        };
        Ok(self.certification().revoke_certification(request).await?.into_inner().written.unwrap())
    }

    /// Selects an outcome.
    pub(crate) async fn tick(&self, work: &Work) -> Result<Written, Status> {
        let request = TickOutcomeRequest {
            request_id: request_id(),
            year: YEAR,
            work_id: work.id.clone(),
            ..TickOutcomeRequest::default()
        };
        Ok(self.submission().tick_outcome(request).await?.into_inner().written.unwrap())
    }

    /// Selects an outcome no longer.
    pub(crate) async fn untick(&self, work: &Work) -> Result<Written, Status> {
        let request = UntickOutcomeRequest {
            request_id: request_id(),
            year: YEAR,
            work_id: work.id.clone(),
            ..UntickOutcomeRequest::default()
        };
        Ok(self.submission().untick_outcome(request).await?.into_inner().written.unwrap())
    }

    /// Selects a performance.
    pub(crate) async fn tick_performance(&self, work: &Work) -> Result<Written, Status> {
        let request = TickPerformanceRequest {
            request_id: request_id(),
            year: YEAR,
            work_id: work.id.clone(),
            ..TickPerformanceRequest::default()
        };
        Ok(self.submission().tick_performance(request).await?.into_inner().written.unwrap())
    }

    /// The caller's selection.
    pub(crate) async fn selection(&self) -> GetSelectionResponse {
        let request = GetSelectionRequest { year: YEAR, ..GetSelectionRequest::default() };
        ok(self.submission().get_selection(request).await)
    }
}
