use events::ClaimKind;
use kernel::{Refusal, Rule, SchoolYear, Semester, Term};

use super::RULES;
use crate::domain::{ClassRefusal, CourseRefusal, StaffRefusal, StudentRefusal, TakingRefusal};

/// Whoever adds a variant adds it here, and to the lists below.
fn known(refusals: (&StudentRefusal, &StaffRefusal, &ClassRefusal, &CourseRefusal, &TakingRefusal)) {
    match refusals.0 {
        StudentRefusal::Unknown
        | StudentRefusal::Registered
        | StudentRefusal::Taken(_)
        | StudentRefusal::ClassUnknown
        | StudentRefusal::PlacedLater(_)
        | StudentRefusal::NotEnrolled
        | StudentRefusal::HasNotLeft
        | StudentRefusal::Graduated
        | StudentRefusal::Deceased
        | StudentRefusal::DayToCome => {}
    }
    match refusals.1 {
        StaffRefusal::Unknown | StaffRefusal::Registered | StaffRefusal::Taken(_) => {}
    }
    match refusals.2 {
        ClassRefusal::Unknown | ClassRefusal::Differs | ClassRefusal::Taken | ClassRefusal::NoStaff => {}
    }
    match refusals.3 {
        CourseRefusal::Unknown
        | CourseRefusal::Differs
        | CourseRefusal::Taken
        | CourseRefusal::NoStaff
        | CourseRefusal::NotItsTeacher => {}
    }
    match refusals.4 {
        TakingRefusal::StudentUnknown
        | TakingRefusal::NotOffered
        | TakingRefusal::OtherSemester(_)
        | TakingRefusal::NotTaken => {}
    }
}

const KINDS: [ClaimKind; 6] = [
    ClaimKind::RosterPerson,
    ClaimKind::Username,
    ClaimKind::StudentNumber,
    ClaimKind::IdentityNumber,
    ClaimKind::RosterClass,
    ClaimKind::RosterCourse,
];

fn boxed<R: Refusal>(refusals: impl IntoIterator<Item = R>) -> Vec<Box<dyn Refusal>> {
    refusals.into_iter().map(|refusal| Box::new(refusal) as Box<dyn Refusal>).collect()
}

#[test]
fn every_refusal_has_a_row_and_no_row_is_left_over() {
    let year = SchoolYear::try_new(114).unwrap();
    let semester = Semester::new(year, Term::First);
    let students = [
        StudentRefusal::Unknown,
        StudentRefusal::Registered,
        StudentRefusal::ClassUnknown,
        StudentRefusal::PlacedLater(year),
        StudentRefusal::NotEnrolled,
        StudentRefusal::HasNotLeft,
        StudentRefusal::Graduated,
        StudentRefusal::Deceased,
        StudentRefusal::DayToCome,
    ];
    let staff = [StaffRefusal::Unknown, StaffRefusal::Registered];
    let classes = [ClassRefusal::Unknown, ClassRefusal::Differs, ClassRefusal::Taken, ClassRefusal::NoStaff];
    let courses = [
        CourseRefusal::Unknown,
        CourseRefusal::Differs,
        CourseRefusal::Taken,
        CourseRefusal::NoStaff,
        CourseRefusal::NotItsTeacher,
    ];
    let takings = [
        TakingRefusal::StudentUnknown,
        TakingRefusal::NotOffered,
        TakingRefusal::OtherSemester(semester),
        TakingRefusal::NotTaken,
    ];
    known((&students[0], &staff[0], &classes[0], &courses[0], &takings[0]));
    let mut every = boxed(students);
    every.extend(boxed(KINDS.map(StudentRefusal::Taken)));
    every.extend(boxed(staff));
    every.extend(boxed(KINDS.map(StaffRefusal::Taken)));
    every.extend(boxed(classes));
    every.extend(boxed(courses));
    every.extend(boxed(takings));
    let every: Vec<&dyn Refusal> = every.iter().map(AsRef::as_ref).collect();
    assert_eq!(Rule::differences(RULES, &every), Vec::<String>::new());
}
