use super::super::tests::*;
use super::*;

fn document(events: impl IntoIterator<Item = AnyEvent>) -> StudentDocument {
    let mut documents = documents::<Student>(events);
    assert_eq!(documents.keys().cloned().collect::<Vec<_>>(), [STUDENT.to_string()]);
    documents.remove(&STUDENT.to_string()).unwrap()
}

fn work_after(events: impl IntoIterator<Item = AnyEvent>) -> Work {
    document(events).works.remove(&WORK).unwrap()
}

fn state_after(events: impl IntoIterator<Item = AnyEvent>) -> WorkState {
    work_after(events).state
}

#[test]
fn v1_a_student_is_who_the_last_correction_says_and_where_the_last_placement_says() {
    let document = document([
        RecordsEvent::StudentRegistered { student: STUDENT, basic: basic("first") }.into(),
        placed(STUDENT, CLASS, None, 114).into(),
        RecordsEvent::StudentCorrected { student: STUDENT, basic: basic("second") }.into(),
        placed(STUDENT, NEXT, Some(CLASS), 115).into(),
        RecordsEvent::HomeroomAssigned { class: NEXT, teacher: TEACHER }.into(),
        assigned(COURSE).into(),
    ]);
    let roster = Roster { number: sealed("second/number"), name: sealed("second/name"), grade: 10 };
    assert_eq!((document.roster, document.class), (Some(roster), Some(NEXT)));
}

#[test]
fn v1_a_work_is_what_was_begun_until_what_was_found_is_handed_in() {
    let begun_work = work_after([begun(SECOND, performance()).into(), begun(WORK, outcome()).into()]);
    let expected = Work {
        position: 2,
        kind: outcome(),
        title: sealed("title"),
        summary: sealed("summary"),
        file_name: sealed("declared/name"),
        size: 7,
        media_type: None,
        commitment: None,
        state: WorkState::Begun,
        reason: None,
        refusal: None,
        selected: false,
        begun: second(2),
        submitted: None,
        judged: None,
    };
    assert_eq!(begun_work, expected);
    for (kind, handed_in) in [(outcome(), submitted(WORK)), (performance(), performed(WORK))] {
        let work = work_after([begun(WORK, kind).into(), handed_in.into()]);
        assert_eq!(work.state, WorkState::Submitted);
        assert_eq!((work.begun, work.submitted), (second(1), Some(second(2))));
        assert_eq!(work.file_name, sealed("description/name"));
        assert_eq!(work.media_type.as_deref().zip(work.commitment.as_deref()), Some(("image/png", "ab")));
    }
}

#[test]
fn v1_a_work_is_refused_or_taken_back() {
    let work = work_after([begun(WORK, outcome()).into(), refused(WORK, outcome()).into()]);
    assert_eq!((work.state, work.refusal.as_deref()), (WorkState::Refused, Some("EMPTY_FILE")));
    let taken_back =
        [begun(WORK, outcome()).into(), submitted(WORK).into(), withdrawn(WORK, outcome()).into()];
    assert_eq!(state_after(taken_back), WorkState::Withdrawn);
}

#[test]
fn c1_c5_a_work_is_what_its_teacher_said_last_with_the_reason_sealed() {
    let handed_in = || [begun(WORK, outcome()).into(), submitted(WORK).into()].into_iter();
    let work = work_after(handed_in().chain([returned(WORK).into()]));
    assert_eq!((work.state, work.reason), (WorkState::Returned, Some(sealed("returned"))));
    let work = work_after(handed_in().chain([returned(WORK).into(), certified(WORK).into()]));
    assert_eq!((work.state, work.reason, work.judged), (WorkState::Certified, None, Some(second(4))));
    let work = work_after(handed_in().chain([certified(WORK).into(), revoked(WORK).into()]));
    assert_eq!((work.state, work.reason), (WorkState::Revoked, Some(sealed("revoked"))));
    let work = work_after(handed_in().chain([returned(WORK).into(), submitted(WORK).into()]));
    assert_eq!((work.state, work.reason, work.judged), (WorkState::Submitted, None, None));
}

#[test]
fn s_1_a_work_is_selected_until_it_is_unticked() {
    let certified =
        || [begun(WORK, outcome()).into(), submitted(WORK).into(), certified(WORK).into()].into_iter();
    assert!(!work_after(certified()).selected);
    let chosen = work_after(certified().chain([ticked(WORK).into()]));
    assert!(chosen.selected && chosen.state == WorkState::Certified);
    assert!(!work_after(certified().chain([ticked(WORK).into(), unticked(WORK).into()])).selected);
}

#[test]
fn what_is_said_of_a_work_that_was_never_begun_changes_nothing() {
    let unknown = [submitted(WORK).into(), certified(WORK).into(), ticked(WORK).into()];
    assert_eq!(document(unknown), StudentDocument::default());
}

#[test]
fn a_document_is_read_as_it_is_written_and_says_nothing_open() {
    let document = document([
        RecordsEvent::StudentRegistered { student: STUDENT, basic: basic("first") }.into(),
        begun(WORK, outcome()).into(),
        submitted(WORK).into(),
        returned(WORK).into(),
    ]);
    let written = serde_json::to_vec(&document).unwrap();
    assert_eq!(serde_json::from_slice::<StudentDocument>(&written).unwrap(), document);
    assert_eq!(document.without_works().works, BTreeMap::new());
}
