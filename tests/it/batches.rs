//! The batch for the central database (S3, S4) and its receipts (§8.3, S5, S6), against the stand-in ministry.

use std::collections::BTreeSet;

use proto::submission::v1::{
    BatchStage, GetExtractRequest, GetLetterRequest, ItemVerdict, ListDisputesRequest, ReceiptStage,
};
use serde_json::Value;
use tonic::Code;

use crate::world::{Backend, Ministry, School, Told, YEAR, json, ok, refused};

mod cut;

both!(
    s_3_a_batch_is_sent_reconciled_sent_again_and_confirmed,
    s_4_reconciliation_names_exactly_what_the_ministry_did_fifty_times,
    s8_3_a_dispute_falls_late_and_is_answered,
    s_3_what_is_locked_changes_no_more,
    s_3_what_is_sent_is_kept_with_each_students_extract,
);

async fn s_3_a_batch_is_sent_reconciled_sent_again_and_confirmed(backend: Backend) {
    let ministry = Ministry::start(&[
        "--drop",
        "50",
        "--alter",
        "50",
        "--double",
        "50",
        "--packages",
        "1",
        "--delay",
        "2",
    ])
    .await;
    let school = School::open_with_central(backend, ministry.address()).await;
    let registrar = school.caller(school.registrar);
    refused(registrar.prepare().await, Code::FailedPrecondition, "BATCH_TOO_EARLY", "S3");
    let selected = school.select(3, (3, 4)).await;
    let batch = school.submit_and_reconcile().await;
    assert_eq!((batch.round, batch.students, batch.items), (1, 3, 21));
    let told = ministry.told(0);
    assert_eq!((told.dropped.len(), told.altered.len(), told.doubled.len()), (2, 2, 2));
    assert_eq!(Told::of(&registrar.discrepancies().await), told);
    // Who lacks something can't confirm; who doesn't can.
    let wrong: BTreeSet<_> = told.dropped.union(&told.altered).collect();
    for (n, works) in selected.iter().enumerate() {
        let student = school.caller(school.students[n]);
        let receipt = student.receipt().await.unwrap();
        assert_eq!(
            receipt.items.iter().map(|item| &item.work_id).collect::<BTreeSet<_>>(),
            works.iter().collect()
        );
        if works.iter().any(|work| wrong.contains(work)) {
            refused(student.confirm(1).await, Code::FailedPrecondition, "RECEIPT_INCOMPLETE", "§8.3");
        } else {
            student.confirm(1).await.unwrap();
        }
    }
    // The second round is what was wrong, and all of it arrives.
    let batch = school.submit_and_reconcile().await;
    assert_eq!((batch.round, batch.items), (2, 4));
    assert_eq!(Told::of(&registrar.discrepancies().await), Told { doubled: told.doubled, ..Told::default() });
    refused(registrar.prepare().await, Code::FailedPrecondition, "BATCH_EMPTY", "S3");
    for n in 0..3 {
        let student = school.caller(school.students[n]);
        let receipt = student.receipt().await.unwrap();
        student.confirm(receipt.round).await.unwrap();
        assert_eq!(student.receipt().await.unwrap().stage(), ReceiptStage::Confirmed);
    }
    // Who selected nothing has no receipt.
    let nobody = school.caller(school.students[3]).receipt().await;
    refused(nobody, Code::NotFound, "RECEIPT_NOT_ISSUED", "§8.3");
    school.verify(&school.export("export").await).await;
}

/// Each round is another draw: every work is disputed and sent again.
async fn s_4_reconciliation_names_exactly_what_the_ministry_did_fifty_times(backend: Backend) {
    let options = ["--seed", "7", "--drop", "150", "--alter", "150", "--double", "150"];
    let ministry = Ministry::start(&options).await;
    let school = School::open_with_central(backend, ministry.address()).await;
    let selected = school.select(2, (3, 5)).await;
    let registrar = school.caller(school.registrar);
    let mut seen = BTreeSet::new();
    for round in 1..=50 {
        let batch = school.submit_and_reconcile().await;
        assert_eq!((batch.round, batch.items), (round, 16));
        let (named, told) =
            (Told::of(&registrar.discrepancies().await), ministry.told(ministry.packages().len() - 1));
        assert_eq!(named, told, "round {round}");
        seen.insert(format!("{told:?}"));
        for (n, works) in selected.iter().enumerate() {
            let student = school.students[n];
            school.caller(student).dispute(round, &[]).await.unwrap();
            registrar.answer(student, works).await.unwrap();
        }
    }
    assert!(seen.len() > 40, "the draws are too much alike: {}", seen.len());
}

async fn s8_3_a_dispute_falls_late_and_is_answered(backend: Backend) {
    let ministry = Ministry::start(&[]).await;
    let school = School::open_with_central(backend, ministry.address()).await;
    let selected = school.select(2, (2, 0)).await;
    school.submit_and_reconcile().await;
    let (registrar, student) = (school.caller(school.registrar), school.caller(school.students[0]));
    let foreign = student.dispute(1, &selected[1][..1]).await;
    refused(foreign, Code::FailedPrecondition, "RECEIPT_WITHOUT_WORK", "§8.3");
    student.dispute(1, &selected[0][..1]).await.unwrap();
    refused(student.confirm(1).await, Code::FailedPrecondition, "RECEIPT_IN_DISPUTE", "§8.3");
    let disputes = || async {
        let request = ListDisputesRequest { year: YEAR, ..ListDisputesRequest::default() };
        ok(registrar.submission().list_disputes(request).await).disputes
    };
    let open = disputes().await;
    assert_eq!((open.len(), open[0].late, open[0].text.as_str()), (1, false, "與我上傳的不同。"));
    assert_eq!(open[0].work_ids, selected[0][..1]);
    // Three whole days: the end of 4 March.
    school.advance("2026-03-05T00:00:00+08:00");
    let mut poll = tokio::time::interval(std::time::Duration::from_millis(50));
    while !disputes().await[0].late {
        poll.tick().await;
    }
    assert_eq!(student.receipt().await.unwrap().stage(), ReceiptStage::Late);
    // Who didn't answer in time may no longer; the answer gives the other three more days.
    let closed = school.caller(school.students[1]).confirm(1).await;
    refused(closed, Code::FailedPrecondition, "RECEIPT_WINDOW_CLOSED", "S5");
    registrar.answer(school.students[0], &[]).await.unwrap();
    assert!(disputes().await.is_empty());
    let receipt = student.receipt().await.unwrap();
    assert_eq!((receipt.stage(), receipt.answer.as_str()), (ReceiptStage::Answered, "查明後重新提交。"));
    student.confirm(1).await.unwrap();
}

async fn s_3_what_is_locked_changes_no_more(backend: Backend) {
    let ministry = Ministry::start(&[]).await;
    let school = School::open_with_central(backend, ministry.address()).await;
    let works = school.certified(0, 2).await;
    let student = school.caller(school.students[0]);
    student.tick(&works[0]).await.unwrap();
    school.advance("2026-03-01T00:00:00+08:00");
    let registrar = school.caller(school.registrar);
    refused(
        school.caller(school.auditor).approve().await,
        Code::FailedPrecondition,
        "BATCH_NOT_PREPARED",
        "S3",
    );
    registrar.prepare().await.unwrap();
    registrar.until_stage(BatchStage::Locked).await;
    refused(student.tick(&works[1]).await, Code::FailedPrecondition, "SELECTION_LOCKED", "S3");
    refused(student.untick(&works[0]).await, Code::FailedPrecondition, "SELECTION_LOCKED", "S3");
    let affairs = school.caller(school.auditor);
    refused(affairs.approve().await, Code::FailedPrecondition, "BATCH_NOT_CHECKED", "S3");
    refused(registrar.prepare().await, Code::FailedPrecondition, "BATCH_UNDER_WAY", "S3");
    refused(affairs.check().await, Code::PermissionDenied, "DUTY_MISSING", "S3");
}

async fn s_3_what_is_sent_is_kept_with_each_students_extract(backend: Backend) {
    let ministry = Ministry::start(&[]).await;
    let school = School::open_with_central(backend, ministry.address()).await;
    let selected = school.select(2, (1, 1)).await;
    school.submit_and_reconcile().await;
    // The package at the ministry: its manifest, rows, and the very bytes.
    let packages = ministry.packages();
    let package = std::fs::read(packages[0].join("package.tar")).unwrap();
    let (manifest, rows, files) = unpacked(&package);
    let items: Vec<_> = manifest["items"].as_array().unwrap().iter().collect();
    let ids: BTreeSet<_> = items.iter().map(|item| item["item"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, selected.concat().into_iter().collect());
    assert_eq!((manifest["school"].as_str(), files.len()), (Some("353301"), 4));
    assert_eq!(
        (rows["students"].as_array().unwrap().len(), rows["outcomes"].as_array().unwrap().len()),
        (2, 2)
    );
    // Each student's extract: one's own, and nothing of the other's.
    for (n, works) in selected.iter().enumerate() {
        let caller = school.caller(school.students[n]);
        let request = GetExtractRequest { year: YEAR, round: 1, ..GetExtractRequest::default() };
        let extract = ok(caller.submission().get_extract(request).await).extract;
        let extract: Value = serde_json::from_slice(&extract).unwrap();
        let own: BTreeSet<_> = works.iter().cloned().collect();
        let items = extract["manifest"]["items"].as_array().unwrap().iter();
        assert_eq!(items.map(|item| item["item"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), own);
        let student = school.students[n].to_string();
        assert_eq!(extract["rows"]["students"][0]["student"].as_str(), Some(student.as_str()));
    }
    let receipt = school.caller(school.students[0]).receipt().await.unwrap();
    assert!(receipt.items.iter().all(|item| item.verdict() == ItemVerdict::Received));
    assert_eq!(json(&packages[0].join("announced.json"))["size"].as_u64(), Some(package.len() as u64));
    // The letter is for who left, and says the same.
    let letter = GetLetterRequest {
        student_id: school.students[0].to_string(),
        year: YEAR,
        ..GetLetterRequest::default()
    };
    let letter = ok(school.caller(school.registrar).submission().get_letter(letter).await).text;
    assert_eq!(letter.matches("已收訖").count(), 2);
}

/// A package's manifest, rows and files.
fn unpacked(package: &[u8]) -> (Value, Value, Vec<Vec<u8>>) {
    let mut archive = tar::Archive::new(package);
    let mut entries = archive.entries().unwrap().map(|entry| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry.unwrap(), &mut bytes).unwrap();
        bytes
    });
    let mut json = || serde_json::from_slice(&entries.next().unwrap()).unwrap();
    let (manifest, rows) = (json(), json());
    (manifest, rows, entries.collect())
}
