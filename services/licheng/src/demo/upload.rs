//! Handing works in: begin, segments, finish, and the receipt recomputed.

use proto::types::v1::Written;
use proto::uploads::v1::uploads_service_client::UploadsServiceClient;
use proto::uploads::v1::{
    BeginOutcomeRequest, BeginPerformanceRequest, File, FinishWorkRequest, PutSegmentRequest, Receipt,
};
use sha2::{Digest as _, Sha256};

use super::desk::{Answer, Desk, Fault};
use super::details::details;
use super::plan::{HandIn, Sort};

/// Bytes of a segment.
const SEGMENT: usize = 1 << 20;

/// A work that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandedIn {
    /// Its id.
    pub(crate) work: String,
    /// What its requests are called by.
    pub(crate) key: String,
    /// Place of its course in the roster; `None`: it is a performance.
    pub(crate) course: Option<usize>,
    /// SHA-256 of its file.
    pub(crate) sha256: [u8; 32],
}

/// Hands a work in; what doesn't prove it is a fault.
pub(crate) async fn hand_in(desk: &Desk, year: u32, since: u64, work: &HandIn) -> Answer<HandedIn> {
    let sha256: [u8; 32] = Sha256::digest(&work.bytes).into();
    let begun = match begin(desk, year, since, work, &sha256).await? {
        Ok(begun) => begun,
        Err(no) => return Ok(Err(no)),
    };
    for (bytes, index) in work.bytes.chunks(SEGMENT).zip(0..) {
        let (work_id, bytes) = (begun.made_id.clone(), work.bytes.slice_ref(bytes));
        let put = PutSegmentRequest { work_id, year, index, bytes };
        let put = desk.ask(work.student, put, |channel, request| async move {
            UploadsServiceClient::new(channel).put_segment(request).await
        });
        if let Err(no) = put.await? {
            return Ok(Err(no));
        }
    }
    let finish = FinishWorkRequest {
        request_id: desk.id(&format!("{}/finish", work.key)),
        at_least_position: begun.position,
        work_id: begun.made_id.clone(),
        year,
    };
    let finished = desk.ask(work.student, finish, |channel, request| async move {
        UploadsServiceClient::new(channel).finish_work(request).await
    });
    let finished = match finished.await? {
        Ok(finished) => finished,
        Err(no) => return Ok(Err(no)),
    };
    desk.written(finished.written)?;
    let receipt = finished.receipt.ok_or_else(|| Fault::broken("a work was handed in without a receipt"))?;
    if !proves(&receipt, &sha256) {
        return Err(Fault::broken(format!("the receipt of work {} does not prove its file", begun.made_id)));
    }
    let course = match work.sort {
        Sort::Outcome { at, .. } => Some(at),
        Sort::Performance(_) => None,
    };
    Ok(Ok(HandedIn { work: begun.made_id, key: work.key.clone(), course, sha256 }))
}

async fn begin(desk: &Desk, year: u32, since: u64, work: &HandIn, sha256: &[u8; 32]) -> Answer<Written> {
    let size = u64::try_from(work.bytes.len()).unwrap_or(u64::MAX);
    let file = Some(File { name: work.name.clone(), size, sha256: hex::encode(sha256) });
    let (request_id, at_least_position) = (desk.id(&format!("{}/begin", work.key)), since);
    let (title, summary) = (work.title.clone(), work.summary.clone());
    let begun = match work.sort {
        Sort::Outcome { course, .. } => {
            let course_id = course.to_string();
            let begin =
                BeginOutcomeRequest { request_id, at_least_position, course_id, title, summary, file };
            let begun = desk.ask(work.student, begin, |channel, request| async move {
                UploadsServiceClient::new(channel).begin_outcome(request).await
            });
            begun.await?.map(|begun| begun.written)
        }
        Sort::Performance(category) => {
            let details = details(category, year);
            let category = category.into();
            let begin = BeginPerformanceRequest {
                request_id,
                at_least_position,
                category,
                year,
                title,
                summary,
                file,
                details,
            };
            let begun = desk.ask(work.student, begin, |channel, request| async move {
                UploadsServiceClient::new(channel).begin_performance(request).await
            });
            begun.await?.map(|begun| begun.written)
        }
    };
    match begun {
        Ok(written) => desk.written(written).map(Ok),
        Err(no) => Ok(Err(no)),
    }
}

/// Whether a receipt proves, by SHA-256 alone, that this file is the one in the record.
fn proves(receipt: &Receipt, sha256: &[u8; 32]) -> bool {
    let commitment = Sha256::new()
        .chain_update("licheng/file/1")
        .chain_update(&receipt.salt)
        .chain_update(sha256)
        .finalize();
    let leaf = Sha256::new().chain_update([0]).chain_update(&receipt.record).finalize();
    let written = hex::encode(&receipt.commitment);
    let in_record = receipt.record.windows(written.len()).any(|part| part == written.as_bytes());
    receipt.sha256 == sha256[..]
        && receipt.commitment == commitment[..]
        && receipt.leaf == leaf[..]
        && in_record
        && receipt.position > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(sha256: [u8; 32]) -> Receipt {
        let salt = [7; 32];
        let commitment: [u8; 32] = Sha256::new()
            .chain_update("licheng/file/1")
            .chain_update(salt)
            .chain_update(sha256)
            .finalize()
            .into();
        let record = format!("{{\"commitment\":\"{}\"}}", hex::encode(commitment)).into_bytes();
        let leaf = Sha256::new().chain_update([0]).chain_update(&record).finalize().to_vec();
        Receipt {
            position: 3,
            salt: salt.to_vec().into(),
            sha256: sha256.to_vec().into(),
            commitment: commitment.to_vec().into(),
            leaf: leaf.into(),
            record: record.into(),
            ..Receipt::default()
        }
    }

    #[test]
    fn a_receipt_proves_its_file_and_no_other() {
        let good = receipt([1; 32]);
        assert!(proves(&good, &[1; 32]));
        assert!(!proves(&good, &[2; 32]));
        let other_record = Receipt { record: "{}".into(), ..good.clone() };
        assert!(!proves(&other_record, &[1; 32]));
        let other_salt = Receipt { salt: vec![8; 32].into(), ..good };
        assert!(!proves(&other_salt, &[1; 32]));
    }
}
