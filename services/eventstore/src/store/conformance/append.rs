//! What one append at a time keeps to.

use kernel::{Instant, LedgerId, PersonId};
use uuid::Uuid;

use super::{LEDGER, NOON, Place, TEACHER, appended, assert_dense, claim, commit, event, on_both};
use crate::Fault;
use crate::store::{Commit, Head, Receipt, Store, Verdict};

on_both![
    positions_and_versions_are_dense,
    a_version_too_low_and_one_too_high_are_refused,
    a_refused_command_neither_fails_nor_moves_its_neighbours,
    a_guard_must_stand_where_it_was_seen,
    a_value_is_one_subjects,
    a_request_is_answered_once,
    a_destroyed_key_seals_nothing_new,
    an_event_may_be_two_seconds_behind_and_no_more,
    a_command_without_events_is_refused,
    a_group_that_shares_something_is_refused,
    the_first_reason_is_told,
    a_ledger_is_alone,
    a_ledger_that_is_not_open_takes_nothing,
    a_large_group_goes_in_whole,
];

async fn append(store: &dyn Store, commits: &[Commit]) -> Vec<Verdict> {
    store.append(LEDGER, commits).await.unwrap()
}

async fn append_one(store: &dyn Store, commit: Commit) -> Verdict {
    append(store, &[commit]).await.remove(0)
}

async fn positions_and_versions_are_dense(place: &Place) {
    let store = place.store().await;
    assert_eq!(store.head(LEDGER).await.unwrap(), Head { position: 0, time: Instant::from_micros(0) });
    let mut two = commit(2, "class-2", 0);
    two.events.push(event("2/1"));
    let mut four = commit(4, "class-2", 2);
    four.events[0].subject = None;
    four.time = Instant::from_micros(NOON + 5);
    let verdicts = append(&*store, &[commit(1, "class-1", 0), two.clone(), commit(3, "class-3", 0)]).await;
    assert_eq!(verdicts, [appended(1, 1), appended(2, 3), appended(4, 4)]);
    assert_eq!(
        append(&*store, &[four.clone(), commit(5, "class-1", 1)]).await,
        [appended(5, 5), appended(6, 6)]
    );

    let all = store.read(LEDGER, 0, 100).await.unwrap();
    assert_eq!(all.len(), 6);
    assert_dense(&all);
    assert_eq!(
        (all[1].record.clone(), all[2].record.clone()),
        (two.events[0].record.clone(), two.events[1].record.clone())
    );
    assert_eq!((all[4].subject, all[4].time, all[5].subject), (None, four.time, Some(TEACHER)));
    assert_eq!(all[4].kind, "licheng.records.X.v1");
    assert_eq!(store.read(LEDGER, 2, 3).await.unwrap(), all[2..5]);
    assert_eq!(store.read(LEDGER, 6, 3).await.unwrap(), []);
    let of_class_2 = store.read_stream(LEDGER, "class-2", 1).await.unwrap();
    assert_eq!(of_class_2, [all[2].clone(), all[4].clone()]);
    let streams = ["class-2", "none", "class-1", "class-2"].map(str::to_owned);
    assert_eq!(store.versions(LEDGER, &streams).await.unwrap(), [3, 0, 2, 3]);
    assert_eq!(store.versions(LEDGER, &[]).await.unwrap(), Vec::<u32>::new());
    let head = Head { position: 6, time: four.time };
    assert_eq!(store.head(LEDGER).await.unwrap(), head);
    assert_eq!(store.ledgers().await.unwrap(), [(LEDGER, head)]);
}

async fn a_version_too_low_and_one_too_high_are_refused(place: &Place) {
    let store = place.store().await;
    assert_eq!(append_one(&*store, commit(1, "work-1", 1)).await, Verdict::Moved);
    assert_eq!(append_one(&*store, commit(1, "work-1", 0)).await, appended(1, 1));
    for version in [0, 2, 3] {
        assert_eq!(append_one(&*store, commit(2, "work-1", version)).await, Verdict::Moved);
    }
    assert_eq!(append_one(&*store, commit(2, "work-1", 1)).await, appended(2, 2));
    assert_dense(&store.read(LEDGER, 0, 100).await.unwrap());
}

async fn a_refused_command_neither_fails_nor_moves_its_neighbours(place: &Place) {
    let store = place.store().await;
    let mut three = commit(3, "work-3", 0);
    three.events.push(event("3/1"));
    let mut guarded = commit(4, "work-4", 0);
    guarded.guards.push(("policy-115".into(), 1));
    let group = [commit(1, "work-1", 9), commit(2, "work-2", 0), three, guarded, commit(5, "work-5", 0)];
    let verdicts = append(&*store, &group).await;
    let guard = Verdict::GuardMoved("policy-115".into());
    assert_eq!(verdicts, [Verdict::Moved, appended(1, 1), appended(2, 3), guard, appended(4, 4)]);
    assert_dense(&store.read(LEDGER, 0, 100).await.unwrap());
    let streams = ["work-1", "work-3", "work-4", "work-5"].map(str::to_owned);
    assert_eq!(store.versions(LEDGER, &streams).await.unwrap(), [0, 2, 0, 1]);
    // What was refused left no receipt: it may be asked again.
    assert_eq!(store.receipt(LEDGER, group[0].request).await.unwrap(), None);
    assert_eq!(append_one(&*store, commit(1, "work-1", 0)).await, appended(5, 5));
    // A group of which nothing is appended moves nothing.
    assert_eq!(
        append(&*store, &[commit(8, "work-1", 0), commit(9, "work-2", 0)]).await,
        [Verdict::Moved, Verdict::Moved]
    );
    assert_eq!(store.head(LEDGER).await.unwrap().position, 5);
}

async fn a_guard_must_stand_where_it_was_seen(place: &Place) {
    let store = place.store().await;
    append(&*store, &[commit(1, "policy-115", 0)]).await;
    let guarded = |request, guards: &[(&str, u32)]| {
        let mut commit = commit(request, "work-1", 0);
        commit.guards = guards.iter().map(|(stream, version)| ((*stream).to_owned(), *version)).collect();
        commit
    };
    let moved = |stream: &str| Verdict::GuardMoved(stream.to_owned());
    for (guards, stream) in [
        (&[("policy-115", 0)][..], "policy-115"),
        (&[("policy-115", 2)], "policy-115"),
        (&[("policy-115", 1), ("policy-116", 1)], "policy-116"),
    ] {
        assert_eq!(append_one(&*store, guarded(2, guards)).await, moved(stream));
    }
    let unmoved = guarded(2, &[("policy-115", 1), ("policy-116", 0)]);
    assert_eq!(append_one(&*store, unmoved).await, appended(2, 2));
}

async fn a_value_is_one_subjects(place: &Place) {
    let store = place.store().await;
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let taking = |request, stream: &str, hash, subject| {
        let mut commit = commit(request, stream, 0);
        commit.claims.push((claim(hash), subject));
        commit
    };
    assert_eq!(append_one(&*store, taking(1, "student-1", 1, one)).await, appended(1, 1));
    assert_eq!(
        append_one(&*store, taking(2, "student-2", 1, other)).await,
        Verdict::Claimed("number".into(), one)
    );
    assert_eq!(append_one(&*store, taking(3, "student-3", 1, one)).await, appended(2, 2));
    assert_eq!(append_one(&*store, taking(4, "student-4", 2, other)).await, appended(3, 3));
    let claims = [claim(2), claim(3), claim(1)];
    assert_eq!(store.claimed(LEDGER, &claims).await.unwrap(), [Some(other), None, Some(one)]);
    assert_eq!(store.claimed(LEDGER, &[]).await.unwrap(), []);
    let mut both = taking(5, "student-5", 4, one);
    both.claims.push((claim(4), other));
    assert!(matches!(store.append(LEDGER, &[both]).await, Err(Fault::Broken(_))));
}

async fn a_request_is_answered_once(place: &Place) {
    let store = place.store().await;
    let mut first = commit(1, "work-1", 0);
    first.ids = vec![Uuid::from_u128(5), Uuid::from_u128(6)];
    let receipt = Receipt { first: 1, last: 1, ids: first.ids.clone() };
    assert_eq!(append_one(&*store, first.clone()).await, Verdict::Appended(receipt.clone()));
    append(&*store, &[commit(2, "work-1", 1)]).await;
    // Asked again, whatever has changed since.
    let mut again = first.clone();
    (again.version, again.time) = (7, Instant::from_micros(0));
    again.ids = Vec::new();
    assert_eq!(append_one(&*store, again).await, Verdict::Known(receipt.clone()));
    let others = commit(1, "work-1", 2);
    let actor = PersonId::new(Uuid::from_u128(0xc));
    assert_eq!(append_one(&*store, Commit { actor, ..others.clone() }).await, Verdict::RequestReused);
    assert_eq!(append_one(&*store, Commit { request_hash: [8; 32], ..others }).await, Verdict::RequestReused);
    assert_eq!(store.receipt(LEDGER, first.request).await.unwrap(), Some((TEACHER, [7; 32], receipt)));
    assert_eq!(store.head(LEDGER).await.unwrap().position, 2);
}

async fn a_destroyed_key_seals_nothing_new(place: &Place) {
    let store = place.store().await;
    store.destroy_key(LEDGER, "b/identity").await.unwrap();
    let mut sealed = commit(1, "student-1", 0);
    sealed.keys = vec!["a/identity".into(), "b/identity".into()];
    let destroyed = Verdict::KeyDestroyed("b/identity".into());
    assert_eq!(append_one(&*store, sealed.clone()).await, destroyed);
    sealed.keys.pop();
    assert_eq!(append_one(&*store, sealed).await, appended(1, 1));
}

async fn an_event_may_be_two_seconds_behind_and_no_more(place: &Place) {
    let store = place.store().await;
    append(&*store, &[commit(1, "work-1", 0)]).await;
    let behind = |request, stream: &str, micros| {
        let mut commit = commit(request, stream, 0);
        commit.time = Instant::from_micros(NOON - micros);
        commit
    };
    assert_eq!(append_one(&*store, behind(2, "work-2", 2_000_001)).await, Verdict::Behind);
    assert_eq!(append_one(&*store, behind(2, "work-2", 2_000_000)).await, appended(2, 2));
    // The ledger's time never goes back.
    assert_eq!(store.head(LEDGER).await.unwrap().time, Instant::from_micros(NOON));
}

async fn a_command_without_events_is_refused(place: &Place) {
    let store = place.store().await;
    let mut empty = commit(2, "work-2", 0);
    empty.events.clear();
    assert!(matches!(store.append(LEDGER, &[commit(1, "work-1", 0), empty]).await, Err(Fault::Broken(_))));
    assert_eq!(store.head(LEDGER).await.unwrap().position, 0);
    assert_eq!(append(&*store, &[]).await, []);
}

async fn a_group_that_shares_something_is_refused(place: &Place) {
    let store = place.store().await;
    let plain = commit(1, "work-1", 0);
    let guarding = |commit: &Commit, stream: &str| {
        let guards = vec![(stream.to_owned(), 0)];
        Commit { guards, ..commit.clone() }
    };
    let claiming = |commit: &Commit| Commit { claims: vec![(claim(1), Uuid::nil())], ..commit.clone() };
    let other = commit(2, "work-2", 0);
    for group in [
        [plain.clone(), commit(2, "work-1", 0)],
        [plain.clone(), commit(1, "work-2", 0)],
        [plain.clone(), guarding(&other, "work-1")],
        [guarding(&plain, "work-2"), other.clone()],
        [claiming(&plain), claiming(&other)],
        [plain.clone(), guarding(&other, "work-2")],
    ] {
        assert!(matches!(store.append(LEDGER, &group).await, Err(Fault::Broken(_))), "{group:?}");
    }
    assert_eq!(store.head(LEDGER).await.unwrap().position, 0);
    // A stream that both only look at is nobody's matter.
    let group = [guarding(&plain, "policy-115"), guarding(&other, "policy-115")];
    assert_eq!(append(&*store, &group).await, [appended(1, 1), appended(2, 2)]);
}

async fn the_first_reason_is_told(place: &Place) {
    let store = place.store().await;
    let mut taken = commit(1, "student-1", 0);
    taken.claims.push((claim(1), Uuid::from_u128(1)));
    append(&*store, &[taken]).await;
    store.destroy_key(LEDGER, "gone").await.unwrap();
    let mut bad = commit(2, "student-1", 0);
    bad.time = Instant::from_micros(0);
    bad.guards.push(("policy-115".into(), 4));
    bad.claims.push((claim(1), Uuid::from_u128(2)));
    bad.keys.push("gone".into());
    assert_eq!(append_one(&*store, bad.clone()).await, Verdict::KeyDestroyed("gone".into()));
    bad.keys.clear();
    assert_eq!(append_one(&*store, bad.clone()).await, Verdict::Behind);
    bad.time = Instant::from_micros(NOON);
    assert_eq!(append_one(&*store, bad.clone()).await, Verdict::Moved);
    bad.version = 1;
    assert_eq!(append_one(&*store, bad.clone()).await, Verdict::GuardMoved("policy-115".into()));
    bad.guards.clear();
    let claimed = Verdict::Claimed("number".into(), Uuid::from_u128(1));
    assert_eq!(append_one(&*store, bad).await, claimed);
}

async fn a_ledger_is_alone(place: &Place) {
    let store = place.store().await;
    let other = LedgerId::new(Uuid::from_u128(0xaa));
    assert!(!store.open_ledger(other, "353301").await.unwrap());
    assert_eq!(store.ledger_of("353301").await.unwrap(), Some(LEDGER));
    assert!(store.open_ledger(other, "353302").await.unwrap());
    assert_eq!(store.ledger_of("353302").await.unwrap(), Some(other));
    assert_eq!(store.ledger_of("353303").await.unwrap(), None);
    let mut taking = commit(1, "student-1", 0);
    taking.claims.push((claim(1), Uuid::from_u128(1)));
    assert_eq!(append_one(&*store, taking.clone()).await, appended(1, 1));
    taking.claims[0].1 = Uuid::from_u128(2);
    assert_eq!(store.append(other, &[taking]).await.unwrap(), [appended(1, 1)]);
    assert_eq!(store.read(other, 0, 9).await.unwrap().len(), 1);
    assert_eq!(store.claimed(other, &[claim(1)]).await.unwrap(), [Some(Uuid::from_u128(2))]);
}

async fn a_ledger_that_is_not_open_takes_nothing(place: &Place) {
    let store = place.open().await.unwrap();
    assert!(matches!(store.append(LEDGER, &[commit(1, "work-1", 0)]).await, Err(Fault::Broken(_))));
    assert!(matches!(store.head(LEDGER).await, Err(Fault::Broken(_))));
    assert_eq!(store.read(LEDGER, 0, 9).await.unwrap(), []);
}

async fn a_large_group_goes_in_whole(place: &Place) {
    let store = place.store().await;
    for round in 0..2 {
        let group: Vec<_> = (0..512)
            .map(|n: u128| {
                let mut commit =
                    commit(round * 1_000 + n, &format!("student-{n}"), u32::try_from(round).unwrap() * 2);
                commit.events.push(event(&format!("{round}/{n}/1")));
                commit.keys.push(format!("{n}/identity"));
                commit.guards.push(("policy-115".into(), 0));
                commit.claims.push((claim(u8::try_from(n % 251).unwrap()), Uuid::nil()));
                commit.claims[0].0.hash[1] = u8::try_from(n / 251).unwrap();
                commit
            })
            .collect();
        let verdicts = append(&*store, &group).await;
        assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Appended(_))));
    }
    let all = store.read(LEDGER, 0, 10_000).await.unwrap();
    assert_eq!(all.len(), 2_048);
    assert_dense(&all);
}
