//! The service over a real store and a real folder: what a client sees, call by call.

mod school;

use std::sync::LazyLock;

use events::{AnyEvent, ArchiveEvent, RecordsEvent};
use kernel::{Date, Instant};
use proto::types::v1::{Category, Written};
use proto::uploads::v1::read_file_response::Part;
use proto::uploads::v1::{Detail, File, Receipt};
use sha2::{Digest, Sha256};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;
use school::{COURSE, OTHER, REGISTRAR, STRANGER, STUDENT, School, TEACHER, noon, request_id};

/// A PNG of 2.4 MiB: noise doesn't shrink.
static PICTURE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 1_u32;
    let noise = image::RgbImage::from_fn(900, 900, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        image::Rgb([a, b, c])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::from(noise).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
});

fn file(name: &str, bytes: &[u8]) -> File {
    File { name: name.into(), size: bytes.len() as u64, sha256: hex::encode(Sha256::digest(bytes)) }
}

fn outcome(file: File) -> BeginOutcomeRequest {
    BeginOutcomeRequest {
        request_id: request_id(),
        at_least_position: 0,
        course_id: COURSE.to_string(),
        title: "光合作用".into(),
        summary: "觀察日記".into(),
        file: Some(file),
    }
}

fn performance(file: File) -> BeginPerformanceRequest {
    BeginPerformanceRequest {
        request_id: request_id(),
        at_least_position: 0,
        category: Category::Piece.into(),
        year: 114,
        title: "海報".into(),
        summary: "社團海報".into(),
        file: Some(file),
        details: vec![Detail { name: "date".into(), value: "2026-03-14".into() }],
    }
}

fn segment(work_id: &str, index: usize, bytes: &[u8]) -> PutSegmentRequest {
    let from = index << 20;
    let bytes = bytes[from..bytes.len().min(from + (1 << 20))].to_vec().into();
    PutSegmentRequest { work_id: work_id.into(), year: 114, index: index as u32, bytes }
}

fn finish(work_id: &str) -> FinishWorkRequest {
    FinishWorkRequest { request_id: request_id(), at_least_position: 0, work_id: work_id.into(), year: 114 }
}

fn withdraw(work_id: &str) -> WithdrawWorkRequest {
    WithdrawWorkRequest { request_id: request_id(), work_id: work_id.into(), year: 114, at_least_position: 0 }
}

fn upload(work_id: &str) -> GetUploadRequest {
    GetUploadRequest { at_least_position: 0, work_id: work_id.into(), year: 114 }
}

fn read(work_id: &str, offset: u64, length: u64) -> ReadFileRequest {
    ReadFileRequest { at_least_position: 0, work_id: work_id.into(), offset, length }
}

/// Code, reason and clause of an answer.
fn said<T>(answer: Result<T, Status>) -> (Code, String, String) {
    let Err(status) = answer else { panic!("it was accepted") };
    let info = status.get_details_error_info().unwrap();
    (status.code(), info.reason, info.metadata.get("clause").cloned().unwrap_or_default())
}

/// Code and field of an answer to a request that can't be understood.
fn field<T>(answer: Result<T, Status>) -> (Code, String) {
    let Err(status) = answer else { panic!("it was accepted") };
    let request = status.get_details_bad_request().unwrap();
    (status.code(), request.field_violations[0].field.clone())
}

fn refusal(reason: &str, clause: &str) -> (Code, String, String) {
    (Code::FailedPrecondition, reason.into(), clause.into())
}

/// What proves nothing but by SHA-256 alone.
fn prove(receipt: &Receipt, bytes: &[u8]) {
    let sha256 = Sha256::digest(bytes);
    let whole = [b"licheng/file/1".as_slice(), &receipt.salt, &sha256].concat();
    let commitment = Sha256::digest(whole);
    assert_eq!(receipt.sha256, sha256.to_vec());
    assert_eq!(receipt.commitment, commitment.to_vec());
    let record = String::from_utf8(receipt.record.to_vec()).unwrap();
    assert!(record.contains(&hex::encode(commitment)));
    assert!(!record.contains(&hex::encode(sha256)));
    assert_eq!(receipt.leaf, Sha256::digest([b"\0".as_slice(), &receipt.record].concat()).to_vec());
    assert!(receipt.advice.contains("備份") && receipt.advice.contains("copy"));
}

#[tokio::test]
async fn u4_a_file_comes_in_segments_and_its_receipt_proves_it() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    assert!(bytes.len() > 2 << 20);
    let work = school.begin(STUDENT, outcome(file("葉子.png", &bytes))).await.unwrap();
    // In any order, and one of them twice.
    for index in [2, 0, 2] {
        school.put(STUDENT, segment(&work, index, &bytes)).await.unwrap();
    }
    let progress = school.upload(STUDENT, upload(&work)).await.unwrap();
    assert_eq!((progress.present, progress.segments), (vec![0, 2], 3));
    assert_eq!(progress.until, Some(chassis::wire::timestamp(noon().plus(crate::UPLOAD_TIME))));
    let answer = school.finish(STUDENT, finish(&work)).await;
    assert_eq!(said(answer), refusal("UPLOAD_INCOMPLETE", "U4"));
    school.put(STUDENT, segment(&work, 1, &bytes)).await.unwrap();
    let finished = school.finish(STUDENT, finish(&work)).await.unwrap();
    let receipt = finished.receipt.unwrap();
    prove(&receipt, &bytes);
    assert_eq!(Some(receipt.position), finished.written.map(|written: Written| written.position));
    assert_eq!(receipt.work_id, work);
    assert_eq!(school.receipt(STUDENT, &work).await.unwrap(), receipt);
    // It is another's.
    assert_eq!(said(school.receipt(OTHER, &work).await).0, Code::NotFound);
    let stored = school.last_stored(STUDENT).await;
    assert_eq!((stored.position, stored.record), (receipt.position, receipt.record.to_vec()));
}

#[tokio::test]
async fn u4_a_sound_and_a_film_are_handed_in_and_read_back() {
    let school = School::open().await;
    let (sound, film) = (crate::examine::tests::media::mp3(), crate::examine::tests::media::mp4());
    for (name, bytes, media_type) in [("演奏.mp3", sound, "audio/mpeg"), ("a.mp4", film, "video/mp4")] {
        let work = school.begin_performance(STUDENT, performance(file(name, &bytes))).await.unwrap();
        school.put_all(STUDENT, &work, &bytes).await;
        prove(&school.finish(STUDENT, finish(&work)).await.unwrap().receipt.unwrap(), &bytes);
        let (header, read) = school.read(STUDENT, read(&work, 0, 0)).await.unwrap();
        assert_eq!((header.name.as_str(), header.media_type.as_str()), (name, media_type));
        assert!(read == bytes);
    }
}

#[tokio::test]
async fn u4_a_finish_that_is_repeated_gets_its_first_answer() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let begin = outcome(file("a.png", &bytes));
    let work = school.begin(STUDENT, begin.clone()).await.unwrap();
    assert_eq!(school.begin(STUDENT, begin).await.unwrap(), work);
    school.put_all(STUDENT, &work, &bytes).await;
    let asked = finish(&work);
    let first = school.finish(STUDENT, asked.clone()).await.unwrap();
    assert_eq!(school.finish(STUDENT, asked.clone()).await.unwrap(), first);
    assert_eq!(said(school.finish(STUDENT, finish(&work)).await), refusal("WORK_HANDED_IN", "U4"));
    let late = school.put(STUDENT, segment(&work, 0, &bytes)).await;
    assert_eq!(said(late), refusal("WORK_HANDED_IN", "U4"));
    // Even after it was taken back, and by another process.
    school.withdraw(STUDENT, withdraw(&work)).await.unwrap();
    let again = school.again().await;
    assert_eq!(again.finish(STUDENT, asked).await.unwrap(), first);
    assert_eq!(again.receipt(STUDENT, &work).await.unwrap(), first.receipt.unwrap());
}

#[tokio::test]
async fn u4_many_finishes_at_once_are_one() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let work = school.begin(STUDENT, outcome(file("a.png", &bytes))).await.unwrap();
    school.put_all(STUDENT, &work, &bytes).await;
    let finishes = (0..6).map(|_| school.finish(STUDENT, finish(&work)));
    let answers = futures::future::join_all(finishes).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.into_iter().filter(Result::is_err) {
        assert_eq!(said(answer), refusal("WORK_HANDED_IN", "U4"));
    }
    let submitted =
        |event: &AnyEvent| matches!(event, AnyEvent::Uploads(events::UploadsEvent::OutcomeSubmitted { .. }));
    assert_eq!(school.events(STUDENT).await.iter().filter(|event| submitted(event)).count(), 1);
}

#[tokio::test]
async fn u4_a_wrong_digest_or_a_bad_file_is_refused_and_its_place_is_free() {
    let school = School::open().await;
    let bytes = b"<html>no picture</html>".to_vec();
    for (file, reason) in [
        (File { sha256: "00".repeat(32), ..file("a.png", &bytes) }, "DIGEST_DIFFERS"),
        (file("a.png", &bytes), "NAME_SAYS_OTHERWISE"),
    ] {
        // The policy allows two performances, and none of these counts.
        for _ in 0..2 {
            let work = school.begin_performance(STUDENT, performance(file.clone())).await.unwrap();
            school.put_all(STUDENT, &work, &bytes).await;
            let asked = finish(&work);
            for _ in 0..2 {
                let answer = school.finish(STUDENT, asked.clone()).await;
                assert_eq!(said(answer), refusal(reason, "U4"));
            }
            assert_eq!(said(school.finish(STUDENT, finish(&work)).await), refusal(reason, "U4"));
            assert_eq!(said(school.receipt(STUDENT, &work).await), refusal(reason, "U4"));
        }
    }
}

#[tokio::test]
async fn u4_what_is_wrong_with_a_segment_is_said_and_nothing_is_kept() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let work = school.begin(STUDENT, outcome(file("a.png", &bytes))).await.unwrap();
    let good = segment(&work, 2, &bytes);
    let beyond = PutSegmentRequest { index: 3, ..good.clone() };
    assert_eq!(field(school.put(STUDENT, beyond).await), (Code::InvalidArgument, "index".into()));
    let misplaced = PutSegmentRequest { index: 1, ..good.clone() };
    assert_eq!(field(school.put(STUDENT, misplaced).await), (Code::InvalidArgument, "bytes".into()));
    assert!(school.upload(STUDENT, upload(&work)).await.unwrap().present.is_empty());
    school.put(STUDENT, good.clone()).await.unwrap();
    let other = PutSegmentRequest { bytes: vec![0; good.bytes.len()].into(), ..good.clone() };
    assert_eq!(field(school.put(STUDENT, other).await), (Code::InvalidArgument, "bytes".into()));
    school.put(STUDENT, good.clone()).await.unwrap();
    // Another's work, another year's, and nobody's.
    assert_eq!(said(school.put(OTHER, good.clone()).await).0, Code::NotFound);
    let another = PutSegmentRequest { year: 113, ..good.clone() };
    assert_eq!(said(school.put(STUDENT, another).await).0, Code::NotFound);
    assert_eq!(
        said(school.put(STRANGER, good).await),
        (Code::PermissionDenied, "DUTY_MISSING".into(), "U4".into())
    );
}

#[tokio::test]
async fn a_11_only_a_course_that_is_there_and_taken_has_outcomes() {
    let school = School::open().await;
    let begin = || outcome(file("a.png", b"x"));
    let nowhere = BeginOutcomeRequest { course_id: request_id(), ..begin() };
    let expected = (Code::NotFound, "UPLOAD_COURSE_UNKNOWN".into(), "A.11".into());
    assert_eq!(said(school.begin(STUDENT, nowhere).await), expected);
    assert_eq!(said(school.begin(OTHER, begin()).await), refusal("UPLOAD_COURSE_NOT_TAKEN", "U1"));
    let large = File { size: 4_194_305, ..file("a.png", b"x") };
    assert_eq!(said(school.begin(STUDENT, outcome(large)).await), refusal("FILE_TOO_LARGE", "U4"));
    let large = File { size: 10_485_761, ..file("a.mp4", b"x") };
    assert_eq!(said(school.begin(STUDENT, outcome(large)).await), refusal("FILE_TOO_LARGE", "U4"));
}

#[tokio::test]
async fn u4_an_upload_goes_on_in_another_process_for_24_hours() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let begun = || outcome(file("a.png", &bytes));
    let (first, second) =
        (school.begin(STUDENT, begun()).await.unwrap(), school.begin(STUDENT, begun()).await.unwrap());
    school.put(STUDENT, segment(&first, 0, &bytes)).await.unwrap();
    let again = school.again().await;
    again.put_all(STUDENT, &first, &bytes).await;
    let late = noon().plus(crate::UPLOAD_TIME);
    again.set(Instant::from_micros(late.micros() - 1));
    prove(&again.finish(STUDENT, finish(&first)).await.unwrap().receipt.unwrap(), &bytes);
    again.set(late);
    let answer = again.put(STUDENT, segment(&second, 0, &bytes)).await;
    assert_eq!(said(answer), refusal("UPLOAD_TIME_OVER", "U4"));
    let answer = again.finish(STUDENT, finish(&second)).await;
    assert_eq!(said(answer), refusal("UPLOAD_TIME_OVER", "U4"));
}

#[tokio::test]
async fn u4_a_file_is_read_back_by_who_may_and_by_ranges() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let work = school.begin(STUDENT, outcome(file("葉子.png", &bytes))).await.unwrap();
    assert_eq!(said(school.read(STUDENT, read(&work, 0, 0)).await).0, Code::NotFound);
    school.put_all(STUDENT, &work, &bytes).await;
    school.finish(STUDENT, finish(&work)).await.unwrap();
    let size = bytes.len() as u64;
    for reader in [STUDENT, TEACHER, REGISTRAR] {
        let (header, read) = school.read(reader, read(&work, 0, 0)).await.unwrap();
        assert_eq!(
            (header.name.as_str(), header.media_type.as_str(), header.size),
            ("葉子.png", "image/png", size)
        );
        assert_eq!(header.sha256, hex::encode(Sha256::digest(&bytes)));
        assert!(read == bytes);
    }
    let mega = 1 << 20;
    for (from, length) in [(0, 1), (mega - 1, 2), (mega, mega), (5, 2 * mega), (size - 1, 99)] {
        let (_, read) = school.read(STUDENT, read(&work, from, length)).await.unwrap();
        let until = (from + length).min(size);
        assert!(read == bytes[from as usize..until as usize], "{from} {length}");
    }
    let beyond = school.read(STUDENT, read(&work, size, 0)).await;
    assert_eq!(field(beyond), (Code::InvalidArgument, "offset".into()));
    let expected = (Code::PermissionDenied, "OUT_OF_REACH".into(), "U4".into());
    assert_eq!(said(school.read(OTHER, read(&work, 0, 0)).await), expected);
    school.withdraw(STUDENT, withdraw(&work)).await.unwrap();
    assert_eq!(said(school.read(STUDENT, read(&work, 0, 0)).await).0, Code::NotFound);
}

#[tokio::test]
async fn u2_a_performance_has_what_its_category_asks_for() {
    let school = School::open().await;
    let lacking = BeginPerformanceRequest { details: Vec::new(), ..performance(file("a.png", b"x")) };
    let answer = school.begin_performance(STUDENT, lacking).await;
    assert_eq!(field(answer), (Code::InvalidArgument, "details.date".into()));
    let asked = performance(file("a.png", b"x"));
    let work = school.begin_performance(STUDENT, asked.clone()).await.unwrap();
    assert_eq!(school.begin_performance(STUDENT, asked).await.unwrap(), work);
    let events = school.events(STUDENT).await;
    let [AnyEvent::Uploads(events::UploadsEvent::WorkBegun { details, .. })] = &events[..] else {
        panic!("{events:?}")
    };
    let [detail] = &details[..] else { panic!("{details:?}") };
    assert_eq!((&*detail.name.0, detail.value.open().unwrap().as_str()), ("date", "2026-03-14"));
    // It is sealed where it is kept.
    let record = String::from_utf8(school.last_stored(STUDENT).await.record).unwrap();
    assert!(record.contains("\"date\"") && !record.contains("2026-03-14"), "{record}");
    // A client draws its forms by the table; it is the students' own.
    let listed = school.categories(STUDENT, 114).await.unwrap();
    assert_eq!(listed.sheets.len(), 10);
    assert_eq!(field(school.categories(STUDENT, 107).await), (Code::InvalidArgument, "year".into()));
    let denied = (Code::PermissionDenied, "DUTY_MISSING".into(), "A.12".into());
    assert_eq!(said(school.categories(TEACHER, 114).await), denied);
}

#[tokio::test]
async fn u4_a_performance_is_not_its_teachers_to_read() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let work = school.begin_performance(STUDENT, performance(file("a.png", &bytes))).await.unwrap();
    school.put_all(STUDENT, &work, &bytes).await;
    school.finish(STUDENT, finish(&work)).await.unwrap();
    assert_eq!(said(school.read(TEACHER, read(&work, 0, 0)).await).0, Code::PermissionDenied);
    assert!(school.read(REGISTRAR, read(&work, 0, 0)).await.is_ok());
}

#[tokio::test]
async fn a5_the_files_of_a_sealed_portfolio_are_read_by_a_grant_alone() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let work = school.begin(STUDENT, outcome(file("葉子.png", &bytes))).await.unwrap();
    school.put_all(STUDENT, &work, &bytes).await;
    school.finish(STUDENT, finish(&work)).await.unwrap();
    let archive = format!("archive-{STUDENT}");
    let until = noon().plus(crate::UPLOAD_TIME);
    school.say(&archive, ArchiveEvent::PortfolioSealed { student: STUDENT, until }).await;
    let refused = || (Code::PermissionDenied, "PORTFOLIO_SEALED".into(), "A5".into());
    for reader in [STUDENT, TEACHER, REGISTRAR] {
        assert_eq!(said(school.read(reader, read(&work, 0, 0)).await), refused());
    }
    assert_eq!(said(school.receipt(STUDENT, &work).await), refused());
    // Who may not read it anyway doesn't learn that it is sealed.
    assert_eq!(said(school.read(OTHER, read(&work, 0, 0)).await).1, "OUT_OF_REACH");
    assert_eq!(said(school.receipt(OTHER, &work).await).0, Code::NotFound);
    // By a grant, until it ends; another process hears of it before it refuses.
    let again = school.again().await;
    assert_eq!(said(again.read(TEACHER, read(&work, 0, 0)).await), refused());
    for reader in [TEACHER, STUDENT] {
        let granted = ArchiveEvent::AccessGranted { student: STUDENT, reader, until };
        school.say(&archive, granted).await;
        assert!(again.read(reader, read(&work, 0, 0)).await.unwrap().1 == bytes);
    }
    prove(&again.receipt(STUDENT, &work).await.unwrap(), &bytes);
    assert_eq!(said(again.read(REGISTRAR, read(&work, 0, 0)).await), refused());
    again.set(Instant::from_micros(until.micros() - 1));
    assert!(again.read(TEACHER, read(&work, 0, 0)).await.is_ok());
    again.set(until);
    assert_eq!(said(again.read(TEACHER, read(&work, 0, 0)).await), refused());
    // What is erased is there for nobody.
    school.say(&archive, ArchiveEvent::ErasureStarted { student: STUDENT }).await;
    assert_eq!(said(school.read(REGISTRAR, read(&work, 0, 0)).await).0, Code::NotFound);
}

#[tokio::test]
async fn s5_who_has_left_begins_nothing_and_reads_what_is_there() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let work = school.begin(STUDENT, outcome(file("葉子.png", &bytes))).await.unwrap();
    school.put_all(STUDENT, &work, &bytes).await;
    let receipt = school.finish(STUDENT, finish(&work)).await.unwrap().receipt.unwrap();
    let graduated = RecordsEvent::StudentGraduated {
        student: STUDENT,
        year: "114-1".parse::<kernel::Semester>().unwrap().year,
        on: Date::constant(2027, 1, 15),
    };
    school.say(&format!("student-{STUDENT}"), graduated).await;
    let begun = school.begin(STUDENT, outcome(file("a.png", &bytes))).await;
    assert_eq!(said(begun), refusal("UPLOAD_NOT_ENROLLED", "§5"));
    let begun = school.begin_performance(STUDENT, performance(file("a.png", &bytes))).await;
    assert_eq!(said(begun), refusal("UPLOAD_NOT_ENROLLED", "§5"));
    assert!(school.read(STUDENT, read(&work, 0, 0)).await.unwrap().1 == bytes);
    assert_eq!(school.receipt(STUDENT, &work).await.unwrap(), receipt);
}

#[tokio::test]
async fn u4_an_altered_segment_is_neither_handed_in_nor_read() {
    let school = School::open().await;
    let bytes = PICTURE.clone();
    let work = school.begin(STUDENT, outcome(file("a.png", &bytes))).await.unwrap();
    school.put_all(STUDENT, &work, &bytes).await;
    let undo = school.alter_a_segment(1);
    assert_eq!(school.finish(STUDENT, finish(&work)).await.unwrap_err().code(), Code::DataLoss);
    undo();
    school.finish(STUDENT, finish(&work)).await.unwrap();
    let _ = school.alter_a_segment(1);
    assert_eq!(school.read(STUDENT, read(&work, 0, 0)).await.unwrap_err().code(), Code::DataLoss);
    assert!(school.read(STUDENT, read(&work, 0, 1 << 20)).await.is_ok());
}
