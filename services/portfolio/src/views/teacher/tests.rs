use super::super::tests::*;
use super::*;

#[test]
fn c4_a_teacher_has_the_courses_that_were_given_and_not_taken() {
    let other = CourseId::new(uuid::Uuid::from_u128(9));
    let documents = documents::<Teacher>([
        assigned(COURSE).into(),
        assigned(other).into(),
        released(COURSE).into(),
        submitted(WORK).into(),
    ]);
    let taught = TeacherDocument { courses: BTreeSet::from([other]) };
    assert_eq!(documents, [(TEACHER.to_string(), taught)].into());
}
