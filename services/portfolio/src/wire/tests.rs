use super::*;

fn asked(page_size: i32, page_token: &str) -> Result<Page, Vec<String>> {
    let request = GetWorklistRequest { at_least_position: 0, page_size, page_token: page_token.into() };
    Page::read(&request).map_err(|malformed| malformed.0.into_iter().map(|problem| problem.field).collect())
}

#[test]
fn a_page_has_at_most_200_items_and_50_if_it_says_nothing() {
    for (asked_for, size) in [(0, 50), (1, 1), (200, 200), (201, 200), (i32::MAX, 200)] {
        assert_eq!(asked(asked_for, ""), Ok(Page { size, after: 0 }));
    }
    assert_eq!(asked(-1, ""), Err(vec!["page_size".into()]));
}

#[test]
fn a_page_goes_on_where_the_last_one_ended() {
    for position in [1, 0x1f, u64::MAX] {
        assert_eq!(asked(0, &token(position)), Ok(Page { size: 50, after: position }));
    }
    let upper = token(0x1f).to_uppercase();
    for wrong in ["1", "next", "+00000000000001f", " ", &upper, "00000000000000001f", "頁"] {
        assert_eq!(asked(0, wrong), Err(vec!["page_token".into()]), "{wrong}");
    }
    assert_eq!(asked(-1, "?"), Err(vec!["page_size".into(), "page_token".into()]));
}

#[test]
fn each_category_and_state_has_its_own_message() {
    use Category::{Competition, Licence, Other, Piece, Post, Service};
    let categories = [Post, Competition, Licence, Service, Piece, Other].map(category_message);
    for (category, number) in categories.into_iter().zip(1..) {
        assert_eq!(i32::from(category), number);
    }
    use WorkState::{Begun, Certified, Refused, Returned, Revoked, Submitted, Withdrawn};
    let states = [Begun, Submitted, Certified, Returned, Revoked, Withdrawn, Refused].map(state);
    for (state, number) in states.into_iter().zip(1..) {
        assert_eq!(i32::from(state), number);
    }
}

#[test]
fn what_is_erased_or_missing_stays_empty() {
    let id = PersonId::new(uuid::Uuid::nil());
    let nobody = student(id, &StudentDocument::default());
    assert_eq!(nobody, message::Student { student_id: id.to_string(), ..message::Student::default() });
    assert_eq!(open(&Personal::Erased), "");
}
