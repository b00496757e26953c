use chassis::{Asked, Asks, Call, status, wire};
use events::{ArchiveEvent, HoldScope};
use kernel::{Clause, Instant, Malformed, PersonId, Personal, clause};
use proto::archive::v1::hold_scope::Scope;
use proto::archive::v1::{
    Access, AccessState, ApproveErasureRequest, CancelErasureRequest, DeclineAccessRequest, ErasureState,
    GetErasureResponse, GrantAccessRequest, Hold as HoldMessage, HoldScope as HoldScopeMessage,
    ListAccessResponse, PlaceHoldRequest, ReleaseHoldRequest, RequestAccessRequest, RequestErasureRequest,
};
use tonic::Status;

use crate::domain::stream;
use crate::{Command, Hold, HoldCommand, Portfolio};

mod certificate;

/// Characters of a reason.
const REASON_MAX: usize = 200;
/// What is not there of whoever hasn't graduated.
const SEAL: Clause = clause("A1");

/// An event as its stream tells it: when, who, what.
pub(crate) struct Told {
    pub(crate) at: Instant,
    pub(crate) by: PersonId,
    pub(crate) event: ArchiveEvent,
}

impl Asks<Portfolio> for RequestAccessRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let student = problems.note("student_id", wire::id(&self.student_id));
        let reason = problems.note("reason", wire::text(&self.reason, REASON_MAX));
        let (student, reason) = problems.finish(student.zip(reason))?;
        Ok(Asked::new(stream(student), Command::RequestAccess { student, reason }))
    }
}

impl Asks<Portfolio> for GrantAccessRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let student = problems.note("student_id", wire::id(&self.student_id));
        let reader = problems.note("reader_id", wire::id(&self.reader_id));
        let until = self.until.as_ref().ok_or("must be there").and_then(wire::instant);
        let until = problems.note("until", until);
        let ((student, reader), until) = problems.finish(student.zip(reader).zip(until))?;
        Ok(Asked::new(stream(student), Command::GrantAccess { student, reader, until }))
    }
}

impl Asks<Portfolio> for DeclineAccessRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let student = problems.note("student_id", wire::id(&self.student_id));
        let reader = problems.note("reader_id", wire::id(&self.reader_id));
        let (student, reader) = problems.finish(student.zip(reader))?;
        Ok(Asked::new(stream(student), Command::DeclineAccess { student, reader }))
    }
}

macro_rules! asks {
    ($($message:ident => $command:ident),+ $(,)?) => {$(
        impl Asks<Portfolio> for $message {
            fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
                let student = student(&self.student_id)?;
                Ok(Asked::new(stream(student), Command::$command(student)))
            }
        }
    )+};
}

asks! {
    RequestErasureRequest => RequestErasure,
    ApproveErasureRequest => ApproveErasure,
    CancelErasureRequest => CancelErasure,
}

impl Asks<Hold> for PlaceHoldRequest {
    fn asks(&self, _: &Call) -> Result<Asked<HoldCommand>, Malformed> {
        let mut problems = Malformed::default();
        let scope = problems.note("scope", scope(self.scope.as_ref()));
        let reason = problems.note("reason", wire::text(&self.reason, REASON_MAX));
        let (scope, reason) = problems.finish(scope.zip(reason))?;
        Ok(Asked::new(scope.stream(), HoldCommand::Place { scope, reason }))
    }
}

impl Asks<Hold> for ReleaseHoldRequest {
    fn asks(&self, _: &Call) -> Result<Asked<HoldCommand>, Malformed> {
        let scope =
            scope(self.scope.as_ref()).map_err(|problem| Malformed::one("scope", problem.to_owned()))?;
        Ok(Asked::new(scope.stream(), HoldCommand::Release { scope }))
    }
}

/// The student that a request is about.
pub(crate) fn student(id: &str) -> Result<PersonId, Malformed> {
    wire::id(id).map_err(|problem| Malformed::one("student_id", problem))
}

/// What a request would hold.
fn scope(message: Option<&HoldScopeMessage>) -> Result<HoldScope, &'static str> {
    match message.and_then(|message| message.scope.as_ref()) {
        Some(Scope::StudentId(id)) => Ok(HoldScope::Student { student: wire::id(id)? }),
        Some(Scope::ClassId(id)) => Ok(HoldScope::Class { class: wire::id(id)? }),
        Some(Scope::School(true)) => Ok(HoldScope::School),
        Some(Scope::School(false)) | None => Err("must name a student, a class, or the school"),
    }
}

fn scope_message(scope: HoldScope) -> HoldScopeMessage {
    let scope = match scope {
        HoldScope::Student { student } => Scope::StudentId(student.to_string()),
        HoldScope::Class { class } => Scope::ClassId(class.to_string()),
        HoldScope::School => Scope::School(true),
    };
    HoldScopeMessage { scope: Some(scope) }
}

/// The student has no sealed portfolio, or there is no such student.
pub(crate) fn not_sealed() -> Status {
    status::not_found(SEAL, "sealed portfolio")
}

/// Readers' last requests; `None`: nothing is sealed.
pub(crate) fn access(told: &[Told]) -> Option<ListAccessResponse> {
    let mut access: Vec<Access> = Vec::new();
    let mut is_sealed = false;
    for Told { at, event, .. } in told {
        match event {
            ArchiveEvent::PortfolioSealed { .. } => is_sealed = true,
            ArchiveEvent::AccessRequested { reader, reason, .. } => {
                let reader_id = reader.to_string();
                access.retain(|access| access.reader_id != reader_id);
                access.push(Access {
                    reader_id,
                    state: AccessState::Requested.into(),
                    reason: open(reason),
                    requested: Some(wire::timestamp(*at)),
                    until: None,
                });
            }
            ArchiveEvent::AccessGranted { reader, until, .. } => {
                for access in of(&mut access, *reader) {
                    access.state = AccessState::Granted.into();
                    access.until = Some(wire::timestamp(*until));
                }
            }
            ArchiveEvent::AccessDeclined { reader, .. } => {
                for access in of(&mut access, *reader) {
                    access.state = AccessState::Declined.into();
                }
            }
            ArchiveEvent::HoldPlaced { .. }
            | ArchiveEvent::HoldReleased { .. }
            | ArchiveEvent::ErasureRequested { .. }
            | ArchiveEvent::ErasureApproved { .. }
            | ArchiveEvent::ErasureCancelled { .. }
            | ArchiveEvent::ErasureStarted { .. }
            | ArchiveEvent::ErasureCompleted { .. } => {}
        }
    }
    is_sealed.then_some(ListAccessResponse { access })
}

fn of(access: &mut [Access], reader: PersonId) -> impl Iterator<Item = &mut Access> {
    let reader = reader.to_string();
    access.iter_mut().filter(move |access| access.reader_id == reader)
}

/// A hold that stands, by the event that placed it.
pub(crate) fn hold(scope: HoldScope, told: &[Told]) -> Option<HoldMessage> {
    told.iter().rev().find_map(|told| match &told.event {
        ArchiveEvent::HoldPlaced { reason, .. } => Some(HoldMessage {
            scope: Some(scope_message(scope)),
            reason: open(reason),
            placed: Some(wire::timestamp(told.at)),
            placed_by: told.by.to_string(),
        }),
        ArchiveEvent::PortfolioSealed { .. }
        | ArchiveEvent::AccessRequested { .. }
        | ArchiveEvent::AccessGranted { .. }
        | ArchiveEvent::AccessDeclined { .. }
        | ArchiveEvent::HoldReleased { .. }
        | ArchiveEvent::ErasureRequested { .. }
        | ArchiveEvent::ErasureApproved { .. }
        | ArchiveEvent::ErasureCancelled { .. }
        | ArchiveEvent::ErasureStarted { .. }
        | ArchiveEvent::ErasureCompleted { .. } => None,
    })
}

/// How far an erasure has come; `None`: nothing is sealed.
pub(crate) fn erasure(told: &[Told], held: &[HoldScope]) -> Option<GetErasureResponse> {
    let mut answer: Option<GetErasureResponse> = None;
    for Told { at, event, .. } in told {
        if let ArchiveEvent::PortfolioSealed { until, .. } = event {
            let sealed_until = Some(wire::timestamp(*until));
            let state = ErasureState::Sealed.into();
            answer = Some(GetErasureResponse { state, sealed_until, ..GetErasureResponse::default() });
        }
        if let Some(answer) = &mut answer {
            step(answer, *at, event);
        }
    }
    let mut answer = answer?;
    if answer.state != i32::from(ErasureState::Started) && answer.state != i32::from(ErasureState::Completed)
    {
        answer.held_by = held.iter().map(|scope| scope_message(*scope)).collect();
    }
    Some(answer)
}

fn step(answer: &mut GetErasureResponse, at: Instant, event: &ArchiveEvent) {
    let at = Some(wire::timestamp(at));
    match event {
        ArchiveEvent::ErasureRequested { by, .. } => {
            answer.state = ErasureState::Requested.into();
            (answer.requested, answer.requested_by) = (at, by.to_string());
        }
        ArchiveEvent::ErasureApproved { by, starts, .. } => {
            answer.state = ErasureState::Approved.into();
            (answer.approved, answer.approved_by) = (at, by.to_string());
            answer.starts = Some(wire::timestamp(*starts));
        }
        ArchiveEvent::ErasureCancelled { .. } => {
            let state = ErasureState::Sealed.into();
            let sealed_until = answer.sealed_until;
            *answer = GetErasureResponse { state, sealed_until, ..GetErasureResponse::default() };
        }
        ArchiveEvent::ErasureStarted { .. } => {
            answer.state = ErasureState::Started.into();
            answer.started = at;
        }
        ArchiveEvent::ErasureCompleted { destroyed, files, claims, packages, .. } => {
            answer.state = ErasureState::Completed.into();
            answer.completed = at;
            answer.certificate = Some(certificate::of(*destroyed, *files, *claims, *packages));
        }
        ArchiveEvent::PortfolioSealed { .. }
        | ArchiveEvent::AccessRequested { .. }
        | ArchiveEvent::AccessGranted { .. }
        | ArchiveEvent::AccessDeclined { .. }
        | ArchiveEvent::HoldPlaced { .. }
        | ArchiveEvent::HoldReleased { .. } => {}
    }
}

/// What is erased is empty.
fn open(text: &Personal<String>) -> String {
    text.open().cloned().unwrap_or_default()
}
