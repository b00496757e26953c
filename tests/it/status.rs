//! Who leaves, comes back and graduates (§5, R11): what is theirs stays theirs to read, and nothing new begins.

use proto::records::v1::{GraduateStudentRequest, Leaving, RecordLeavingRequest, RecordReturnRequest};
use proto::uploads::v1::GetReceiptRequest;
use tonic::Code;

use crate::world::{Backend, School, YEAR, malformed, ok, pdf, png, refused, request_id};

both!(s5_who_is_gone_begins_and_selects_nothing_until_they_come_back);

async fn s5_who_is_gone_begins_and_selects_nothing_until_they_come_back(backend: Backend) {
    let school = School::open(backend).await;
    let works = school.certified(0, 2).await;
    let (registrar, student) = (school.caller(school.registrar), school.caller(school.students[0]));
    student.tick(&works[0]).await.unwrap();
    let leaves = |leaving: Leaving, on: &str| RecordLeavingRequest {
        request_id: request_id(),
        student_id: school.students[0].to_string(),
        on: on.to_owned(),
        leaving: leaving.into(),
        ..RecordLeavingRequest::default()
    };
    let position = school.position().await;
    // Only the registrar says so, of a day that is no later than tomorrow.
    let denied = student.records().record_leaving(leaves(Leaving::Suspended, "2026-01-12")).await;
    refused(denied, Code::PermissionDenied, "DUTY_MISSING", "§5");
    let early = registrar.records().record_leaving(leaves(Leaving::Suspended, "2026-01-14")).await;
    refused(early, Code::FailedPrecondition, "STUDENT_STATUS_DAY_TO_COME", "§5");
    let wrong = registrar.records().record_leaving(leaves(Leaving::Unspecified, "12.1.2026")).await;
    malformed(wrong, &["on", "leaving"]);
    assert_eq!(school.position().await, position);

    ok(registrar.records().record_leaving(leaves(Leaving::Suspended, "2026-01-13")).await);
    let begun = student.begin(school.courses[0], &pdf("late", 0)).await;
    refused(begun, Code::FailedPrecondition, "UPLOAD_NOT_ENROLLED", "§5");
    let begun = student.begin_performance(&png("late")).await;
    refused(begun, Code::FailedPrecondition, "UPLOAD_NOT_ENROLLED", "§5");
    refused(student.tick(&works[1]).await, Code::FailedPrecondition, "SELECTION_NOT_ENROLLED", "§5");
    // What was selected is the student's to give up, and what is there the student's to read.
    student.untick(&works[0]).await.unwrap();
    let request = GetReceiptRequest { work_id: works[0].id.clone(), ..GetReceiptRequest::default() };
    assert_eq!(ok(student.uploads().get_receipt(request).await).receipt, Some(works[0].receipt.clone()));

    let returns = RecordReturnRequest {
        request_id: request_id(),
        student_id: school.students[0].to_string(),
        on: "2026-01-13".to_owned(),
        ..RecordReturnRequest::default()
    };
    ok(registrar.records().record_return(returns).await);
    student.tick(&works[1]).await.unwrap();
    student.begin_performance(&png("back")).await.unwrap();
    let graduates = GraduateStudentRequest {
        request_id: request_id(),
        student_id: school.students[0].to_string(),
        year: YEAR,
        on: "2026-01-13".to_owned(),
        ..GraduateStudentRequest::default()
    };
    ok(registrar.records().graduate_student(graduates).await);
    refused(student.tick(&works[0]).await, Code::FailedPrecondition, "SELECTION_NOT_ENROLLED", "§5");
    let again = registrar.records().record_leaving(leaves(Leaving::Withdrawn, "2026-01-13")).await;
    refused(again, Code::FailedPrecondition, "STUDENT_NOT_ENROLLED", "§5");
}
