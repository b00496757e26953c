//! The service over both stores and a real folder: what a client sees, call by call.

mod erase;
mod place;
mod school;

use std::time::Duration;

use kernel::{Instant, PersonId};
use proto::archive::v1::hold_scope::Scope;
use proto::archive::v1::{Access, AccessState, ErasureState, HoldScope};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;
use place::{Place, on_both};
use school::{
    CLASS, GUIDANCE, LEDGER, OTHER, PRINCIPAL, REGISTRAR, STRANGER, STUDENT, School, at, request_id,
    sealed_until,
};

on_both!(
    a1_a_graduate_is_sealed_once,
    a5_access_is_requested_granted_and_declined,
    a5_refuses_what_may_not_be_read,
    a2_holds_are_placed_listed_and_released,
    s10_refuses_an_erasure_until_the_very_instant,
    a2_an_erasure_takes_two_and_can_be_cancelled,
    who_has_no_duty_is_refused_by_every_method,
);

fn timestamp(at: Instant) -> Option<prost_types::Timestamp> {
    Some(chassis::wire::timestamp(at))
}

fn day() -> Duration {
    Duration::from_secs(86_400)
}

/// Code, reason and clause of an answer.
fn said<T>(answer: Result<T, Status>) -> (Code, String, String) {
    let Err(status) = answer else { panic!("it was accepted") };
    let info = status.get_details_error_info().unwrap();
    (status.code(), info.reason, info.metadata.get("clause").cloned().unwrap_or_default())
}

fn refusal(code: Code, reason: &str, clause: &str) -> (Code, String, String) {
    (code, reason.into(), clause.into())
}

/// The fields at fault of a request that can't be understood.
fn fields<T>(answer: Result<T, Status>) -> Vec<String> {
    let Err(status) = answer else { panic!("it was accepted") };
    assert_eq!(status.code(), Code::InvalidArgument);
    let request = status.get_details_bad_request().unwrap();
    request.field_violations.into_iter().map(|violation| violation.field).collect()
}

type Answer = Result<u64, Status>;

/// One method for each command, which answers the position that it wrote at.
macro_rules! commands {
    ($($method:ident = $name:literal ($message:ident { $($field:ident: $type:ty),* })),+ $(,)?) => {
        impl School {
            $(async fn $method(&self, by: PersonId, $($field: $type),*) -> Answer {
                let message = $message {
                    request_id: request_id(),
                    at_least_position: 0,
                    $($field: $field.into()),*
                };
                let answer = self.service.$method(Self::request(by, $name, message)).await?;
                Ok(answer.into_inner().written.unwrap().position)
            })+
        }
    };
}

commands! {
    request_access = "RequestAccess" (RequestAccessRequest { student_id: String, reason: &str }),
    grant_access = "GrantAccess" (GrantAccessRequest {
        student_id: String, reader_id: String, until: Option<prost_types::Timestamp>
    }),
    decline_access = "DeclineAccess" (DeclineAccessRequest { student_id: String, reader_id: String }),
    place_hold = "PlaceHold" (PlaceHoldRequest { scope: Option<HoldScope>, reason: &str }),
    release_hold = "ReleaseHold" (ReleaseHoldRequest { scope: Option<HoldScope> }),
    request_erasure = "RequestErasure" (RequestErasureRequest { student_id: String }),
    approve_erasure = "ApproveErasure" (ApproveErasureRequest { student_id: String }),
    cancel_erasure = "CancelErasure" (CancelErasureRequest { student_id: String }),
}

impl School {
    async fn access(&self, by: PersonId, student: PersonId) -> Result<Vec<Access>, Status> {
        let message = ListAccessRequest { at_least_position: 0, student_id: student.to_string() };
        let answer = self.service.list_access(Self::request(by, "ListAccess", message)).await?;
        Ok(answer.into_inner().access)
    }

    async fn holds(&self, by: PersonId) -> Result<ListHoldsResponse, Status> {
        let message = ListHoldsRequest { at_least_position: 0 };
        Ok(self.service.list_holds(Self::request(by, "ListHolds", message)).await?.into_inner())
    }

    async fn erasure(&self, by: PersonId, student: PersonId) -> Result<GetErasureResponse, Status> {
        let message = GetErasureRequest { at_least_position: 0, student_id: student.to_string() };
        Ok(self.service.get_erasure(Self::request(by, "GetErasure", message)).await?.into_inner())
    }

    /// Requested on the date in the seal and approved at once: it starts seven days later.
    async fn approved(&self, student: PersonId) -> Instant {
        self.set(sealed_until());
        self.request_erasure(REGISTRAR, student.to_string()).await.unwrap();
        self.approve_erasure(PRINCIPAL, student.to_string()).await.unwrap();
        sealed_until().plus(day() * 7)
    }
}

fn scope(scope: Scope) -> Option<HoldScope> {
    Some(HoldScope { scope: Some(scope) })
}

async fn a1_a_graduate_is_sealed_once(place: Arc<Place>) {
    let school = School::graduated(place).await;
    assert_eq!(said(school.erasure(REGISTRAR, STUDENT).await).0, Code::NotFound);
    for process in [&school, &school.again().await, &school] {
        process.react(&process.sealing()).await;
    }
    assert_eq!(school.kinds(&stream(STUDENT)).await, ["PortfolioSealed"]);
    let erasure = school.erasure(REGISTRAR, STUDENT).await.unwrap();
    assert_eq!((erasure.state(), erasure.sealed_until), (ErasureState::Sealed, timestamp(sealed_until())));
    // Who graduates on 29 February, or on the last instant of a day in Taipei, is kept as long as anybody.
    let year = kernel::SchoolYear::try_new(116).unwrap();
    let on = kernel::Date::constant(2028, 2, 29);
    let leap = events::RecordsEvent::StudentGraduated { student: STRANGER, year, on };
    school.say(&format!("student-{STRANGER}"), leap).await;
    school.react(&school.sealing()).await;
    let erasure = school.erasure(REGISTRAR, STRANGER).await.unwrap();
    assert_eq!(erasure.sealed_until, timestamp(at("2031-03-01T00:00:00+08:00")));
}

async fn a5_access_is_requested_granted_and_declined(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let student = STUDENT.to_string();
    let asked = [(GUIDANCE, "撰寫推薦信"), (STUDENT, "留學申請"), (REGISTRAR, "查證")];
    for (reader, reason) in asked {
        school.request_access(reader, student.clone(), reason).await.unwrap();
    }
    let until = at("2026-06-13T09:00:00+08:00").plus(day() * 30);
    for reader in [GUIDANCE, STUDENT] {
        school.grant_access(PRINCIPAL, student.clone(), reader.to_string(), timestamp(until)).await.unwrap();
    }
    school.decline_access(PRINCIPAL, student.clone(), REGISTRAR.to_string()).await.unwrap();
    let found = school.access(PRINCIPAL, STUDENT).await.unwrap();
    let expected = [AccessState::Granted, AccessState::Granted, AccessState::Declined];
    for ((access, (reader, reason)), state) in found.iter().zip(asked).zip(expected) {
        assert_eq!((&access.reader_id, &*access.reason), (&reader.to_string(), reason));
        assert_eq!((access.state(), access.requested), (state, timestamp(at("2026-06-13T09:00:00+08:00"))));
        assert_eq!(access.until, if state == AccessState::Granted { timestamp(until) } else { None });
    }
    assert_eq!(found.len(), 3);
    // What everybody knows by it: sealed to all but whom it was granted, for as long.
    let known = school.service.known().confirmed(LEDGER).await.unwrap();
    let sealed_to = |reader, at| known.authority.is_sealed_to(STUDENT, reader, at);
    let before = until.minus(Duration::from_micros(1));
    assert_eq!([GUIDANCE, STUDENT, REGISTRAR].map(|reader| sealed_to(reader, before)), [false, false, true]);
    assert!(sealed_to(GUIDANCE, until));
}

async fn a5_refuses_what_may_not_be_read(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let (student, nobody) = (STUDENT.to_string(), STRANGER.to_string());
    let soon = timestamp(at("2026-06-14T09:00:00+08:00"));
    let failed = |reason| refusal(Code::FailedPrecondition, reason, "A5");
    let denied = |reason| refusal(Code::PermissionDenied, reason, "A5");
    let answer = school.request_access(REGISTRAR, nobody.clone(), "x").await;
    assert_eq!(said(answer), failed("ACCESS_NOT_SEALED"));
    assert_eq!(said(school.request_access(OTHER, student.clone(), "x").await), denied("ACCESS_OF_ANOTHER"));
    let answer = school.grant_access(PRINCIPAL, student.clone(), GUIDANCE.to_string(), soon).await;
    assert_eq!(said(answer), failed("ACCESS_NOT_REQUESTED"));
    let answer = school.grant_access(PRINCIPAL, student.clone(), PRINCIPAL.to_string(), soon).await;
    assert_eq!(said(answer), denied("ACCESS_TO_ONESELF"));
    school.request_access(GUIDANCE, student.clone(), "x").await.unwrap();
    let now = at("2026-06-13T09:00:00+08:00");
    let far = timestamp(now.plus(day() * 30 + Duration::from_micros(1)));
    for (until, reason) in [(timestamp(now), "ACCESS_UNTIL_PAST"), (far, "ACCESS_TOO_LONG")] {
        let answer = school.grant_access(PRINCIPAL, student.clone(), GUIDANCE.to_string(), until).await;
        assert_eq!(said(answer), failed(reason));
    }
    let long = "字".repeat(201);
    assert_eq!(fields(school.request_access(GUIDANCE, "x".into(), &long).await), ["student_id", "reason"]);
    assert_eq!(fields(school.request_access(GUIDANCE, student.clone(), " ").await), ["reason"]);
    let answer = school.grant_access(PRINCIPAL, "x".into(), "y".into(), None).await;
    assert_eq!(fields(answer), ["student_id", "reader_id", "until"]);
    assert_eq!(said(school.access(PRINCIPAL, STRANGER).await).0, Code::NotFound);
    let most = "字".repeat(200);
    school.request_access(REGISTRAR, student, &most).await.unwrap();
}

async fn a2_holds_are_placed_listed_and_released(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let scopes = [
        scope(Scope::StudentId(STUDENT.to_string())),
        scope(Scope::ClassId(CLASS.to_string())),
        scope(Scope::School(true)),
    ];
    for hold in &scopes {
        school.place_hold(PRINCIPAL, hold.clone(), "訴訟").await.unwrap();
        school.place_hold(PRINCIPAL, hold.clone(), "再一次").await.unwrap();
    }
    let found = school.holds(REGISTRAR).await.unwrap().holds;
    assert_eq!(found.iter().map(|hold| hold.scope.clone()).collect::<Vec<_>>(), scopes);
    assert!(found.iter().all(|hold| hold.reason == "訴訟" && hold.placed_by == PRINCIPAL.to_string()));
    assert!(found.iter().all(|hold| hold.placed == timestamp(at("2026-06-13T09:00:00+08:00"))));
    assert_eq!(school.erasure(REGISTRAR, STUDENT).await.unwrap().held_by.len(), 3);
    assert_eq!(school.erasure(REGISTRAR, OTHER).await.unwrap().held_by.len(), 1);
    for hold in &scopes {
        school.release_hold(PRINCIPAL, hold.clone()).await.unwrap();
    }
    assert_eq!(school.holds(REGISTRAR).await.unwrap().holds, []);
    for nothing in [Scope::StudentId(STRANGER.to_string()), Scope::ClassId(STRANGER.to_string())] {
        let answer = school.place_hold(PRINCIPAL, scope(nothing), "訴訟").await;
        assert_eq!(said(answer), refusal(Code::NotFound, "HOLD_OF_NOTHING", "A2"));
    }
    for wrong in [None, Some(HoldScope { scope: None }), scope(Scope::School(false))] {
        assert_eq!(fields(school.place_hold(PRINCIPAL, wrong.clone(), "").await), ["scope", "reason"]);
        assert_eq!(fields(school.release_hold(PRINCIPAL, wrong).await), ["scope"]);
    }
}

async fn s10_refuses_an_erasure_until_the_very_instant(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let nobody = STRANGER.to_string();
    let answer = school.request_erasure(REGISTRAR, nobody).await;
    assert_eq!(said(answer), refusal(Code::FailedPrecondition, "ERASURE_NOT_SEALED", "§10"));
    // A day before, and the last instant of the last day in Taipei.
    for early in [day(), Duration::from_micros(1)] {
        school.set(sealed_until().minus(early));
        let answer = school.request_erasure(REGISTRAR, STUDENT.to_string()).await;
        assert_eq!(said(answer), refusal(Code::FailedPrecondition, "ERASURE_TOO_EARLY", "§10"));
    }
    school.set(sealed_until());
    school.request_erasure(REGISTRAR, STUDENT.to_string()).await.unwrap();
    assert_eq!(school.kinds(&stream(STUDENT)).await, ["PortfolioSealed", "ErasureRequested"]);
}

async fn a2_an_erasure_takes_two_and_can_be_cancelled(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let student = STUDENT.to_string();
    school.set(sealed_until());
    let answer = school.approve_erasure(PRINCIPAL, student.clone()).await;
    assert_eq!(said(answer), refusal(Code::FailedPrecondition, "ERASURE_NOT_REQUESTED", "A2"));
    // Who is both is still one person.
    let seated = events::GovernanceEvent::OfficeSeated {
        office: kernel::Office::Registrar,
        person: PRINCIPAL,
        from: Instant::default(),
    };
    school.say("office-registrar", seated).await;
    school.request_erasure(PRINCIPAL, student.clone()).await.unwrap();
    let answer = school.approve_erasure(PRINCIPAL, student.clone()).await;
    assert_eq!(said(answer), refusal(Code::PermissionDenied, "ERASURE_BY_WHO_REQUESTED", "A2"));
    school.cancel_erasure(PRINCIPAL, student.clone()).await.unwrap();
    let starts = school.approved(STUDENT).await;
    let erasure = school.erasure(PRINCIPAL, STUDENT).await.unwrap();
    assert_eq!((erasure.state(), erasure.starts), (ErasureState::Approved, timestamp(starts)));
    assert_eq!((erasure.requested_by, erasure.approved_by), (REGISTRAR.to_string(), PRINCIPAL.to_string()));
    assert_eq!((erasure.requested, erasure.approved), (timestamp(sealed_until()), timestamp(sealed_until())));
    school.cancel_erasure(REGISTRAR, student.clone()).await.unwrap();
    let erasure = school.erasure(PRINCIPAL, STUDENT).await.unwrap();
    assert_eq!((erasure.state(), erasure.starts, erasure.requested), (ErasureState::Sealed, None, None));
    school.set(starts);
    let answer = school.start(STUDENT).await;
    assert!(matches!(answer, Err(eventstore::Rejected::Refused(crate::Refusal::ErasureNotApproved))));
}

async fn who_has_no_duty_is_refused_by_every_method(place: Arc<Place>) {
    let school = School::sealed(place).await;
    let (student, hold) = (STUDENT.to_string(), scope(Scope::School(true)));
    let soon = timestamp(at("2026-06-14T09:00:00+08:00"));
    let denials = [
        (said(school.request_access(STRANGER, student.clone(), "x").await), "A5"),
        (said(school.grant_access(STRANGER, student.clone(), student.clone(), soon).await), "A5"),
        (said(school.decline_access(STRANGER, student.clone(), student.clone()).await), "A5"),
        (said(school.access(STRANGER, STUDENT).await), "A1"),
        (said(school.place_hold(STRANGER, hold.clone(), "x").await), "A2"),
        (said(school.release_hold(STRANGER, hold).await), "A2"),
        (said(school.holds(STRANGER).await), "A1"),
        (said(school.request_erasure(STRANGER, student.clone()).await), "§10"),
        (said(school.approve_erasure(STRANGER, student.clone()).await), "A2"),
        (said(school.cancel_erasure(STRANGER, student.clone()).await), "A2"),
        (said(school.erasure(STRANGER, STUDENT).await), "A1"),
    ];
    assert_eq!(denials.len(), crate::RPCS.len());
    for (denial, clause) in denials {
        assert_eq!(denial, refusal(Code::PermissionDenied, "DUTY_MISSING", clause));
    }
}
