//! A school with the stand-in ministry, and what is asked of both.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use futures::future::join_all;
use proto::submission::v1::{
    AnswerDisputeRequest, ApproveBatchRequest, BatchStage, CheckBatchRequest, ConfirmReceiptRequest,
    Discrepancy, DisputeReceiptRequest, GetBatchRequest, GetBatchResponse, GetReceiptRequest,
    GetReceiptResponse, ItemVerdict, ListDiscrepanciesRequest, PrepareBatchRequest,
};
use proto::types::v1::Written;
use serde_json::Value;
use tempfile::TempDir;
use tonic::Status;
use uuid::Uuid;

use super::{Backend, Caller, PATIENCE, Process, School, Terms, World, YEAR, ok, request_id, scratch, seat};

/// The first day after selection has closed.
pub(crate) const CLOSED: &str = "2026-03-01T00:00:00+08:00";

/// The stand-in ministry.
pub(crate) struct Ministry {
    process: Process,
    folder: TempDir,
}

/// What a receipt leaves out or says wrongly, by the ministry's own word.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) dropped: BTreeSet<String>,
    pub(crate) altered: BTreeSet<String>,
    pub(crate) doubled: BTreeSet<String>,
}

impl Ministry {
    /// One with these options.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let folder = scratch();
        let process = Process::ministry(&packages(&folder), options, &folder.path().join("log")).await;
        Self { process, folder }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// The packages that it has, in the order in which they began.
    pub(crate) fn packages(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(packages(&self.folder)).unwrap();
        let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        found.sort_by_key(|package| json(&package.join("announced.json"))["nth"].as_u64().unwrap());
        found
    }

    /// What the receipt of its n-th package leaves out or says wrongly.
    pub(crate) fn told(&self, nth: usize) -> Told {
        let told = json(&self.packages()[nth].join("told.json"));
        let ids = |field: &str| {
            let ids = told[field].as_array().unwrap().iter();
            ids.map(|id| id.as_str().unwrap().to_owned()).collect()
        };
        Told { dropped: ids("dropped"), altered: ids("altered"), doubled: ids("doubled") }
    }
}

fn packages(folder: &TempDir) -> PathBuf {
    folder.path().join("packages")
}

/// A file of JSON.
pub(crate) fn json(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

impl Told {
    /// What a platform says of its discrepancies.
    pub(crate) fn of(discrepancies: &[Discrepancy]) -> Self {
        let of = |verdict: ItemVerdict| {
            let these = discrepancies.iter().filter(|it| it.verdict() == verdict);
            these.map(|it| it.work_id.clone()).collect()
        };
        Self {
            dropped: of(ItemVerdict::Missing),
            altered: of(ItemVerdict::Altered),
            doubled: of(ItemVerdict::Doubled),
        }
    }
}

impl School {
    /// A school at work whose central database is at that address.
    pub(crate) async fn open_with_central(backend: Backend, central: SocketAddr) -> Self {
        let world = World::start_with_central(backend, &format!("http://{central}")).await;
        let school = Self::open_on(world, Terms::default()).await;
        let principal = school.caller(school.principal);
        seat(&principal, "academic-affairs", school.auditor).await;
        school
    }

    /// The first students each hand in and select so many outcomes and performances; then selection closes. The ids of
    /// each student's works.
    pub(crate) async fn select(
        &self,
        students: usize,
        (outcomes, performances): (usize, usize),
    ) -> Vec<Vec<String>> {
        let selected = (0..students).map(|n| async move {
            let caller = self.caller(self.students[n]);
            let certified = self.certified(n, outcomes).await;
            for work in &certified {
                caller.tick(work).await.unwrap();
            }
            let shown = join_all((0..performances).map(|_| self.performance(n))).await;
            for work in &shown {
                caller.tick_performance(work).await.unwrap();
            }
            certified.into_iter().chain(shown).map(|work| work.id).collect()
        });
        let selected = join_all(selected).await;
        self.advance(CLOSED);
        selected
    }

    /// Prepares, checks and approves a round.
    pub(crate) async fn submit(&self) {
        let (registrar, affairs) = (self.caller(self.registrar), self.caller(self.auditor));
        registrar.prepare().await.unwrap();
        registrar.until_stage(BatchStage::Locked).await;
        registrar.check().await.unwrap();
        affairs.approve().await.unwrap();
    }

    /// The same, until its receipt is reconciled.
    pub(crate) async fn submit_and_reconcile(&self) -> GetBatchResponse {
        self.submit().await;
        self.caller(self.registrar).until_stage(BatchStage::Idle).await
    }
}

impl Caller {
    pub(crate) async fn prepare(&self) -> Result<Written, Status> {
        let request =
            PrepareBatchRequest { request_id: request_id(), year: YEAR, ..PrepareBatchRequest::default() };
        Ok(self.submission().prepare_batch(request).await?.into_inner().written.unwrap())
    }

    pub(crate) async fn check(&self) -> Result<Written, Status> {
        let request =
            CheckBatchRequest { request_id: request_id(), year: YEAR, ..CheckBatchRequest::default() };
        Ok(self.submission().check_batch(request).await?.into_inner().written.unwrap())
    }

    pub(crate) async fn approve(&self) -> Result<Written, Status> {
        let request =
            ApproveBatchRequest { request_id: request_id(), year: YEAR, ..ApproveBatchRequest::default() };
        Ok(self.submission().approve_batch(request).await?.into_inner().written.unwrap())
    }

    pub(crate) async fn batch(&self) -> GetBatchResponse {
        let request = GetBatchRequest { year: YEAR, ..GetBatchRequest::default() };
        ok(self.submission().get_batch(request).await)
    }

    /// Asks until the batch is at that stage.
    pub(crate) async fn until_stage(&self, stage: BatchStage) -> GetBatchResponse {
        let mut poll = tokio::time::interval(std::time::Duration::from_millis(20));
        let asking = async {
            loop {
                poll.tick().await;
                let batch = self.batch().await;
                if batch.stage() == stage {
                    return batch;
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, asking).await;
        waited.unwrap_or_else(|_| panic!("the batch doesn't come to {stage:?}"))
    }

    pub(crate) async fn discrepancies(&self) -> Vec<Discrepancy> {
        let request = ListDiscrepanciesRequest { year: YEAR, ..ListDiscrepanciesRequest::default() };
        ok(self.submission().list_discrepancies(request).await).discrepancies
    }

    pub(crate) async fn receipt(&self) -> Result<GetReceiptResponse, Status> {
        let request = GetReceiptRequest { year: YEAR, ..GetReceiptRequest::default() };
        Ok(self.submission().get_receipt(request).await?.into_inner())
    }

    pub(crate) async fn confirm(&self, round: u32) -> Result<Written, Status> {
        let request = ConfirmReceiptRequest {
            request_id: request_id(),
            year: YEAR,
            round,
            ..ConfirmReceiptRequest::default()
        };
        Ok(self.submission().confirm_receipt(request).await?.into_inner().written.unwrap())
    }

    pub(crate) async fn dispute(&self, round: u32, works: &[String]) -> Result<Written, Status> {
        let request = DisputeReceiptRequest {
            request_id: request_id(),
            year: YEAR,
            round,
            work_ids: works.to_vec(),
            text: "與我上傳的不同。".to_owned(),
            ..DisputeReceiptRequest::default()
        };
        Ok(self.submission().dispute_receipt(request).await?.into_inner().written.unwrap())
    }

    /// Answers a student's dispute; these works are sent again.
    pub(crate) async fn answer(&self, student: Uuid, again: &[String]) -> Result<Written, Status> {
        let request = AnswerDisputeRequest {
            request_id: request_id(),
            student_id: student.to_string(),
            year: YEAR,
            again_work_ids: again.to_vec(),
            text: "查明後重新提交。".to_owned(),
            ..AnswerDisputeRequest::default()
        };
        Ok(self.submission().answer_dispute(request).await?.into_inner().written.unwrap())
    }
}
