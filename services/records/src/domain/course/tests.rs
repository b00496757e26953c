use events::spec::Given;
use kernel::{Owner, Personal};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const COURSE: CourseId = CourseId::new(Uuid::from_u128(1));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(2));
const CODE: &str = "114990301H1110101010100";

fn semester() -> Semester {
    "114-1".parse().unwrap()
}

fn offer(title: &str, code: &str) -> CourseCommand {
    let (title, code) = (title.to_owned(), code.to_owned());
    CourseCommand::Offer { course: COURSE, roster_id: "k-1".into(), semester: semester(), title, code }
}

fn offered(code: &str, submittable: bool) -> RecordsEvent {
    RecordsEvent::CourseOffered {
        course: COURSE,
        roster_id: Public("k-1".into()),
        semester: semester(),
        title: Public("地理".into()),
        code: Public(code.into()),
        submittable,
    }
}

const ASSIGN: CourseCommand = CourseCommand::AssignTeacher { course: COURSE, teacher: TEACHER };
const RELEASE: CourseCommand = CourseCommand::ReleaseTeacher { course: COURSE, teacher: TEACHER };
const ASSIGNED: RecordsEvent = RecordsEvent::TeacherAssigned { course: COURSE, teacher: TEACHER };
const RELEASED: RecordsEvent = RecordsEvent::TeacherReleased { course: COURSE, teacher: TEACHER };

fn with_teacher(given: Given<Course>) -> Given<Course> {
    let own = |value: &str| Personal::new(Owner::identity(TEACHER), value.to_owned());
    let (roster_id, username, name) = (own("r-2"), own("t0001"), own("許俊賢"));
    let event = RecordsEvent::StaffRegistered { staff: TEACHER, roster_id, username, name };
    given.known(&format!("staff-{TEACHER}"), event)
}

#[test]
fn a_8_offers_a_course_once() {
    Given::<Course>::nothing().when(offer("地理", CODE)).then([offered(CODE, true)]);
    Given::<Course>::events([offered(CODE, true)]).when(offer("地理", CODE)).then([]);
}

#[test]
fn r12_a_schools_own_code_is_taken_and_not_submittable() {
    for code in ["", "GEO-1", "114990301H111010G010100"] {
        Given::<Course>::nothing().when(offer("地理", code)).then([offered(code, false)]);
    }
}

#[test]
fn r15_refuses_to_offer_a_course_again_by_another_name_or_code() {
    let given = Given::<Course>::events([offered(CODE, true)]);
    given.when(offer("歷史", CODE)).then_refused(CourseRefusal::Differs);
    given.when(offer("地理", "GEO-1")).then_refused(CourseRefusal::Differs);
}

#[test]
fn r12_refuses_a_roster_id_that_is_anothers_in_that_semester() {
    let name = ClaimName::course("k-1", semester());
    let given = Given::<Course>::nothing().claimed(name, Uuid::from_u128(9));
    given.when(offer("地理", CODE)).then_refused(CourseRefusal::Taken);
    let other = ClaimName::course("k-1", "114-2".parse().unwrap());
    let given = Given::<Course>::nothing().claimed(other, Uuid::from_u128(9));
    given.when(offer("地理", CODE)).then([offered(CODE, true)]);
}

#[test]
fn a_8_gives_and_takes_a_course() {
    let given = with_teacher(Given::events([offered(CODE, true)]));
    given.when(ASSIGN).then([ASSIGNED]);
    let given = with_teacher(Given::events([offered(CODE, true), ASSIGNED]));
    given.when(ASSIGN).then([]);
    given.when(RELEASE).then([RELEASED]);
    let given = with_teacher(Given::events([offered(CODE, true), ASSIGNED, RELEASED]));
    given.when(ASSIGN).then([ASSIGNED]);
}

#[test]
fn a_8_refuses_a_teacher_who_is_no_staff() {
    Given::<Course>::events([offered(CODE, true)]).when(ASSIGN).then_refused(CourseRefusal::NoStaff);
}

#[test]
fn a_8_refuses_to_take_a_course_from_who_does_not_have_it() {
    let given = with_teacher(Given::events([offered(CODE, true)]));
    given.when(RELEASE).then_refused(CourseRefusal::NotItsTeacher);
}

#[test]
fn a_8_refuses_teachers_for_a_course_that_nobody_offers() {
    with_teacher(Given::nothing()).when(ASSIGN).then_refused(CourseRefusal::Unknown);
    with_teacher(Given::nothing()).when(RELEASE).then_refused(CourseRefusal::Unknown);
}

proptest! {
    /// No code is refused, and only one of 23 characters is submittable.
    #[test]
    fn r12_no_code_is_refused(code in "[0-9A-Z]{0,30}") {
        let outcome = Given::<Course>::nothing().when(offer("地理", &code)).0.unwrap();
        let Some(RecordsEvent::CourseOffered { submittable, .. }) = outcome.first() else { panic!() };
        prop_assert!(!submittable || code.len() == 23);
    }
}
