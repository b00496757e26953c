//! A graduate's years in the archive, by the executable: sealed, refused, held, erased; and nobody else notices.

use std::collections::BTreeMap;
use std::path::Path;

use proto::archive::v1::hold_scope::Scope;
use proto::archive::v1::{
    ApproveErasureRequest, CancelErasureRequest, ErasureState, GetErasureRequest, GetErasureResponse,
    HoldScope, ListAccessRequest, PlaceHoldRequest, ReleaseHoldRequest, RequestAccessRequest,
    RequestErasureRequest,
};
use proto::portfolio::v1::{
    GetClassProgressRequest, GetClassProgressResponse, GetPortfolioRequest, GetPortfolioResponse,
};
use proto::records::v1::{GetStudentRequest, GraduateStudentRequest};
use proto::submission::v1::GetExtractRequest;
use proto::uploads::v1::ReadFileRequest;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::faults::judge::{folded_documents, the_views_are_folds};
use crate::world::{Backend, CLOSED, Caller, Ministry, School, Work, YEAR, ask, ok, refused, request_id};

both!(a2_a_graduate_is_erased_three_years_later_and_nobody_else_notices);

/// The date in the seal of who graduates on 12 June 2026, and an instant before it.
const SEALED_UNTIL: &str = "2029-06-13T00:00:00+08:00";
const TOO_EARLY: &str = "2029-06-12T23:59:59.999999+08:00";
/// Seven days later.
const STARTS: &str = "2029-06-20T00:00:00+08:00";
/// How a registrar sees the student: what must be nowhere once it is erased.
const SHOWN: [&str; 5] = ["林武雄", "1140001", "A123456789", "期末報告", "report"];

/// Lets a student graduate on 12 June 2026.
async fn graduate(school: &School, student: Uuid) {
    school.advance("2026-06-12T10:00:00+08:00");
    let request = GraduateStudentRequest {
        request_id: request_id(),
        student_id: student.to_string(),
        year: YEAR,
        on: "2026-06-12".to_owned(),
        ..GraduateStudentRequest::default()
    };
    ok(school.caller(school.registrar).records().graduate_student(request).await);
}

/// Waits for an event of archive.
async fn until(school: &School, kind: &str) {
    let kind = format!("licheng.archive.{kind}.v1");
    school.until(|entry| entry.kind() == kind).await;
}

async fn erasure(school: &School, student: Uuid) -> GetErasureResponse {
    let request = GetErasureRequest { student_id: student.to_string(), ..GetErasureRequest::default() };
    ok(school.caller(school.principal).archive().get_erasure(request).await)
}

async fn request(school: &School, student: Uuid) -> Result<(), Status> {
    let request = RequestErasureRequest {
        request_id: request_id(),
        student_id: student.to_string(),
        ..RequestErasureRequest::default()
    };
    school.caller(school.registrar).archive().request_erasure(request).await.map(drop)
}

async fn approve(school: &School, by: Uuid, student: Uuid) -> Result<(), Status> {
    let request = ApproveErasureRequest {
        request_id: request_id(),
        student_id: student.to_string(),
        ..ApproveErasureRequest::default()
    };
    school.caller(by).archive().approve_erasure(request).await.map(drop)
}

async fn cancel(school: &School, student: Uuid) -> Result<(), Status> {
    let request = CancelErasureRequest {
        request_id: request_id(),
        student_id: student.to_string(),
        ..CancelErasureRequest::default()
    };
    school.caller(school.registrar).archive().cancel_erasure(request).await.map(drop)
}

async fn portfolio<M, R>(caller: &Caller, method: &str, message: M) -> Result<R, Status>
where
    M: prost::Message + 'static,
    R: prost::Message + Default + 'static,
{
    let path = format!("/licheng.portfolio.v1.PortfolioService/{method}");
    ask(caller, &path, Request::new(tokio_stream::once(message))).await
}

/// Everything that the API tells the registrar of a student, and of the student's class, as text.
async fn told(school: &School, student: Uuid, work: &Work) -> String {
    let (registrar, at_least_position) = (school.caller(school.registrar), school.position().await);
    let student_id = student.to_string();
    let asked = GetPortfolioRequest { at_least_position, student_id: student_id.clone() };
    let shown: Result<GetPortfolioResponse, _> = portfolio(&registrar, "GetPortfolio", asked).await;
    let class_id = school.class.to_string();
    let asked = GetClassProgressRequest { at_least_position, class_id, year: YEAR };
    let class: GetClassProgressResponse = portfolio(&registrar, "GetClassProgress", asked).await.unwrap();
    let asked = GetStudentRequest { student_id: student_id.clone(), ..GetStudentRequest::default() };
    let data = registrar.records().get_student(asked).await;
    let asked = ReadFileRequest { work_id: work.id.clone(), ..ReadFileRequest::default() };
    let file = match registrar.uploads().read_file(asked).await {
        Ok(parts) => parts.into_inner().message().await,
        Err(status) => Err(status),
    };
    let asked = ListAccessRequest { student_id, ..ListAccessRequest::default() };
    let access = registrar.archive().list_access(asked).await;
    format!("{shown:?} {class:?} {data:?} {file:?} {access:?}")
}

/// The documents of the views by which others are seen, as an export gives them.
fn of_others(export: &Path, student: Uuid) -> BTreeMap<String, BTreeMap<String, Vec<u8>>> {
    let mut views = folded_documents(export);
    let own = views.get_mut("student").and_then(|documents| documents.remove(&student.to_string()));
    assert!(own.is_some(), "the student's own document");
    views
}

async fn a2_a_graduate_is_erased_three_years_later_and_nobody_else_notices(backend: Backend) {
    let ministry = Ministry::start(&[]).await;
    let mut school = School::open_with_central(backend, ministry.address()).await;
    let student = school.students[0];
    let works = school.certified(0, 1).await;
    school.caller(student).tick(&works[0]).await.unwrap();
    let (performance, another) = (school.performance(0).await, school.certified(1, 1).await.remove(0));
    school.caller(school.students[1]).tick(&another).await.unwrap();
    school.advance(CLOSED);
    school.submit_and_reconcile().await;
    let before = told(&school, student, &works[0]).await;
    assert!(SHOWN.iter().all(|text| before.contains(text)), "{before}");

    graduate(&school, student).await;
    until(&school, "PortfolioSealed").await;
    assert_eq!(erasure(&school, student).await.state(), ErasureState::Sealed);
    let extract = GetExtractRequest { year: YEAR, round: 1, ..GetExtractRequest::default() };
    let extract = school.caller(student).submission().get_extract(extract).await;
    refused(extract, Code::PermissionDenied, "PORTFOLIO_SEALED", "A5");
    let asked = RequestAccessRequest {
        request_id: request_id(),
        student_id: student.to_string(),
        reason: "林武雄申請留學".to_owned(),
        ..RequestAccessRequest::default()
    };
    ok(school.caller(student).archive().request_access(asked).await);
    school.advance(TOO_EARLY);
    refused(request(&school, student).await, Code::FailedPrecondition, "ERASURE_TOO_EARLY", "§10");
    let before = of_others(&school.export("before").await, student);

    school.advance(SEALED_UNTIL);
    hold(&school, student).await;
    request(&school, student).await.unwrap();
    refused(approve(&school, school.registrar, student).await, Code::PermissionDenied, "DUTY_MISSING", "A2");
    approve(&school, school.principal, student).await.unwrap();
    assert_eq!(erasure(&school, student).await.state(), ErasureState::Approved);
    school.advance(STARTS);
    until(&school, "ErasureCompleted").await;
    refused(cancel(&school, student).await, Code::FailedPrecondition, "ERASURE_BEGUN", "A2");
    let erasure = erasure(&school, student).await;
    assert_eq!(erasure.state(), ErasureState::Completed);
    let counts: Vec<_> = erasure.certificate.unwrap().destroyed.iter().map(|line| line.count).collect();
    assert_eq!(counts, [1, 1, 0, 0, 2, 2, 4, 1]);
    nothing_is_told(&school, student, &works[0]).await;

    // The same in a process that has seen none of it happen.
    school.crash().await;
    nothing_is_told(&school, student, &works[0]).await;
    the_views_are_folds(&school).await;
    let export = school.folder().join("export");
    assert_eq!(of_others(&export, student), before);
    let records = std::fs::read_to_string(export.join("records.ndjson")).unwrap();
    let records: Vec<_> = records.lines().collect();
    for work in [&works[0], &performance, &another] {
        let position = usize::try_from(work.receipt.position).unwrap();
        assert_eq!(records[position - 1].as_bytes(), work.receipt.record);
    }
}

/// A hold stops it; released, it stops it no longer.
async fn hold(school: &School, student: Uuid) {
    let mut principal = school.caller(school.principal).archive();
    let scope = Some(HoldScope { scope: Some(Scope::ClassId(school.class.to_string())) });
    let place = PlaceHoldRequest {
        request_id: request_id(),
        scope: scope.clone(),
        reason: "訴訟".to_owned(),
        ..PlaceHoldRequest::default()
    };
    ok(principal.place_hold(place).await);
    refused(request(school, student).await, Code::FailedPrecondition, "ERASURE_HELD", "A2");
    let release = ReleaseHoldRequest { request_id: request_id(), scope, ..ReleaseHoldRequest::default() };
    ok(principal.release_hold(release).await);
}

/// That nothing of the student is shown any more, and the others are.
async fn nothing_is_told(school: &School, student: Uuid, work: &Work) {
    let told = told(school, student, work).await;
    let found: Vec<_> = SHOWN.iter().filter(|text| told.contains(**text)).collect();
    assert!(found.is_empty(), "{found:?} in {told}");
    assert!(told.contains("雅婷"), "{told}");
    let own = GetPortfolioRequest { student_id: student.to_string(), ..GetPortfolioRequest::default() };
    let answer: Result<GetPortfolioResponse, _> =
        portfolio(&school.caller(student), "GetPortfolio", own).await;
    assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
    // Of the package that both were in, the other's extract remains.
    let other = school.caller(school.students[1]);
    let extract = GetExtractRequest { year: YEAR, round: 1, ..GetExtractRequest::default() };
    let extract = ok(other.submission().get_extract(extract).await).extract;
    assert!(String::from_utf8(extract.to_vec()).unwrap().contains(&school.students[1].to_string()));
}
