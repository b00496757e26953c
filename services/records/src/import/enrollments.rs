//! enrollments.csv: teachers first, then placements in classes by school year, then what students take.

use std::collections::HashMap;
use std::sync::Arc;

use events::Decider;
use eventstore::Executor;
use kernel::{ClassId, Clause, CourseId, PersonId, RequestId, SchoolYear, Semester, clause};
use uuid::Uuid;

use super::groups::{Groups, Known, nth};
use super::people::People;
use super::report::{Report, Verdict, refused};
use super::run::{Import, Stop, side_by_side};
use crate::domain::{ClassCommand, CourseCommand, CourseRefusal, TakingCommand, TakingRefusal};
use crate::roster::{Enrollment, Entry, PersonKind, Place, RosterFile, RowFault, Standing};
use crate::wire;

const NEW_YEAR: Clause = clause("R15");

/// What a row asks for, by the ids here.
#[derive(Clone, Debug)]
enum Work {
    Homeroom(ClassId, PersonId),
    Teach(Vec<(CourseId, Semester)>, PersonId, bool),
    Place(PersonId, ClassId, SchoolYear),
    Take(Vec<(CourseId, Semester)>, PersonId, bool),
}

/// Takes all enrollments.
pub(super) async fn take(
    import: &Arc<Import>,
    enrollments: Vec<Entry<Enrollment>>,
    people: &People,
    groups: &Groups,
    report: &mut Report,
) -> Result<(), Stop> {
    let homerooms = homerooms(&enrollments);
    let mut placed = HashMap::new();
    let mut rows: Vec<_> = enrollments
        .into_iter()
        .map(|Entry { place, standing }| {
            let work = match standing {
                Standing::Good(enrollment) => {
                    work(&place, &enrollment, (people, groups), (&homerooms, &mut placed))
                }
                Standing::Refused(fault) => Standing::Refused(fault),
                Standing::Skipped(because_of) => Standing::Skipped(because_of),
            };
            Entry { place, standing: work }
        })
        .collect();
    rows.sort_by_key(|row| rank(&row.standing));
    side_by_side(rows, |row| one(Arc::clone(import), row), report, |_, _, ()| {}).await
}

/// Which rows come first: a later school year's placement must not be overtaken by an earlier one's.
fn rank(work: &Standing<Work>) -> (u8, u16) {
    match work {
        Standing::Good(Work::Homeroom(..) | Work::Teach(..)) => (0, 0),
        Standing::Good(Work::Place(_, _, year)) => (1, year.number()),
        Standing::Good(Work::Take(..)) | Standing::Refused(_) | Standing::Skipped(_) => (2, 0),
    }
}

/// The row that gives a class its one homeroom teacher: the first that says primary, else the first.
fn homerooms(enrollments: &[Entry<Enrollment>]) -> HashMap<String, String> {
    let mut homerooms = HashMap::new();
    for primary in [true, false] {
        for entry in enrollments {
            if let Standing::Good(row) = &entry.standing
                && row.kind == PersonKind::Staff
                && row.primary == primary
                && !row.dropped
            {
                homerooms.entry(row.class.clone()).or_insert_with(|| entry.place.sourced_id.clone());
            }
        }
    }
    homerooms
}

type Placed = HashMap<(PersonId, SchoolYear), String>;

/// What a row asks for; what it names must be there, then must have been taken.
fn work(
    place: &Place,
    row: &Enrollment,
    (people, groups): (&People, &Groups),
    (homerooms, placed): (&HashMap<String, String>, &mut Placed),
) -> Standing<Work> {
    let no = |column, problem: String| Standing::Refused(RowFault::new(column, problem));
    let Some(user) = people.get(&row.user) else { return no("userSourcedId", "names no user".to_owned()) };
    let Some(group) = groups.get(&row.class) else {
        return no("classSourcedId", "names no class".to_owned());
    };
    let because_of = user.because_of(RosterFile::Users, &row.user);
    let because_of = because_of.or_else(|| group.because_of(RosterFile::Classes, &row.class));
    let (Standing::Good((person, kind, _)), Standing::Good(group)) = (user, group) else {
        return Standing::Skipped(because_of.unwrap_or_default());
    };
    if *kind != row.kind {
        return no("role", "is not the user's: a student takes, a member of the staff teaches".to_owned());
    }
    match (group, row.kind) {
        (Known::Homeroom(..), _) if row.dropped => {
            let problem = "tobedeleted is not yet supported for a class: R15";
            Standing::Refused(RowFault::new("status", problem).by(NEW_YEAR))
        }
        (Known::Homeroom(class, _), PersonKind::Staff) => match homerooms.get(&row.class) {
            Some(first) if *first != place.sourced_id => {
                no("userSourcedId", format!("is a second homeroom teacher; the class has one by row {first}"))
            }
            Some(_) | None => Standing::Good(Work::Homeroom(*class, *person)),
        },
        (Known::Homeroom(class, year), PersonKind::Student) => {
            match placed.insert((*person, *year), place.sourced_id.clone()) {
                Some(first) => {
                    let problem =
                        format!("is a second class in that school year; the student has one by row {first}");
                    placed.insert((*person, *year), first);
                    no("classSourcedId", problem)
                }
                None => Standing::Good(Work::Place(*person, *class, *year)),
            }
        }
        (Known::Courses(courses), PersonKind::Staff) => {
            Standing::Good(Work::Teach(courses.clone(), *person, row.dropped))
        }
        (Known::Courses(courses), PersonKind::Student) => {
            Standing::Good(Work::Take(courses.clone(), *person, row.dropped))
        }
    }
}

async fn one(import: Arc<Import>, row: Entry<Work>) -> Result<(Place, Verdict, ()), Stop> {
    let Entry { place, standing } = row;
    let work = match Verdict::of_bad(standing) {
        Ok(work) => work,
        Err(bad) => return Ok((place, bad, ())),
    };
    let request = import.request_of(&place);
    let executors = &import.executors;
    let verdict = match work {
        Work::Homeroom(class, teacher) => {
            let asked = wire::class(class, ClassCommand::AssignHomeroom { class, teacher });
            import.execute(&executors.classes, (request, &place, class.uuid()), asked).await?
        }
        Work::Place(student, class, _) => {
            let asked = wire::place_student(student, class);
            import.execute(&executors.students, (request, &place, class.uuid()), asked).await?
        }
        Work::Teach(courses, teacher, false) => {
            let commands = courses.into_iter().map(|(course, _)| {
                let command = CourseCommand::AssignTeacher { course, teacher };
                (course.uuid(), wire::course(course, command))
            });
            several(&import, &executors.courses, (request, &place), commands, None).await?
        }
        Work::Teach(courses, teacher, true) => {
            let commands = courses.into_iter().map(|(course, _)| {
                let command = CourseCommand::ReleaseTeacher { course, teacher };
                (course.uuid(), wire::course(course, command))
            });
            let nothing = refused(&CourseRefusal::NotItsTeacher);
            several(&import, &executors.courses, (request, &place), commands, Some(nothing)).await?
        }
        Work::Take(courses, student, false) => {
            let commands = courses.into_iter().map(|(course, semester)| {
                (course.uuid(), wire::taking(TakingCommand::Take { student, course, semester }))
            });
            several(&import, &executors.takings, (request, &place), commands, None).await?
        }
        Work::Take(courses, student, true) => {
            let commands = courses.into_iter().map(|(course, semester)| {
                (course.uuid(), wire::taking(TakingCommand::Drop { student, course, semester }))
            });
            let nothing = refused(&TakingRefusal::NotTaken);
            several(&import, &executors.takings, (request, &place), commands, Some(nothing)).await?
        }
    };
    Ok((place, verdict, ()))
}

/// One command for each course of a row; a refusal that says that it is so already changes nothing.
async fn several<D: Decider>(
    import: &Import,
    executor: &Executor<D>,
    (request, place): (RequestId, &Place),
    commands: impl Iterator<Item = (Uuid, chassis::Asked<D::Command>)> + Send,
    so_already: Option<Verdict>,
) -> Result<Verdict, Stop> {
    let mut all = None::<Verdict>;
    for ((about, asked), n) in commands.zip(0..) {
        let mut verdict = import.execute(executor, (nth(request, n), place, about), asked).await?;
        if so_already.as_ref() == Some(&verdict) {
            verdict = Verdict::Unchanged(Some(about));
        }
        all = Some(match all {
            Some(before) => before.and(verdict),
            None => verdict,
        });
    }
    Ok(all.unwrap_or(Verdict::Unchanged(None)))
}
