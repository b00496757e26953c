//! What is kept beside the events.

use kernel::{Instant, LedgerId};
use uuid::Uuid;

use super::{LEDGER, NOON, Place, appended, commit, on_both};
use crate::store::{Document, Parked, Step};

on_both![
    a_step_moves_its_checkpoint_from_where_it_stands,
    documents_are_of_one_view_version_and_ledger,
    signed_checkpoints_are_kept_as_they_were,
    who_is_parked_is_told,
    a_setting_and_a_code_are_told_and_not_made,
    what_was_kept_is_there_after_opening_again,
    what_is_recorded_is_never_changed,
];

pub(super) fn document(key: &str, body: &[u8]) -> Document {
    Document { key: key.to_owned(), body: body.to_vec() }
}

async fn a_step_moves_its_checkpoint_from_where_it_stands(place: &Place) {
    let store = place.store().await;
    let put =
        |keys: &[&str]| Step { put: keys.iter().map(|key| document(key, b"1")).collect(), removed: vec![] };
    // One that never began doesn't stand at 3.
    assert!(!store.step("view", 1, LEDGER, 3, 5, &put(&["a"])).await.unwrap());
    assert!(store.step("view", 1, LEDGER, 0, 5, &put(&["c", "a", "b"])).await.unwrap());
    assert!(!store.step("view", 1, LEDGER, 0, 9, &put(&["x"])).await.unwrap());
    assert!(!store.step("view", 1, LEDGER, 4, 9, &put(&["x"])).await.unwrap());
    assert_eq!(store.checkpoint("view", 1, LEDGER).await.unwrap(), 5);
    let removed = ["a", "c", "none"].map(str::to_owned).to_vec();
    let step = Step { put: vec![document("b", b"2"), document("c", b"2")], removed };
    assert!(store.step("view", 1, LEDGER, 5, 6, &step).await.unwrap());
    let all = store.all_documents("view", 1, LEDGER).await.unwrap();
    assert_eq!(all, (6, vec![document("b", b"2"), document("c", b"2")]));
}

async fn documents_are_of_one_view_version_and_ledger(place: &Place) {
    let store = place.store().await;
    let other = LedgerId::new(Uuid::from_u128(0xaa));
    let mut places = Vec::new();
    for view in ["one", "two"] {
        for version in [1, 2] {
            places.extend([LEDGER, other].map(|ledger| (view, version, ledger)));
        }
    }
    for (n, (view, version, ledger)) in (1..).zip(&places) {
        let step = Step { put: vec![document("a", &[n]), document("b", &[n])], removed: vec![] };
        assert!(store.step(view, *version, *ledger, 0, u64::from(n), &step).await.unwrap());
    }
    let keys = ["b", "none", "a"].map(str::to_owned);
    for (n, (view, version, ledger)) in (1..).zip(&places) {
        let both = vec![document("a", &[n]), document("b", &[n])];
        assert_eq!(store.documents(view, *version, *ledger, &keys).await.unwrap(), both);
        assert_eq!(store.all_documents(view, *version, *ledger).await.unwrap(), (u64::from(n), both));
    }
    assert_eq!(store.all_documents("three", 1, LEDGER).await.unwrap(), (0, vec![]));
}

async fn signed_checkpoints_are_kept_as_they_were(place: &Place) {
    let store = place.store().await;
    for (size, note) in [(10, "ten"), (9, "nine"), (10, "another ten")] {
        store.keep_signed(LEDGER, size, note).await.unwrap();
    }
    let kept = [(9, "nine".to_owned()), (10, "ten".to_owned())];
    assert_eq!(store.signed(LEDGER).await.unwrap(), kept);
    assert_eq!(store.newest_signed(LEDGER).await.unwrap().as_ref(), kept.last());
}

async fn who_is_parked_is_told(place: &Place) {
    let store = place.store().await;
    let at = |position, reason: &str, micros| Parked {
        follower: "view:works".into(),
        ledger: LEDGER,
        position,
        reason: reason.into(),
        since: Instant::from_micros(NOON + micros),
    };
    store.park(&at(4, "a", 0)).await.unwrap();
    store.park(&at(4, "b", 1)).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [at(4, "b", 0)]);
    store.park(&at(5, "c", 2)).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [at(5, "c", 2)]);
    store.unpark("view:others", LEDGER).await.unwrap();
    assert_eq!(store.parked().await.unwrap().len(), 1);
    store.unpark("view:works", LEDGER).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), []);
}

async fn a_setting_and_a_code_are_told_and_not_made(place: &Place) {
    let store = place.store().await;
    let other = LedgerId::new(Uuid::from_u128(0xaa));
    assert_eq!(store.code_of(LEDGER).await.unwrap().as_deref(), Some("353301"));
    assert_eq!(store.code_of(other).await.unwrap(), None);
    assert_eq!(store.setting("clock").await.unwrap(), None);
    assert_eq!(store.keep_setting("clock", "real").await.unwrap(), "real");
    assert_eq!(store.setting("clock").await.unwrap().as_deref(), Some("real"));
}

async fn what_was_kept_is_there_after_opening_again(place: &Place) {
    let store = place.store().await;
    store.append(LEDGER, &[commit(1, "work-1", 0), commit(2, "work-2", 0)]).await.unwrap();
    store
        .step("view", 1, LEDGER, 0, 2, &Step { put: vec![document("a", b"1")], removed: vec![] })
        .await
        .unwrap();
    let before = store.read(LEDGER, 0, 9).await.unwrap();
    drop(store);
    let store = place.open().await.unwrap();
    store.health().await.unwrap();
    assert_eq!(store.read(LEDGER, 0, 9).await.unwrap(), before);
    assert_eq!(store.all_documents("view", 1, LEDGER).await.unwrap(), (2, vec![document("a", b"1")]));
    assert_eq!(store.append(LEDGER, &[commit(3, "work-1", 1)]).await.unwrap(), [appended(3, 3)]);
}

async fn what_is_recorded_is_never_changed(place: &Place) {
    let store = place.store().await;
    store.append(LEDGER, &[commit(1, "work-1", 0)]).await.unwrap();
    let mut raw = place.raw().await;
    for table in ["events", "receipts"] {
        let change = if table == "events" { "time = 0" } else { "first = 9" };
        raw.run(&format!("update {table} set {change}")).await.unwrap_err();
        raw.run(&format!("delete from {table}")).await.unwrap_err();
        // SQLite has no truncate: it is a syntax error there.
        raw.run(&format!("truncate {table}")).await.unwrap_err();
    }
    assert_eq!(store.read(LEDGER, 0, 9).await.unwrap().len(), 1);
}
