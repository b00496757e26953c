//! What is read of the views, by whom; the only place where what they hold is opened.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use chassis::{Call, Reading, reading, status};
use eventstore::project::{self, View};
use eventstore::{Engine, Fault, Known};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{Clause, LedgerId, Office, PersonId, WorkId, clause};
use proto::portfolio::v1::{
    GetClassProgressRequest, GetClassProgressResponse, GetPortfolioRequest, GetPortfolioResponse,
    GetWorklistRequest, GetWorklistResponse,
};
use tonic::Status;

use crate::views::{Class, Student, StudentDocument, Teacher, Waiting, WorkState, Worklist};
use crate::wire;

/// Current views.
const VIEWS: Clause = clause("V1");
/// How long a query waits for what it asks for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Documents of one answer that are opened at the same time.
const AT_ONCE: usize = 16;

/// A student's portfolio: the student's own, or by an office of the whole school; by a grant besides, where it is
/// sealed (A5).
pub(crate) async fn portfolio(
    known: &Known<()>,
    call: &Call,
    request: &GetPortfolioRequest,
) -> Result<GetPortfolioResponse, Status> {
    let student = wire::student_id(request).map_err(status::malformed)?;
    let open = |reading: &Reading<()>| {
        let own = reading.by(Office::Student) && student == call.caller.person;
        within(reading.reaches_all() || own, call)?;
        reading.unsealed(call, student)
    };
    letting(known, call, request.at_least_position, open).await?;
    let (engine, ledger) = (known.engine(), call.ledger);
    let at_least = request.at_least_position;
    let found = document::<Student>(engine, ledger, student, at_least);
    let (position, document) = found.await.map_err(status::fault)?;
    let registered = document.filter(|document| document.roster.is_some());
    let document = registered.ok_or_else(|| status::not_found(VIEWS, "student"))?;
    let document = opened(engine, ledger, &document).await?;
    // Courses are known as far as the document, so none of its courses is without a title.
    let basis = known.at_least(ledger, position).await.map_err(status::fault)?;
    Ok(wire::portfolio(position, student, &document, &basis.authority))
}

/// How far a class has come: for its homeroom teacher, or for an office of the whole school. Who is sealed to the caller
/// is left out.
pub(crate) async fn class_progress(
    known: &Known<()>,
    call: &Call,
    request: &GetClassProgressRequest,
) -> Result<GetClassProgressResponse, Status> {
    let (class, year) = wire::class_and_year(request).map_err(status::malformed)?;
    let homeroom = |reading: &Reading<()>| {
        let teacher = reading.basis.authority.homeroom(class);
        let own = reading.by(Office::HomeroomTeacher) && teacher == Some(call.caller.person);
        within(reading.reaches_all() || own, call)
    };
    letting(known, call, request.at_least_position, homeroom).await?;
    let (engine, ledger) = (known.engine(), call.ledger);
    let at_least = request.at_least_position;
    let found = document::<Class>(engine, ledger, class, at_least);
    let (position, document) = found.await.map_err(status::fault)?;
    let mut document = document.ok_or_else(|| status::not_found(VIEWS, "class"))?;
    let mut members: Vec<_> = document.members.remove(&year).into_iter().flatten().collect();
    let sealed = sealed(known, call, position).await?;
    members.retain(|student| !sealed(*student));
    drop(sealed);
    let students = students(engine, ledger, &members, position).await.map_err(status::fault)?;
    let opening = students.iter().map(|(id, student)| async move {
        let named = opened(engine, ledger, &student.without_works()).await;
        named.map(|named| wire::progress(*id, &named, student, year))
    });
    let opening: Vec<_> = opening.collect();
    let students: Vec<_> = stream::iter(opening).buffered(AT_ONCE).try_collect().await?;
    Ok(wire::class_progress(position, students))
}

/// A page of what waits for the caller, oldest first. Who is sealed to the caller is left out.
pub(crate) async fn worklist(
    known: &Known<()>,
    call: &Call,
    request: &GetWorklistRequest,
) -> Result<GetWorklistResponse, Status> {
    let page = wire::Page::read(request).map_err(status::malformed)?;
    drop(reading(known, call, request.at_least_position).await?);
    let (engine, ledger, teacher) = (known.engine(), call.ledger, call.caller.person);
    let found = waiting(engine, ledger, teacher, request.at_least_position).await;
    let (position, mut waiting) = found.map_err(status::fault)?;
    let sealed = sealed(known, call, position).await?;
    waiting.retain(|(_, waiting)| waiting.position > page.after && !sealed(waiting.student));
    drop(sealed);
    waiting.sort_by_key(|(_, waiting)| waiting.position);
    let more = waiting.len() > page.size;
    waiting.truncate(page.size);
    let next = waiting.last().filter(|_| more).map(|(_, last)| last.position);
    let ids: Vec<_> = waiting.iter().map(|(_, waiting)| waiting.student).collect();
    let students = students(engine, ledger, &ids, position).await.map_err(status::fault)?;
    let shown = waiting.into_iter().filter_map(|(work, waiting)| {
        let student = students.get(&waiting.student)?;
        // Who judged it since the worklist was read needs it no longer.
        let found = student.works.get(&work).filter(|found| found.state == WorkState::Submitted)?;
        let works = BTreeMap::from([(work, found.clone())]);
        Some((waiting.student, StudentDocument { works, ..student.without_works() }))
    });
    let opening = shown.map(|(id, student)| async move {
        opened(engine, ledger, &student).await.map(|student| (id, student))
    });
    let opening: Vec<_> = opening.collect();
    let shown: Vec<_> = stream::iter(opening).buffered(AT_ONCE).try_collect().await?;
    let basis = known.at_least(ledger, position).await.map_err(status::fault)?;
    Ok(wire::worklist(position, &shown, next, &basis.authority))
}

/// Lets the caller through, or refuses after a look at what the store has by now: another process may have changed it a
/// moment ago.
async fn letting(
    known: &Known<()>,
    call: &Call,
    at_least: u64,
    lets: impl Fn(&Reading<()>) -> Result<(), Status>,
) -> Result<(), Status> {
    let first = reading(known, call, at_least).await?;
    if lets(&first).is_ok() {
        return Ok(());
    }
    drop(first);
    let position = known.confirmed(call.ledger).await.map_err(status::fault)?.position;
    lets(&reading(known, call, position).await?)
}

/// Whether the caller's office reaches so far.
fn within(reaches: bool, call: &Call) -> Result<(), Status> {
    if reaches { Ok(()) } else { Err(status::out_of_reach(call.duty)) }
}

/// Says of a student whether what is there of them is sealed to the caller, or erased.
async fn sealed(known: &Known<()>, call: &Call, at_least: u64) -> Result<impl Fn(PersonId) -> bool, Status> {
    let basis = known.at_least(call.ledger, at_least).await.map_err(status::fault)?;
    let (reader, now) = (call.caller.person, known.engine().clock.now());
    Ok(move |student| basis.authority.is_sealed_to(student, reader, now))
}

/// Everything that waits in the courses of a teacher, and the position that the view stood at.
async fn waiting(
    engine: &Arc<Engine>,
    ledger: LedgerId,
    teacher: PersonId,
    at_least: u64,
) -> Result<(u64, Vec<(WorkId, Waiting)>), Fault> {
    let taught = document::<Teacher>(engine, ledger, teacher, at_least);
    let (position, taught) = taught.await?;
    let courses: Vec<_> = taught.unwrap_or_default().courses.iter().map(ToString::to_string).collect();
    let at_least = at_least.max(position);
    let position =
        project::wait_for(engine, Worklist::NAME, Worklist::VERSION, ledger, at_least, PATIENCE).await?;
    let courses = documents::<Worklist>(engine, ledger, &courses).await?;
    // The worklist may be newer than what the teacher taught.
    let theirs = courses.into_values().filter(|course| course.teachers.contains(&teacher));
    Ok((position, theirs.flat_map(|course| course.waiting).collect()))
}

/// Students' documents, sealed, not older than a position.
async fn students(
    engine: &Arc<Engine>,
    ledger: LedgerId,
    ids: &[PersonId],
    at_least: u64,
) -> Result<HashMap<PersonId, StudentDocument>, Fault> {
    project::wait_for(engine, Student::NAME, Student::VERSION, ledger, at_least, PATIENCE).await?;
    let mut keys: Vec<_> = ids.iter().map(ToString::to_string).collect();
    keys.sort_unstable();
    keys.dedup();
    let found = documents::<Student>(engine, ledger, &keys).await?;
    Ok(found.into_iter().filter_map(|(key, document)| Some((key.parse().ok()?, document))).collect())
}

/// A document that isn't older than a position, and the position that its view stood at.
async fn document<V: View>(
    engine: &Arc<Engine>,
    ledger: LedgerId,
    id: impl Display,
    at_least: u64,
) -> Result<(u64, Option<V::Document>), Fault> {
    project::document::<V>(engine, ledger, &id.to_string(), at_least, PATIENCE).await
}

async fn documents<V: View>(
    engine: &Engine,
    ledger: LedgerId,
    keys: &[String],
) -> Result<HashMap<String, V::Document>, Fault> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = engine.store.documents(V::NAME, V::VERSION, ledger, keys).await?;
    let read = found.into_iter().map(|document| {
        let body = serde_json::from_slice(&document.body).map_err(Fault::broken)?;
        Ok((document.key, body))
    });
    read.collect()
}

async fn opened(
    engine: &Engine,
    ledger: LedgerId,
    document: &StudentDocument,
) -> Result<StudentDocument, Status> {
    engine.vault.opened(ledger, document).await.map_err(|fault| status::fault(fault.into()))
}
