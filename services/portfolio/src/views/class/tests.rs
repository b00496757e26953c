use super::super::tests::*;
use super::*;

fn members(documents: &BTreeMap<String, ClassDocument>, class: ClassId, year: u16) -> Vec<PersonId> {
    let document = documents.get(&class.to_string()).unwrap();
    document.members.get(&SchoolYear::try_new(year).unwrap()).into_iter().flatten().copied().collect()
}

#[test]
fn r14_a_class_has_those_who_were_placed_in_it() {
    let documents = documents::<Class>([
        placed(STUDENT, CLASS, None, 114).into(),
        placed(OTHER, CLASS, None, 114).into(),
        RecordsEvent::HomeroomAssigned { class: CLASS, teacher: OTHER }.into(),
        RecordsEvent::HomeroomAssigned { class: CLASS, teacher: TEACHER }.into(),
    ]);
    assert_eq!(members(&documents, CLASS, 114), [STUDENT, OTHER]);
    assert_eq!(members(&documents, CLASS, 115), []);
    assert_eq!(documents.get(&CLASS.to_string()).unwrap().homeroom, Some(TEACHER));
}

#[test]
fn r14_a_class_is_there_once_it_is_opened() {
    let documents = documents::<Class>([RecordsEvent::ClassOpened {
        class: CLASS,
        roster_id: kernel::Public("101".into()),
        year: year(),
        grade: 10,
        title: kernel::Public("10年01班".into()),
    }
    .into()]);
    assert_eq!(documents, BTreeMap::from([(CLASS.to_string(), ClassDocument::default())]));
}

#[test]
fn r11_a_student_who_changes_class_within_a_year_leaves_the_first() {
    let moved = [placed(STUDENT, CLASS, None, 114), placed(STUDENT, NEXT, Some(CLASS), 114)];
    let documents = documents::<Class>(moved.map(AnyEvent::from));
    assert_eq!(members(&documents, CLASS, 114), []);
    assert_eq!(members(&documents, NEXT, 114), [STUDENT]);
}

#[test]
fn r15_a_student_who_goes_on_stays_a_member_of_last_years_class() {
    let went_on = [placed(STUDENT, CLASS, None, 114), placed(STUDENT, NEXT, Some(CLASS), 115)];
    let documents = documents::<Class>(went_on.map(AnyEvent::from));
    assert_eq!(members(&documents, CLASS, 114), [STUDENT]);
    assert_eq!(members(&documents, NEXT, 115), [STUDENT]);
}

#[test]
fn a_student_who_is_placed_where_they_are_stays() {
    let again = [placed(STUDENT, CLASS, None, 114), placed(STUDENT, CLASS, Some(CLASS), 114)];
    let documents = documents::<Class>(again.map(AnyEvent::from));
    assert_eq!(members(&documents, CLASS, 114), [STUDENT]);
}

#[test]
fn a_document_is_read_as_it_is_written() {
    let documents = documents::<Class>([placed(STUDENT, CLASS, None, 114).into()]);
    let document = documents.get(&CLASS.to_string()).unwrap();
    let written = serde_json::to_string(document).unwrap();
    assert_eq!(written, format!(r#"{{"members":{{"114":["{STUDENT}"]}}}}"#));
    assert_eq!(serde_json::from_str::<ClassDocument>(&written).unwrap(), *document);
}
