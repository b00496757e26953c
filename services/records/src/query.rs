//! What is read back: a person by a value that is unique in the school, a student's basic data.

use std::sync::Arc;

use chassis::{Call, Reading, status};
use events::{Decider as _, RecordsEvent};
use eventstore::Known;
use kernel::{Clause, Office, PersonId, clause};
use proto::records::v1::{FindPersonRequest, FindPersonResponse, GetStudentRequest, GetStudentResponse};
use tonic::Status;

use crate::{Classes, Student, wire};

const BASIC_DATA: Clause = clause("A.1");

/// The person of a value. Of others than those that the caller may read, it says that there is nobody.
pub(crate) async fn find_person(
    known: &Arc<Known<Classes>>,
    call: &Call,
    request: &FindPersonRequest,
) -> Result<FindPersonResponse, Status> {
    let name = wire::person_name(request).map_err(status::malformed)?;
    let reading = chassis::reading(known, call, request.at_least_position).await?;
    let found =
        known.engine().resolve(call.ledger, std::slice::from_ref(&name)).await.map_err(status::fault)?;
    let person = found.get(&name).map(|person| PersonId::new(*person));
    let person = person.filter(|person| reaches(&reading, call, *person));
    let person = person.ok_or_else(|| status::not_found(BASIC_DATA, "person"))?;
    Ok(FindPersonResponse { person_id: person.to_string() })
}

/// A student's basic data, as the events say, opened for this answer alone.
pub(crate) async fn get_student(
    known: &Arc<Known<Classes>>,
    call: &Call,
    request: &GetStudentRequest,
) -> Result<GetStudentResponse, Status> {
    let student: PersonId = wire::field("student_id", &request.student_id).map_err(status::malformed)?;
    let reading = chassis::reading(known, call, request.at_least_position).await?;
    if !reaches(&reading, call, student) {
        return Err(status::out_of_reach(call.duty));
    }
    drop(reading);
    let stream = format!("student-{student}");
    let events = known.engine().read_stream_open(call.ledger, &stream, 0).await.map_err(status::fault)?;
    let mut state = Student::default();
    for event in events.into_iter().filter_map(|(_, event)| RecordsEvent::try_from(event).ok()) {
        state.evolve(&event);
    }
    let basic = state.basic().ok_or_else(|| status::not_found(BASIC_DATA, "student"))?;
    Ok(wire::student(basic, state.class()))
}

/// Whether the caller may read of a person: by an office all, by what one is to the other oneself, one's class, one's
/// courses.
fn reaches(reading: &Reading<Classes>, call: &Call, person: PersonId) -> bool {
    let (caller, authority) = (call.caller.person, &reading.basis.authority);
    let homeroom = authority.class_of(person).and_then(|class| authority.homeroom(class));
    reading.reaches_all()
        || (reading.by(Office::Student) && person == caller)
        || (reading.by(Office::HomeroomTeacher) && homeroom == Some(caller))
        || (reading.by(Office::Teacher)
            && authority.courses_of(caller).any(|course| authority.takes(person, course)))
}
