//! Works and their files (§4.3.1, §4.4.1, A.11, A.12, U1, U4): how many, when, whose, which bytes, and what proves it.

use futures::StreamExt as _;
use futures::future::join_all;
use prost::bytes::Bytes;
use proto::certification::v1::work_verdict::Verdict;
use proto::certification::v1::{ReturnWorksRequest, WorkToReturn};
use proto::uploads::v1::read_file_response::Part;
use proto::uploads::v1::{
    FileHeader, FinishWorkRequest, GetReceiptRequest, GetUploadRequest, GetUploadResponse, PutSegmentRequest,
    ReadFileRequest, Receipt, WithdrawWorkRequest,
};
use tokio::process::Command;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{
    Backend, Caller, SEGMENT, School, Sheet, Terms, Work, YEAR, malformed, ok, pdf, png, refused,
    refused_verdict, request_id, said,
};

both!(
    s4_3_1_refuses_one_outcome_too_many,
    s4_4_1_refuses_one_performance_too_many,
    a_11_refuses_an_hour_after_the_window,
    a_12_refuses_an_hour_after_the_window,
    u1_refuses_a_course_that_is_not_taken,
    u4_refuses_a_segment_at_the_wrong_place,
    u4_refuses_bytes_that_were_not_announced,
    u4_refuses_a_file_that_is_not_what_its_name_says,
    u4_an_upload_that_was_cut_off_goes_on,
    u4_a_caller_that_goes_away_hands_in_once,
    u4_a_file_is_read_back_by_ranges,
    s4_3_2_refuses_another_courses_teacher,
    u4_a_receipt_proves_with_sha_256_and_json_alone,
);

async fn s4_3_1_refuses_one_outcome_too_many(backend: Backend) {
    let school = School::open_with(backend, Terms { outcomes: 3, performances: 1 }).await;
    let student = school.caller(school.students[0]);
    let sheet = png("one");
    // Of many at once, as many are begun as may be.
    let begun = join_all((0..12).map(|n| student.begin(school.courses[n % 2], &sheet))).await;
    let (begun, others): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!((begun.len(), others.len()), (3, 9));
    for answer in others {
        refused(answer, Code::FailedPrecondition, "OUTCOMES_FULL", "§4.3.1");
    }
    let begun: Vec<_> = begun.into_iter().map(|begun| begun.unwrap().made_id).collect();
    student.send(begun[0].clone(), sheet.clone()).await.unwrap();
    let full = student.begin(school.courses[0], &sheet).await;
    refused(full, Code::FailedPrecondition, "OUTCOMES_FULL", "§4.3.1");
    // Another student has places of their own, and what is taken back makes room.
    school.outcome(1, 0).await;
    withdraw(&student, &begun[0]).await;
    student.begin(school.courses[0], &sheet).await.unwrap();
}

async fn s4_4_1_refuses_one_performance_too_many(backend: Backend) {
    let school = School::open_with(backend, Terms { outcomes: 1, performances: 2 }).await;
    let student = school.caller(school.students[0]);
    school.performance(0).await;
    school.performance(0).await;
    let full = student.begin_performance(&png("three")).await;
    refused(full, Code::FailedPrecondition, "PERFORMANCES_FULL", "§4.4.1");
    school.outcome(0, 0).await;
}

async fn a_11_refuses_an_hour_after_the_window(backend: Backend) {
    let school = School::open(backend).await;
    let (student, course, sheet) = (school.caller(school.students[0]), school.courses[0], png("late"));
    school.advance("2026-01-31T23:59:59.999999+08:00");
    let [begun, late] = [student.begin(course, &sheet).await, student.begin(course, &sheet).await];
    school.advance("2026-02-01T01:00:00+08:00");
    let closed = student.begin(course, &sheet).await;
    refused(closed, Code::FailedPrecondition, "OUTCOME_UPLOAD_WINDOW_CLOSED", "A.11");
    // What was begun in the window may be finished within 24 hours (U4).
    student.send(begun.unwrap().made_id, sheet.clone()).await.unwrap();
    let late = late.unwrap().made_id;
    student.put(&late, &sheet, 0).await.unwrap();
    school.advance("2026-02-01T23:59:59.999999+08:00");
    refused(student.finish(&late).await, Code::FailedPrecondition, "UPLOAD_TIME_OVER", "U4");
    refused(student.put(&late, &sheet, 0).await, Code::FailedPrecondition, "UPLOAD_TIME_OVER", "U4");
}

async fn a_12_refuses_an_hour_after_the_window(backend: Backend) {
    let school = School::open(backend).await;
    let student = school.caller(school.students[0]);
    school.advance("2026-02-09T23:59:59.999999+08:00");
    school.performance(0).await;
    school.advance("2026-02-10T01:00:00+08:00");
    let closed = student.begin_performance(&png("late")).await;
    refused(closed, Code::FailedPrecondition, "PERFORMANCE_UPLOAD_WINDOW_CLOSED", "A.12");
}

async fn u1_refuses_a_course_that_is_not_taken(backend: Backend) {
    let school = School::open(backend).await;
    let (student, sheet) = (school.caller(school.students[3]), png("one"));
    let answer = student.begin(school.courses[0], &sheet).await;
    refused(answer, Code::FailedPrecondition, "UPLOAD_COURSE_NOT_TAKEN", "U1");
    let answer = student.begin(school.class, &sheet).await;
    refused(answer, Code::NotFound, "UPLOAD_COURSE_UNKNOWN", "A.11");
    student.begin(school.courses[1], &sheet).await.unwrap();
}

async fn u4_refuses_a_segment_at_the_wrong_place(backend: Backend) {
    let school = School::open(backend).await;
    let student = school.caller(school.students[0]);
    let sheet = pdf("long", SEGMENT + 1_000);
    let id = student.begin(school.courses[0], &sheet).await.unwrap().made_id;
    let put = async |index, bytes: &[u8]| {
        let bytes = bytes.to_vec().into();
        student
            .uploads()
            .put_segment(PutSegmentRequest { work_id: id.clone(), year: YEAR, index, bytes })
            .await
    };
    let (first, rest) = sheet.bytes.split_at(SEGMENT);
    malformed(put(2, rest).await, &["index"]);
    malformed(put(u32::MAX, rest).await, &["index"]);
    malformed(put(0, rest).await, &["bytes"]);
    malformed(put(1, first).await, &["bytes"]);
    malformed(put(0, &sheet.bytes[..SEGMENT + 1]).await, &["bytes"]);
    malformed(put(1, &[]).await, &["bytes"]);
    assert_eq!(present(&student, &id).await.present, [0_u32; 0]);
    put(0, first).await.unwrap();
    // What is there may come again, and stays what it is.
    put(0, first).await.unwrap();
    let other: Vec<u8> = first.iter().map(|byte| !byte).collect();
    malformed(put(0, &other).await, &["bytes"]);
    // Another student sends nothing to it.
    let thief = school.caller(school.students[1]);
    refused(thief.put(&id, &sheet, 1).await, Code::NotFound, "UPLOAD_WORK_UNKNOWN", "U4");
    let work = student.send(id.clone(), sheet.clone()).await.unwrap();
    assert_eq!(read(&student, &work, 0, 0).await.unwrap().1, sheet.bytes);
}

async fn u4_refuses_bytes_that_were_not_announced(backend: Backend) {
    let school = School::open_with(backend, Terms { outcomes: 1, performances: 1 }).await;
    let (student, course) = (school.caller(school.students[0]), school.courses[0]);
    let (sheet, mut other) = (png("one"), png("one"));
    let last = sheet.bytes.len() - 1;
    let flipped = [&sheet.bytes[..last], &[!sheet.bytes[last]]].concat();
    other.bytes = flipped.into();
    let begun = student.begin(course, &sheet).await.unwrap();
    student.put(&begun.made_id, &other, 0).await.unwrap();
    let answer = student.finish(&begun.made_id).await;
    let details = answer.as_ref().unwrap_err().get_details_error_info().unwrap();
    assert_eq!(details.metadata["field"], "file.sha256");
    refused(answer, Code::FailedPrecondition, "DIGEST_DIFFERS", "U4");
    // Nothing is left half-way: no receipt, no file, and its place is free.
    let again = student.finish(&begun.made_id).await;
    refused(again, Code::FailedPrecondition, "DIGEST_DIFFERS", "U4");
    let receipt = GetReceiptRequest { work_id: begun.made_id.clone(), ..GetReceiptRequest::default() };
    let receipt = student.uploads().get_receipt(receipt).await;
    refused(receipt, Code::FailedPrecondition, "DIGEST_DIFFERS", "U4");
    let file = ReadFileRequest { work_id: begun.made_id, ..ReadFileRequest::default() };
    assert_eq!(student.uploads().read_file(file).await.unwrap_err().code(), Code::NotFound);
    student.hand_in(course, sheet).await.unwrap();
}

async fn u4_refuses_a_file_that_is_not_what_its_name_says(backend: Backend) {
    let school = School::open(backend).await;
    let (student, course) = (school.caller(school.students[0]), school.courses[0]);
    let named = |name: &str, sheet: Sheet| Sheet { name: name.to_owned(), ..sheet };
    let cut = |sheet: Sheet| Sheet { bytes: sheet.bytes.slice(..sheet.bytes.len() / 2), ..sheet };
    for (sheet, reason) in [
        (named("a.pdf", png("a")), "NAME_SAYS_OTHERWISE"),
        (named("a.png", pdf("a", 0)), "NAME_SAYS_OTHERWISE"),
        (cut(pdf("a", 0)), "TRUNCATED_FILE"),
        (cut(png("a")), "TRUNCATED_FILE"),
        (named("a.exe", png("a")), "FILE_ENDING_NOT_TAKEN"),
        (named("a.pdf", Sheet { bytes: Bytes::new(), ..png("a") }), "EMPTY_FILE"),
        (named("a.pdf", pdf("a", 4 << 20)), "FILE_TOO_LARGE"),
    ] {
        refused(student.hand_in(course, sheet).await, Code::FailedPrecondition, reason, "U4");
    }
}

async fn u4_an_upload_that_was_cut_off_goes_on(backend: Backend) {
    let mut school = School::open(backend).await;
    let (student, sheet) = (school.students[0], pdf("long", 2 * SEGMENT + 77));
    let caller = school.caller(student);
    let id = caller.begin(school.courses[0], &sheet).await.unwrap().made_id;
    caller.put(&id, &sheet, 0).await.unwrap();
    caller.put(&id, &sheet, 2).await.unwrap();
    school.crash().await;
    let caller = school.caller(student);
    let answer = caller.finish(&id).await;
    let details = answer.as_ref().unwrap_err().get_details_error_info().unwrap();
    assert_eq!(details.metadata["missing"], "1");
    refused(answer, Code::FailedPrecondition, "UPLOAD_INCOMPLETE", "U4");
    let there = present(&caller, &id).await;
    assert_eq!((there.present, there.segments), (vec![0, 2], 3));
    caller.put(&id, &sheet, 1).await.unwrap();
    let receipt = caller.finish(&id).await.unwrap();
    let work = Work { id, receipt, sheet: sheet.clone() };
    school.crash().await;
    assert_eq!(read(&school.caller(student), &work, 0, 0).await.unwrap().1, sheet.bytes);
}

async fn u4_a_caller_that_goes_away_hands_in_once(backend: Backend) {
    let school = School::open(backend).await;
    let (student, sheet) = (school.caller(school.students[0]), png("one"));
    let id = student.begin(school.courses[0], &sheet).await.unwrap().made_id;
    student.put(&id, &sheet, 0).await.unwrap();
    let request = FinishWorkRequest {
        request_id: request_id(),
        work_id: id.clone(),
        year: YEAR,
        ..FinishWorkRequest::default()
    };
    // Whether it got through or not, the same request is answered once more, and is one hand-in.
    for polls in 1..6 {
        let mut uploads = student.uploads();
        let mut finish = Box::pin(uploads.finish_work(request.clone()));
        for _ in 0..polls {
            drop(futures::poll!(&mut finish));
            tokio::task::yield_now().await;
        }
    }
    let first = ok(student.uploads().finish_work(request.clone()).await);
    let again = ok(student.uploads().finish_work(request).await);
    assert_eq!(first, again);
    let records = school.records().await;
    let handed_in = records.iter().filter(|entry| entry.kind() == "licheng.uploads.OutcomeSubmitted.v1");
    assert_eq!(handed_in.map(|entry| entry.position).collect::<Vec<_>>(), [first.written.unwrap().position]);
}

async fn u4_a_file_is_read_back_by_ranges(backend: Backend) {
    let school = School::open(backend).await;
    let student = school.caller(school.students[0]);
    let work = student.hand_in(school.courses[0], pdf("long", 2 * SEGMENT + 77)).await.unwrap();
    let (bytes, size) = (&work.sheet.bytes, work.sheet.bytes.len());
    let header = FileHeader {
        name: "long.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: u64::try_from(size).unwrap(),
        sha256: work.sheet.sha256(),
    };
    for (offset, length) in [
        (0, 0),
        (0, 1),
        (SEGMENT - 1, 2),
        (SEGMENT, SEGMENT),
        (SEGMENT - 3, SEGMENT + 7),
        (1, 0),
        (size - 5, 100),
        (size - 1, 1),
    ] {
        let end = if length == 0 { size } else { size.min(offset + length) };
        let (found, part) = read(&student, &work, offset, length).await.unwrap();
        assert_eq!(found, header);
        assert_eq!(part, bytes[offset..end], "{offset} {length}");
    }
    malformed(read(&student, &work, size, 1).await, &["offset"]);
    for reader in [school.teachers[0], school.registrar] {
        assert_eq!(read(&school.caller(reader), &work, 0, 0).await.unwrap().1, *bytes);
    }
    for stranger in [school.students[1], school.teachers[1], school.auditor] {
        let answer = read(&school.caller(stranger), &work, 0, 0).await;
        refused(answer, Code::PermissionDenied, "OUT_OF_REACH", "U4");
    }
    let answer = read(&school.caller(school.principal), &work, 0, 0).await;
    refused(answer, Code::PermissionDenied, "DUTY_MISSING", "U4");
}

async fn s4_3_2_refuses_another_courses_teacher(backend: Backend) {
    let school = School::open(backend).await;
    let (own, other) = (school.caller(school.teachers[0]), school.caller(school.teachers[1]));
    let works = [school.outcome(0, 0).await, school.outcome(0, 1).await];
    // One is of the other teacher's own course: of many, each has a verdict of its own.
    let verdicts = other.certify(&works).await.unwrap();
    refused_verdict(&verdicts[0], "CERTIFICATION_OF_ANOTHERS_COURSE", "§4.3.2");
    assert!(verdicts[1].is_ok());
    let request = ReturnWorksRequest {
        request_id: request_id(),
        works: vec![WorkToReturn {
            work_id: works[0].id.clone(),
            commitment: works[0].commitment(),
            reason: "請補充資料來源".to_owned(),
        }],
        ..ReturnWorksRequest::default()
    };
    let returned = ok(other.certification().return_works(request).await).verdicts.remove(0).verdict.unwrap();
    let Verdict::Refusal(refusal) = returned else { panic!("{returned:?}") };
    refused_verdict(&Err(refusal), "CERTIFICATION_OF_ANOTHERS_COURSE", "§4.3.2");
    assert!(own.certify(&works[..1]).await.unwrap()[0].is_ok());
    let revoked = other.revoke(&works[0]).await;
    refused(revoked, Code::PermissionDenied, "CERTIFICATION_OF_ANOTHERS_COURSE", "§4.3.2");
    // The homeroom teacher is none of the course's either; here the first teacher is that.
    let revoked = own.revoke(&works[1]).await;
    refused(revoked, Code::PermissionDenied, "CERTIFICATION_OF_ANOTHERS_COURSE", "§4.3.2");
}

/// All that a stranger needs: SHA-256 and a JSON reader.
const PROOF: &str = r#"
import hashlib, json, sys

receipt = json.load(open(sys.argv[1]))
content = open(sys.argv[2], "rb").read()
records = open(sys.argv[3] + "/records.ndjson", "rb").read().split(b"\n")
leaves = open(sys.argv[3] + "/leaves.txt").read().split("\n")

digest = hashlib.sha256(content).digest()
commitment = hashlib.sha256(b"licheng/file/1" + bytes.fromhex(receipt["salt"]) + digest).hexdigest()
record = bytes.fromhex(receipt["record"])
leaf = hashlib.sha256(b"\0" + record).hexdigest()
at = receipt["position"] - 1

if json.loads(record)["data"]["commitment"] != commitment:
    sys.exit("the record is not of this file")
if records[at] != record or leaves[at] != leaf:
    sys.exit("the record is not in the ledger at that position")
print(commitment, leaf)
"#;

async fn u4_a_receipt_proves_with_sha_256_and_json_alone(backend: Backend) {
    let school = School::open(backend).await;
    let works = [school.outcome(0, 0).await, school.performance(0).await];
    school.outcome(1, 0).await;
    let export = school.export("export").await;
    school.verify(&export).await;
    for work in &works {
        let again = GetReceiptRequest { work_id: work.id.clone(), ..GetReceiptRequest::default() };
        let again = school.caller(school.students[0]).uploads().get_receipt(again).await;
        assert_eq!(ok(again).receipt.as_ref(), Some(&work.receipt));
        let told = prove(&school, &work.receipt, &work.sheet).await.unwrap();
        assert_eq!(told, format!("{} {}\n", work.commitment(), hex::encode(&work.receipt.leaf)));
        let other = prove(&school, &work.receipt, &png("other")).await.unwrap_err();
        assert!(other.contains("the record is not of this file"), "{other}");
        let moved = Receipt { position: work.receipt.position - 1, ..work.receipt.clone() };
        let moved = prove(&school, &moved, &work.sheet).await.unwrap_err();
        assert!(moved.contains("the record is not in the ledger at that position"), "{moved}");
    }
    // The whole of it, by the verifier that lies beside it.
    let key = school.folder().join("key.txt");
    let whole = Command::new("python3").arg(export.join("verify.py")).arg("--key").arg(key).output();
    let whole = whole.await.unwrap();
    assert!(whole.status.success(), "{}", said(&whole));
}

/// What the proof says of a receipt and a file, by the export that lies in the school's folder.
async fn prove(school: &School, receipt: &Receipt, sheet: &Sheet) -> Result<String, String> {
    let (paper, file) = (school.folder().join("receipt.json"), school.folder().join("work"));
    let text = serde_json::json!({
        "position": receipt.position,
        "record": hex::encode(&receipt.record),
        "salt": hex::encode(&receipt.salt),
    });
    std::fs::write(&paper, text.to_string()).unwrap();
    std::fs::write(&file, &sheet.bytes).unwrap();
    let mut python = Command::new("python3");
    python.args(["-I", "-c", PROOF]).arg(paper).arg(file).arg(school.folder().join("export"));
    let told = python.output().await.unwrap();
    if told.status.success() { Ok(String::from_utf8(told.stdout).unwrap()) } else { Err(said(&told)) }
}

async fn withdraw(student: &Caller, work: &str) {
    let request = WithdrawWorkRequest {
        request_id: request_id(),
        work_id: work.to_owned(),
        year: YEAR,
        ..WithdrawWorkRequest::default()
    };
    ok(student.uploads().withdraw_work(request).await);
}

async fn present(student: &Caller, work: &str) -> GetUploadResponse {
    let request = GetUploadRequest { work_id: work.to_owned(), year: YEAR, ..GetUploadRequest::default() };
    ok(student.uploads().get_upload(request).await)
}

async fn read(
    caller: &Caller,
    work: &Work,
    offset: usize,
    length: usize,
) -> Result<(FileHeader, Vec<u8>), Status> {
    let request = ReadFileRequest {
        work_id: work.id.clone(),
        offset: u64::try_from(offset).unwrap(),
        length: u64::try_from(length).unwrap(),
        ..ReadFileRequest::default()
    };
    let mut parts = caller.uploads().read_file(request).await?.into_inner();
    let (mut header, mut bytes) = (None, Vec::new());
    while let Some(part) = parts.next().await {
        match part?.part.unwrap() {
            Part::Header(first) => header = Some(first),
            Part::Chunk(chunk) => bytes.extend(chunk),
        }
    }
    Ok((header.unwrap(), bytes))
}
