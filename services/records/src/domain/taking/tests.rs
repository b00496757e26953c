use events::StudentData;
use events::spec::Given;
use kernel::{Owner, Personal, Public};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const COURSE: CourseId = CourseId::new(Uuid::from_u128(2));

fn semester() -> Semester {
    "114-1".parse().unwrap()
}

fn take(semester: Semester) -> TakingCommand {
    TakingCommand::Take { student: STUDENT, course: COURSE, semester }
}

fn drop_it() -> TakingCommand {
    TakingCommand::Drop { student: STUDENT, course: COURSE, semester: semester() }
}

fn taken() -> RecordsEvent {
    RecordsEvent::CourseTaken { student: STUDENT, course: COURSE, semester: semester() }
}

fn dropped() -> RecordsEvent {
    RecordsEvent::CourseDropped { student: STUDENT, course: COURSE, semester: semester() }
}

fn with_student(given: Given<Taking>) -> Given<Taking> {
    let own = |value: &str| Personal::new(Owner::identity(STUDENT), value.to_owned());
    let basic = StudentData {
        roster_id: own("r-1"),
        username: own("1140001"),
        number: own("1140001"),
        name: own("林武雄"),
        identity_number: None,
        birth_date: None,
        grade: 10,
    };
    given.known(&format!("student-{STUDENT}"), RecordsEvent::StudentRegistered { student: STUDENT, basic })
}

fn with_course(given: Given<Taking>) -> Given<Taking> {
    let event = RecordsEvent::CourseOffered {
        course: COURSE,
        roster_id: Public("k-1".into()),
        semester: semester(),
        title: Public("地理".into()),
        code: Public(String::new()),
        submittable: false,
    };
    given.known(&format!("course-{COURSE}"), event)
}

fn with_both(given: Given<Taking>) -> Given<Taking> {
    with_course(with_student(given))
}

#[test]
fn a_8_takes_a_course_once() {
    with_both(Given::nothing()).when(take(semester())).then([taken()]);
    with_both(Given::events([taken()])).when(take(semester())).then([]);
    with_both(Given::events([taken(), dropped()])).when(take(semester())).then([taken()]);
}

#[test]
fn a_8_drops_a_course() {
    with_both(Given::events([taken()])).when(drop_it()).then([dropped()]);
}

#[test]
fn a_8_refuses_to_drop_what_is_not_taken() {
    with_both(Given::nothing()).when(drop_it()).then_refused(TakingRefusal::NotTaken);
    with_both(Given::events([taken(), dropped()])).when(drop_it()).then_refused(TakingRefusal::NotTaken);
}

#[test]
fn a_8_refuses_who_is_no_student() {
    with_course(Given::nothing()).when(take(semester())).then_refused(TakingRefusal::StudentUnknown);
}

#[test]
fn a_8_refuses_a_course_that_nobody_offers() {
    with_student(Given::nothing()).when(take(semester())).then_refused(TakingRefusal::NotOffered);
}

#[test]
fn a_8_refuses_a_course_of_another_semester() {
    let other = "114-2".parse().unwrap();
    let refusal = TakingRefusal::OtherSemester(semester());
    with_both(Given::nothing()).when(take(other)).then_refused(refusal);
}

proptest! {
    /// Whatever is asked in whatever order, a course is taken and dropped by turns.
    #[test]
    fn a_8_taking_and_dropping_take_turns(asked in proptest::collection::vec(any::<bool>(), 0..20)) {
        let mut events = Vec::new();
        for taking in asked {
            let given = with_both(Given::events(events.clone()));
            let command = if taking { take(semester()) } else { drop_it() };
            events.extend(given.when(command).0.unwrap_or_default());
        }
        for (n, event) in events.iter().enumerate() {
            let expected = if n % 2 == 0 { taken() } else { dropped() };
            prop_assert_eq!(event, &expected);
        }
    }
}
