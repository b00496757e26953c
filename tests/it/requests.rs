//! Requests: one that is repeated is one; one that can't be understood names every field at once and changes nothing.

use prost::bytes::Bytes;
use proto::certification::v1::{CertifyWorksRequest, RevokeCertificationRequest, WorkToCertify};
use proto::governance::v1::{AdoptPolicyRequest, SeatOfficeRequest};
use proto::records::v1::{RegisterStudentRequest, StudentData};
use proto::submission::v1::TickOutcomeRequest;
use proto::uploads::v1::{BeginOutcomeRequest, File, PutSegmentRequest};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::world::{Backend, Caller, School, YEAR, ask, malformed, ok, png, refused, request_id};

both!(
    a_repeated_request_gets_its_first_answer,
    a_request_id_with_another_body_is_refused,
    a_request_id_of_another_actor_is_refused,
    a_request_that_was_refused_is_decided_anew,
    every_field_that_is_wrong_is_named_at_once,
    what_is_not_utf_8_is_named,
);

fn begin(school: &School, title: &str) -> BeginOutcomeRequest {
    BeginOutcomeRequest {
        request_id: request_id(),
        course_id: school.courses[0].to_string(),
        title: title.to_owned(),
        summary: "這學期學到的事。".to_owned(),
        file: Some(png("one").announced()),
        ..BeginOutcomeRequest::default()
    }
}

async fn a_repeated_request_gets_its_first_answer(backend: Backend) {
    let school = School::open(backend).await;
    let student = school.caller(school.students[0]);
    let request = begin(&school, "期末報告");
    let first = ok(student.uploads().begin_outcome(request.clone()).await);
    school.outcome(0, 0).await;
    let position = school.position().await;
    let again = ok(student.uploads().begin_outcome(request).await);
    assert_eq!(first, again);
    assert_eq!(school.position().await, position);
}

async fn a_request_id_with_another_body_is_refused(backend: Backend) {
    let school = School::open(backend).await;
    let student = school.caller(school.students[0]);
    let request = begin(&school, "期末報告");
    ok(student.uploads().begin_outcome(request.clone()).await);
    let position = school.position().await;
    let other = BeginOutcomeRequest { title: "期中報告".to_owned(), ..request.clone() };
    malformed(student.uploads().begin_outcome(other).await, &["request_id"]);
    // The same words to another method are another request too.
    let tick = TickOutcomeRequest {
        request_id: request.request_id,
        year: YEAR,
        work_id: school.certified(0, 1).await.remove(0).id,
        ..TickOutcomeRequest::default()
    };
    malformed(student.submission().tick_outcome(tick).await, &["request_id"]);
    let events = school.records().await;
    let ticked = events.iter().skip_while(|entry| entry.position <= position);
    assert!(ticked.into_iter().all(|entry| !entry.kind().starts_with("licheng.submission")));
}

async fn a_request_id_of_another_actor_is_refused(backend: Backend) {
    let school = School::open(backend).await;
    let request = begin(&school, "期末報告");
    let first = school.caller(school.students[0]).uploads().begin_outcome(request.clone()).await;
    ok(first);
    let position = school.position().await;
    let other = school.caller(school.students[1]);
    malformed(other.uploads().begin_outcome(request).await, &["request_id"]);
    assert_eq!(school.position().await, position);
}

async fn a_request_that_was_refused_is_decided_anew(backend: Backend) {
    let school = School::open(backend).await;
    let (student, teacher) = (school.caller(school.students[0]), school.caller(school.teachers[0]));
    let work = school.outcome(0, 0).await;
    let tick = TickOutcomeRequest {
        request_id: request_id(),
        year: YEAR,
        work_id: work.id.clone(),
        ..TickOutcomeRequest::default()
    };
    let answer = student.submission().tick_outcome(tick.clone()).await;
    refused(answer, Code::FailedPrecondition, "SELECTION_NOT_CERTIFIED", "§4.3.3");
    assert!(teacher.certify(&[work]).await.unwrap()[0].is_ok());
    let first = ok(student.submission().tick_outcome(tick.clone()).await);
    assert_eq!(ok(student.submission().tick_outcome(tick).await), first);
}

async fn every_field_that_is_wrong_is_named_at_once(backend: Backend) {
    let school = School::open(backend).await;
    let position = school.position().await;
    let principal = school.caller(school.principal);
    let (student, teacher) = (school.caller(school.students[0]), school.caller(school.teachers[0]));
    the_office(&principal, &school.caller(school.registrar)).await;
    let long = "長".repeat(101);
    let file = File { name: format!("{}.png", "長".repeat(197)), size: 1, sha256: "ab".to_owned() };
    let request = BeginOutcomeRequest {
        request_id: "1".to_owned(),
        course_id: "數學".to_owned(),
        title: long.clone(),
        summary: long.clone(),
        file: Some(file),
        ..BeginOutcomeRequest::default()
    };
    let named = ["request_id", "course_id", "title", "summary", "file.name", "file.sha256"];
    malformed(student.uploads().begin_outcome(request).await, &named);
    let nothing = student.uploads().begin_outcome(BeginOutcomeRequest::default()).await;
    malformed(nothing, &["request_id", "course_id", "title", "summary", "file"]);
    let tick = student.submission().tick_outcome(TickOutcomeRequest::default()).await;
    malformed(tick, &["request_id", "year", "work_id"]);
    let put = PutSegmentRequest { year: 1_000, ..PutSegmentRequest::default() };
    malformed(student.uploads().put_segment(put).await, &["work_id", "year"]);
    let wrong = WorkToCertify { work_id: "1".to_owned(), commitment: "x".to_owned() };
    let certify = CertifyWorksRequest { works: vec![wrong], ..CertifyWorksRequest::default() };
    let certified = teacher.certification().certify_works(certify).await;
    malformed(certified, &["request_id", "works[0].work_id", "works[0].commitment"]);
    let revoke =
        RevokeCertificationRequest { reason: "長".repeat(501), ..RevokeCertificationRequest::default() };
    let revoked = teacher.certification().revoke_certification(revoke).await;
    malformed(revoked, &["request_id", "work_id", "reason"]);
    assert_eq!(school.position().await, position);
}

async fn the_office(principal: &Caller, registrar: &Caller) {
    let seat = SeatOfficeRequest { office: "king".to_owned(), ..SeatOfficeRequest::default() };
    malformed(principal.governance().seat_office(seat).await, &["request_id", "office", "person_id"]);
    let adopt = principal.governance().adopt_policy(AdoptPolicyRequest::default()).await;
    malformed(adopt, &["request_id", "terms"]);
    let student = StudentData {
        number: "1".repeat(21),
        name: "a\u{0}".to_owned(),
        identity_number: "A123456788".to_owned(),
        birth_date: "2010-02-30".to_owned(),
        grade: 13,
        ..StudentData::default()
    };
    let register = RegisterStudentRequest { student: Some(student), ..RegisterStudentRequest::default() };
    let named = ["roster_id", "username", "number", "name", "identity_number", "birth_date", "grade"];
    let named = named.map(|field| format!("student.{field}"));
    let named: Vec<_> = std::iter::once("request_id").chain(named.iter().map(String::as_str)).collect();
    malformed(registrar.records().register_student(register).await, &named);
}

/// A `BeginOutcomeRequest` whose texts are bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct Raw {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(bytes = "bytes", tag = "4")]
    title: Bytes,
}

async fn what_is_not_utf_8_is_named(backend: Backend) {
    let school = School::open(backend).await;
    let position = school.position().await;
    // 報告 in Big5.
    let raw = Raw { request_id: request_id(), title: Bytes::from_static(&[0xb3, 0xf8, 0xa7, 0x69]) };
    let student = school.caller(school.students[0]);
    let path = "/licheng.uploads.v1.UploadsService/BeginOutcome";
    let answer: Result<(), Status> = ask(&student, path, Request::new(tokio_stream::once(raw))).await;
    let status = answer.as_ref().unwrap_err();
    assert!(status.get_details_bad_request().is_some(), "{status:?}");
    malformed(answer, &["title"]);
    assert_eq!(school.position().await, position);
}
