use super::super::tests::*;
use super::*;

fn waiting(last: impl IntoIterator<Item = AnyEvent>) -> Vec<(WorkId, u64)> {
    let first = [assigned(COURSE).into(), begun(WORK, outcome()).into(), submitted(WORK).into()];
    let mut documents = documents::<Worklist>(first.into_iter().chain(last));
    assert_eq!(documents.keys().cloned().collect::<Vec<_>>(), [COURSE.to_string()]);
    let document = documents.remove(&COURSE.to_string()).unwrap();
    assert!(document.waiting.values().all(|waiting| waiting.student == STUDENT));
    document.waiting.into_iter().map(|(work, waiting)| (work, waiting.position)).collect()
}

#[test]
fn c4_an_outcome_waits_once_it_is_handed_in() {
    assert_eq!(waiting([]), [(WORK, 3)]);
    assert_eq!(waiting([submitted(SECOND).into()]), [(WORK, 3), (SECOND, 4)]);
    let others = [performed(SECOND).into(), withdrawn(SECOND, performance()).into(), ticked(WORK).into()];
    assert_eq!(waiting(others), [(WORK, 3)]);
}

#[test]
fn c4_an_outcome_waits_no_more_once_it_is_judged_or_taken_back() {
    let ends: [AnyEvent; 3] =
        [certified(WORK).into(), returned(WORK).into(), withdrawn(WORK, outcome()).into()];
    for end in ends {
        assert_eq!(waiting([end]), []);
    }
    assert_eq!(waiting([certified(WORK).into(), revoked(WORK).into()]), []);
}

#[test]
fn c4_a_course_has_the_teachers_who_were_given_it() {
    let teachers = |events: &[RecordsEvent]| {
        let documents = documents::<Worklist>(events.iter().cloned().map(AnyEvent::from));
        documents.get(&COURSE.to_string()).unwrap().teachers.iter().copied().collect::<Vec<_>>()
    };
    assert_eq!(teachers(&[assigned(COURSE)]), [TEACHER]);
    assert_eq!(teachers(&[assigned(COURSE), released(COURSE)]), []);
}
