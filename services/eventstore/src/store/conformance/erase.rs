//! What an erasure takes away: a person's keys and claimed values, and nothing else.

use std::sync::Arc;

use kernel::{LedgerId, PersonId};
use tokio::task::JoinSet;
use uuid::Uuid;
use vault::{KeyRow, erasure_mark, erasure_mark_of};

use super::{LEDGER, Place, TEACHER, appended, claim, commit, on_both};
use crate::Fault;
use crate::store::{Commit, Store, Verdict};

on_both![
    a_persons_keys_are_destroyed_together,
    what_would_be_sealed_with_a_later_key_is_not_appended,
    claimed_values_are_given_up_and_counted_once,
    only_the_claims_of_whoever_is_erased_are_given_up,
    of_an_append_and_an_erasure_at_once_no_key_is_left,
    an_append_under_way_is_waited_for,
];

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(0x57));
const OTHER: LedgerId = LedgerId::new(Uuid::from_u128(0xaa));

fn wrapped(n: u8) -> KeyRow {
    KeyRow::Wrapped { bytes: vec![n; 60], generation: 1 }
}

/// A command that takes these values for a person.
fn claiming(request: u128, hashes: &[u8], subject: PersonId) -> Commit {
    let claims = hashes.iter().map(|hash| (claim(*hash), subject.uuid())).collect();
    Commit { claims, ..commit(request, &format!("student-{request}"), 0) }
}

async fn a_persons_keys_are_destroyed_together(place: &Place) {
    let store = place.store().await;
    let own = [format!("{STUDENT}/identity"), format!("{STUDENT}/staff"), format!("{STUDENT}/work-1")];
    let others = [format!("{TEACHER}/identity"), format!("{LEDGER}/index"), format!("{STUDENT}0/identity")];
    for kid in own.iter().chain(&others) {
        store.keep_key(LEDGER, kid, wrapped(1)).await.unwrap();
    }
    store.keep_key(OTHER, &own[0], wrapped(2)).await.unwrap();
    store.destroy_key(LEDGER, &own[2]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.destroy_keys_of(LEDGER, STUDENT).await.unwrap(), own);
    }
    for kid in &own {
        assert_eq!(store.key(LEDGER, kid).await.unwrap(), Some(KeyRow::Destroyed), "{kid}");
        // Nor does one come back.
        assert_eq!(store.keep_key(LEDGER, kid, wrapped(3)).await.unwrap(), KeyRow::Destroyed);
    }
    for kid in &others {
        assert_eq!(store.key(LEDGER, kid).await.unwrap(), Some(wrapped(1)), "{kid}");
    }
    assert_eq!(store.key(OTHER, &own[0]).await.unwrap(), Some(wrapped(2)));
    // Who never had a key has none now either.
    let nobody = PersonId::new(Uuid::from_u128(0x58));
    assert_eq!(store.destroy_keys_of(LEDGER, nobody).await.unwrap(), Vec::<String>::new());
}

async fn what_would_be_sealed_with_a_later_key_is_not_appended(place: &Place) {
    let store = place.store().await;
    store.destroy_keys_of(LEDGER, STUDENT).await.unwrap();
    let later = format!("{STUDENT}/work-2");
    assert_eq!(store.keep_key(LEDGER, &later, wrapped(1)).await.unwrap(), wrapped(1));
    let keys = vec![erasure_mark_of(&later).unwrap(), later];
    let sealed = Commit { keys, ..commit(1, "work-2", 0) };
    let verdicts = store.append(LEDGER, &[sealed]).await.unwrap();
    assert_eq!(verdicts, [Verdict::KeyDestroyed(erasure_mark(STUDENT))]);
    let mark = erasure_mark(TEACHER);
    let other = Commit { keys: vec![mark, format!("{TEACHER}/staff")], ..commit(2, "work-3", 0) };
    assert_eq!(store.append(LEDGER, &[other]).await.unwrap(), [appended(1, 1)]);
}

async fn claimed_values_are_given_up_and_counted_once(place: &Place) {
    let store = place.store().await;
    store.append(LEDGER, &[claiming(1, &[1, 2], STUDENT), claiming(2, &[3], TEACHER)]).await.unwrap();
    let before = store.read(LEDGER, 0, 9).await.unwrap();
    let receipt = store.receipt(LEDGER, commit(1, "", 0).request).await.unwrap();
    store.destroy_keys_of(LEDGER, STUDENT).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.forget_claims(LEDGER, STUDENT.uuid()).await.unwrap(), 2);
    }
    let subjects = store.claimed(LEDGER, &[claim(1), claim(2), claim(3)]).await.unwrap();
    assert_eq!(subjects, [None, None, Some(TEACHER.uuid())]);
    // What was recorded, and the receipts of it, are what they were.
    assert_eq!(store.read(LEDGER, 0, 9).await.unwrap(), before);
    assert_eq!(store.receipt(LEDGER, commit(1, "", 0).request).await.unwrap(), receipt);
    assert_eq!(store.append(LEDGER, &[claiming(3, &[1], TEACHER)]).await.unwrap(), [appended(3, 3)]);
    // One that was claimed beside it is counted too.
    store.append(LEDGER, &[claiming(4, &[9], STUDENT)]).await.unwrap();
    assert_eq!(store.forget_claims(LEDGER, STUDENT.uuid()).await.unwrap(), 3);
}

async fn only_the_claims_of_whoever_is_erased_are_given_up(place: &Place) {
    let store = place.store().await;
    store.append(LEDGER, &[claiming(1, &[1], STUDENT)]).await.unwrap();
    store.destroy_key(LEDGER, &format!("{STUDENT}/identity")).await.unwrap();
    store.destroy_keys_of(LEDGER, TEACHER).await.unwrap();
    let refused = store.forget_claims(LEDGER, STUDENT.uuid()).await;
    assert!(matches!(&refused, Err(Fault::Broken(why)) if why.contains("erased")), "{refused:?}");
    assert_eq!(store.claimed(LEDGER, &[claim(1)]).await.unwrap(), [Some(STUDENT.uuid())]);
}

async fn of_an_append_and_an_erasure_at_once_no_key_is_left(place: &Place) {
    let store = place.store().await;
    for round in 0..8 {
        let person = PersonId::new(Uuid::from_u128(0x1000 + round));
        let kid = format!("{person}/work-1");
        let mut tasks = JoinSet::new();
        let (appending, key) = (Arc::clone(&store), kid.clone());
        tasks.spawn(async move {
            appending.keep_key(LEDGER, &key, wrapped(1)).await.unwrap();
            let keys = vec![erasure_mark(person), key];
            let sealed = Commit { keys, ..commit(round, &format!("works-{round}"), 0) };
            insist(&*appending, &sealed).await
        });
        let erasing = Arc::clone(&store);
        tasks.spawn(async move {
            erasing.destroy_keys_of(LEDGER, person).await.unwrap();
            Verdict::Moved
        });
        let verdicts = tasks.join_all().await;
        let is_appended = verdicts.iter().any(|verdict| matches!(verdict, Verdict::Appended(_)));
        let is_destroyed = store.key(LEDGER, &kid).await.unwrap() == Some(KeyRow::Destroyed);
        assert!(is_destroyed || !is_appended, "round {round}: {verdicts:?}");
    }
}

async fn an_append_under_way_is_waited_for(place: &Place) {
    let store = place.store().await;
    let kid = format!("{STUDENT}/work-1");
    let (ledger, bytes) = (place.id(LEDGER.uuid()), place.blob(&[1; 60]));
    let mut late = place.raw().await;
    late.run(if matches!(place, Place::Sqlite(_)) { "begin immediate" } else { "begin" }).await.unwrap();
    // As an append holds it, with a key that nobody else sees yet.
    late.run(&format!("update heads set position = position where ledger = {ledger}")).await.unwrap();
    late.run(&format!("insert into keys values ({ledger}, '{kid}', {bytes}, 1)")).await.unwrap();
    let (other, mut tasks) = (Arc::clone(&store), JoinSet::new());
    tasks.spawn(async move { other.destroy_keys_of(LEDGER, STUDENT).await });
    for _ in 0..20 {
        assert_eq!(store.key(LEDGER, &erasure_mark(STUDENT)).await.unwrap(), None);
        tokio::task::yield_now().await;
    }
    late.run("commit").await.unwrap();
    assert_eq!(tasks.join_next().await.unwrap().unwrap().unwrap(), std::slice::from_ref(&kid));
    assert_eq!(store.key(LEDGER, &kid).await.unwrap(), Some(KeyRow::Destroyed));
}

/// As often as others are in the way.
async fn insist(store: &dyn Store, commit: &Commit) -> Verdict {
    loop {
        match store.append(LEDGER, std::slice::from_ref(commit)).await {
            Ok(mut verdicts) => return verdicts.remove(0),
            Err(Fault::Contended) => {}
            Err(fault) => panic!("{fault}"),
        }
    }
}
