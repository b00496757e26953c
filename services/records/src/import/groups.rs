//! classes.csv: classes, and courses as they are taught in a semester.

use std::collections::HashMap;
use std::sync::Arc;

use events::{ClaimKind, ClaimName};
use kernel::{ClassId, CourseId, RequestId, SchoolYear, Semester};

use super::people::{Found, resolved};
use super::report::{Report, Verdict};
use super::run::{Import, Stop, side_by_side};
use crate::domain::{ClassCommand, CourseCommand};
use crate::roster::{Enrollment, Entry, Group, Place, Standing};
use crate::wire;

/// A row of classes.csv by the ids here.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Homeroom(ClassId, SchoolYear),
    Courses(Vec<(CourseId, Semester)>),
}

/// The classes and courses that rows may name, by their ids in the roster.
pub(super) type Groups = HashMap<String, Standing<Known>>;

/// Takes all classes.
pub(super) async fn take(
    import: &Arc<Import>,
    classes: Vec<Entry<Group>>,
    report: &mut Report,
) -> Result<Groups, Stop> {
    let named = classes.iter().filter_map(|class| match &class.standing {
        Standing::Good(Group::Homeroom { .. }) => Some(vec![class_name(&class.place.sourced_id)]),
        Standing::Good(Group::Course { semesters, .. }) => {
            Some(semesters.iter().map(|of| ClaimName::course(&class.place.sourced_id, *of)).collect())
        }
        Standing::Refused(_) | Standing::Skipped(_) => None,
    });
    let found = Arc::new(resolved(import, named.flatten().collect()).await?);
    let mut groups = Groups::new();
    let take = |class| one(Arc::clone(import), class, Arc::clone(&found));
    side_by_side(classes, take, report, |place, verdict, known: Option<Known>| {
        let standing = match verdict.standing(|| known) {
            Standing::Good(None) => return,
            Standing::Good(Some(known)) => Standing::Good(known),
            Standing::Refused(fault) => Standing::Refused(fault),
            Standing::Skipped(because_of) => Standing::Skipped(because_of),
        };
        groups.entry(place.sourced_id.clone()).or_insert(standing);
    })
    .await?;
    Ok(groups)
}

fn class_name(roster_id: &str) -> ClaimName {
    ClaimName::new(ClaimKind::RosterClass, roster_id)
}

type Taken = (Place, Verdict, Option<Known>);

async fn one(import: Arc<Import>, class: Entry<Group>, found: Arc<Found>) -> Result<Taken, Stop> {
    let Entry { place, standing } = class;
    let roster_id = place.sourced_id.clone();
    let request = import.request_of(&place);
    match Verdict::of_bad(standing) {
        Err(bad) => Ok((place, bad, None)),
        Ok(Group::Homeroom { year, grade, title }) => {
            let known = found.get(&class_name(&roster_id)).copied().map(ClassId::new);
            let class = known.unwrap_or_else(|| wire::made(request));
            let command = ClassCommand::Open { class, roster_id, year, grade, title };
            let about = (request, &place, class.uuid());
            let verdict =
                import.execute(&import.executors.classes, about, wire::class(class, command)).await?;
            Ok((place, verdict, Some(Known::Homeroom(class, year))))
        }
        Ok(Group::Course { semesters, title, code }) => {
            let (mut courses, mut verdicts) = (Vec::new(), Vec::new());
            for (semester, n) in semesters.into_iter().zip(0..) {
                let request = nth(request, n);
                let known = found.get(&ClaimName::course(&roster_id, semester)).copied().map(CourseId::new);
                let course = known.unwrap_or_else(|| wire::made(request));
                let (roster_id, title, code) = (roster_id.clone(), title.clone(), code.clone());
                let command = CourseCommand::Offer { course, roster_id, semester, title, code };
                let about = (request, &place, course.uuid());
                let asked = wire::course(course, command);
                verdicts.push(import.execute(&import.executors.courses, about, asked).await?);
                courses.push((course, semester));
            }
            let verdict = verdicts.into_iter().reduce(Verdict::and).unwrap_or(Verdict::Unchanged(None));
            Ok((place, verdict, Some(Known::Courses(courses))))
        }
    }
}

/// The request id of a row's n-th command, from 0.
pub(super) fn nth(row: RequestId, n: u32) -> RequestId {
    if n == 0 { row } else { RequestId::new(row.derive(&n.to_string())) }
}

/// Adds the classes and courses of earlier imports that enrollments name.
pub(super) async fn find_others(
    import: &Import,
    enrollments: &[Entry<Enrollment>],
    semesters: &[Semester],
    groups: &mut Groups,
) -> Result<(), Stop> {
    let named = enrollments.iter().filter_map(|entry| match &entry.standing {
        Standing::Good(enrollment) => Some(&enrollment.class),
        Standing::Refused(_) | Standing::Skipped(_) => None,
    });
    let mut others: Vec<_> = named.filter(|class| !groups.contains_key(*class)).cloned().collect();
    others.sort_unstable();
    others.dedup();
    let names = others.iter().flat_map(|id| {
        let courses = semesters.iter().map(|semester| ClaimName::course(id, *semester));
        courses.chain([class_name(id)])
    });
    let found = resolved(import, names.collect()).await?;
    let basis = import.executors.known.at_least(import.call.ledger, 0).await?;
    for id in others {
        let class = found.get(&class_name(&id)).copied().map(ClassId::new);
        let class = class.and_then(|class| Some(Known::Homeroom(class, basis.facts.year_of(class)?)));
        let courses = semesters.iter().filter_map(|semester| {
            let course = found.get(&ClaimName::course(&id, *semester)).copied()?;
            Some((CourseId::new(course), *semester))
        });
        let courses: Vec<_> = courses.collect();
        let courses = (!courses.is_empty()).then_some(Known::Courses(courses));
        groups.extend(class.or(courses).map(|known| (id, Standing::Good(known))));
    }
    Ok(())
}
