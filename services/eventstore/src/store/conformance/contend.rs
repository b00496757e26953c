//! What many at once can't break.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::task::JoinSet;
use uuid::Uuid;
use vault::KeyRow;

use super::{LEDGER, NOON, Place, appended, assert_dense, commit, event, on_both};
use crate::Fault;
use crate::store::{Commit, Step, Store, Verdict};

on_both![
    sixteen_at_once_stay_dense,
    of_sixteen_for_one_stream_one_wins,
    who_commits_late_is_waited_for,
    a_caller_that_goes_away_leaves_nothing_half_done,
    a_key_is_made_once,
    a_setting_is_kept_once,
    a_step_is_made_once,
];

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

async fn sixteen_at_once_stay_dense(place: &Place) {
    // Two processes' worth of stores.
    let stores = [place.store().await, place.open().await.unwrap()];
    let mut tasks = JoinSet::new();
    for task in 0..16_u128 {
        let store = Arc::clone(&stores[usize::try_from(task % 2).unwrap()]);
        tasks.spawn(async move {
            for n in 0..10 {
                let mut commit =
                    commit(task * 100 + n, &format!("work-{task}"), u32::try_from(n).unwrap() * 2);
                commit.events.push(event(&format!("{task}/{n}/1")));
                assert!(matches!(insist(&*store, &commit).await, Verdict::Appended(_)));
            }
        });
    }
    tasks.join_all().await;
    let all = stores[0].read(LEDGER, 0, 1_000).await.unwrap();
    assert_eq!(all.len(), 320);
    assert_dense(&all);
}

async fn of_sixteen_for_one_stream_one_wins(place: &Place) {
    let store = place.store().await;
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { insist(&*store, &commit(task, "selection-1", 0)).await });
    }
    let verdicts = tasks.join_all().await;
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == appended(1, 1)).count(), 1);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Moved).count(), 15);
}

/// Another process has taken position 1 and hasn't committed: nobody gets 2, or sees it, before 1 is there.
async fn who_commits_late_is_waited_for(place: &Place) {
    let store = place.store().await;
    let mut late = place.raw().await;
    let (ledger, new) = (place.id(LEDGER.uuid()), event("late"));
    let (record, leaf) = (place.blob(&new.record), place.blob(&new.leaf));
    late.run(if matches!(place, Place::Sqlite(_)) { "begin immediate" } else { "begin" }).await.unwrap();
    late.run(&format!("update heads set position = 1, time = {NOON} where ledger = {ledger}")).await.unwrap();
    late.run(&format!("insert into streams values ({ledger}, 'work-1', 1)")).await.unwrap();
    let values = format!("{ledger}, 1, 'work-1', 1, 'records', 'X', null, {NOON}, {record}, {leaf}");
    late.run(&format!("insert into events values ({values})")).await.unwrap();

    let other = Arc::clone(&store);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { insist(&*other, &commit(2, "work-2", 0)).await });
    for _ in 0..20 {
        assert_eq!(store.read(LEDGER, 0, 9).await.unwrap(), []);
        tokio::task::yield_now().await;
    }
    late.run("commit").await.unwrap();
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), appended(2, 2));
    let all = store.read(LEDGER, 0, 9).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_dense(&all);
}

async fn a_caller_that_goes_away_leaves_nothing_half_done(place: &Place) {
    let store = place.store().await;
    for n in 0..50 {
        // Begun, looked at once, and dropped.
        let commit = commit(n, &format!("work-{n}"), 0);
        let _ = store.append(LEDGER, &[commit]).now_or_never();
        let step = Step::default();
        let _ = store.step("view", 1, LEDGER, 0, 0, &step).now_or_never();
    }
    let last = commit(1_000, "work-1000", 0);
    assert!(matches!(insist(&*store, &last).await, Verdict::Appended(_)));
    let all = store.read(LEDGER, 0, 1_000).await.unwrap();
    assert_dense(&all);
    assert_eq!(store.head(LEDGER).await.unwrap().position, u64::try_from(all.len()).unwrap());
}

async fn a_key_is_made_once(place: &Place) {
    let store = place.store().await;
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let row = KeyRow::Wrapped { bytes: vec![n; 60], generation: u32::from(n) };
            store.keep_key(LEDGER, "a/identity", row).await.unwrap()
        });
    }
    let kept = tasks.join_all().await;
    assert!(kept.iter().all(|row| *row == kept[0]));
    assert_eq!(store.key(LEDGER, "a/identity").await.unwrap().as_ref(), kept.first());
    assert_eq!(store.key(LEDGER, "b/identity").await.unwrap(), None);
    store.destroy_key(LEDGER, "a/identity").await.unwrap();
    assert_eq!(store.key(LEDGER, "a/identity").await.unwrap(), Some(KeyRow::Destroyed));
    let again = store.keep_key(LEDGER, "a/identity", kept[0].clone()).await.unwrap();
    assert_eq!(again, KeyRow::Destroyed);
}

async fn a_setting_is_kept_once(place: &Place) {
    let store = place.store().await;
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.keep_setting("clock", &n.to_string()).await.unwrap() });
    }
    let kept = tasks.join_all().await;
    assert!(kept.iter().all(|value| *value == kept[0]));
    assert_eq!(store.keep_setting("other", "x").await.unwrap(), "x");
}

async fn a_step_is_made_once(place: &Place) {
    let store = place.store().await;
    for from in [0, 7] {
        let mut tasks = JoinSet::new();
        for n in 0..16 {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                let body = Uuid::from_u128(n).as_bytes().to_vec();
                let step = Step { put: vec![super::keep::document("a", &body)], removed: Vec::new() };
                loop {
                    match store.step("view", 1, LEDGER, from, from + 7, &step).await {
                        Ok(made) => return made.then_some(body),
                        Err(Fault::Contended) => {}
                        Err(fault) => panic!("{fault}"),
                    }
                }
            });
        }
        let made: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(made.len(), 1);
        let (position, documents) = store.all_documents("view", 1, LEDGER).await.unwrap();
        assert_eq!((position, &documents[0].body), (from + 7, &made[0]));
    }
}
