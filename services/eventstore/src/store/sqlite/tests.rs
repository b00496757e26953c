//! What the file of SQLite alone can meet.

use kernel::{Instant, LedgerId, PersonId, RequestId};
use uuid::Uuid;
use vault::{KeyRow, KeyStore as _};

use super::{SqliteStore, copy};
use crate::Fault;
use crate::store::{Commit, NewEvent, Schema, Store as _};

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(1));

fn commit(n: u128) -> Commit {
    let event = NewEvent {
        service: "records",
        record: vec![b'x'; 60_000],
        leaf: [0; 32],
        kind: "licheng.records.X.v1".into(),
        subject: None,
    };
    Commit {
        request: RequestId::new(Uuid::from_u128(n)),
        actor: PersonId::new(Uuid::nil()),
        request_hash: [0; 32],
        stream: format!("work-{n}"),
        version: 0,
        time: Instant::default(),
        guards: vec![],
        claims: vec![],
        keys: vec![],
        events: vec![event; 5],
        ids: vec![],
    }
}

/// As many pages as the file has, and some more.
async fn leave_room(store: &SqliteStore, pages: i64) {
    let limit = store.writer.write(move |connection| {
        Box::pin(async move {
            let has: i64 = sqlx::query_scalar("pragma page_count").fetch_one(&mut *connection).await.unwrap();
            let sql = sqlx::AssertSqlSafe(format!("pragma max_page_count = {}", has + pages));
            sqlx::raw_sql(sql).execute(connection).await.unwrap();
            Ok(())
        })
    });
    limit.await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("store")).await.unwrap();
    assert!(store.open_ledger(LEDGER, "353301").await.unwrap());
    store.append(LEDGER, &[commit(1)]).await.unwrap();
    leave_room(&store, 20).await;
    let full = store.append(LEDGER, &[commit(2)]).await.unwrap_err();
    let Fault::Unavailable("the database's disk", Some(source)) = full else { panic!("{full}") };
    assert!(source.to_string().contains("full"), "{source}");
    assert_eq!(store.head(LEDGER).await.unwrap().position, 5);
    assert_eq!(store.read(LEDGER, 5, 9).await.unwrap(), []);
    assert_eq!(store.receipt(LEDGER, commit(2).request).await.unwrap(), None);
    // There is room again.
    leave_room(&store, 1_000_000).await;
    store.append(LEDGER, &[commit(2)]).await.unwrap();
    assert_eq!(store.read(LEDGER, 0, 99).await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_place_that_is_not_there_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    let opened = SqliteStore::open(&folder.path().join("none/store")).await;
    assert!(matches!(opened.err(), Some(Fault::Unavailable(..))));
    std::fs::write(folder.path().join("other"), "something else than a database".repeat(100)).unwrap();
    let opened = SqliteStore::open(&folder.path().join("other")).await;
    assert!(matches!(opened.err(), Some(Fault::Broken(_))));
}

fn wrapped(byte: u8) -> KeyRow {
    KeyRow::Wrapped { bytes: vec![byte; 9], generation: 3 }
}

#[tokio::test]
async fn a_copy_has_everything_as_it_stood_but_the_keys() {
    let folder = tempfile::TempDir::new().unwrap();
    // A name that a URI would read otherwise.
    let (from, to) = (folder.path().join("a store?mode=%20#1"), folder.path().join("copy"));
    let store = SqliteStore::open(&from).await.unwrap();
    assert!(store.open_ledger(LEDGER, "353301").await.unwrap());
    for n in 1..=3 {
        store.append(LEDGER, &[commit(n)]).await.unwrap();
    }
    store.keep_key(LEDGER, "kept", wrapped(1)).await.unwrap();
    store.keep_key(LEDGER, "gone", wrapped(2)).await.unwrap();
    store.destroy_key(LEDGER, "gone").await.unwrap();
    store.keep_signed(LEDGER, 15, "note").await.unwrap();
    store.keep_setting("clock", "real").await.unwrap();
    let mut told = Vec::new();
    copy::copy(&from, &to, &mut |done, of_all| told.push((done, of_all))).await.unwrap();
    assert_eq!(told, [(0, 15), (15, 15)]);
    // What is written later is not in it.
    store.append(LEDGER, &[commit(4)]).await.unwrap();

    let copied = SqliteStore::look(&to).await.unwrap();
    assert_eq!(copied.head(LEDGER).await.unwrap().position, 15);
    assert_eq!(copied.read(LEDGER, 0, 99).await.unwrap(), store.read(LEDGER, 0, 15).await.unwrap());
    let receipt = copied.receipt(LEDGER, commit(3).request).await.unwrap();
    assert_eq!(receipt, store.receipt(LEDGER, commit(3).request).await.unwrap());
    assert_eq!(copied.signed(LEDGER).await.unwrap(), [(15, "note".to_owned())]);
    assert_eq!(copied.setting("clock").await.unwrap().as_deref(), Some("real"));
    let gone = (LEDGER, "gone".to_owned(), KeyRow::Destroyed);
    assert_eq!(copy::keys(&to).await.unwrap(), std::slice::from_ref(&gone));
    copied.close().await;
    let all = vec![gone.clone(), (LEDGER, "kept".to_owned(), wrapped(1))];
    assert_eq!(copy::keys(&from).await.unwrap(), all);

    // Keys from before a key was destroyed don't bring it back.
    let older = vec![(LEDGER, "gone".to_owned(), wrapped(2)), (LEDGER, "kept".to_owned(), wrapped(1))];
    copy::put_keys(&to, older).await.unwrap();
    assert_eq!(copy::keys(&to).await.unwrap(), all);
    let whole = SqliteStore::open(&to).await.unwrap();
    whole.append(LEDGER, &[commit(4)]).await.unwrap();
    assert_eq!(whole.read(LEDGER, 0, 99).await.unwrap(), store.read(LEDGER, 0, 99).await.unwrap());
}

#[tokio::test]
async fn who_looks_makes_nothing_and_changes_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("store");
    assert!(matches!(SqliteStore::schema(&file).await, Err(Fault::Unavailable(..))));
    assert!(matches!(SqliteStore::look(&file).await.err(), Some(Fault::Unavailable(..))));
    assert!(copy::copy(&file, &folder.path().join("copy"), &mut |_, _| {}).await.is_err());
    assert!(!file.exists());
    let store = SqliteStore::open(&file).await.unwrap();
    assert!(store.open_ledger(LEDGER, "353301").await.unwrap());
    let looking = SqliteStore::look(&file).await.unwrap();
    assert_eq!(looking.code_of(LEDGER).await.unwrap().as_deref(), Some("353301"));
    assert!(looking.append(LEDGER, &[commit(1)]).await.is_err());
    assert!(looking.keep_setting("clock", "real").await.is_err());
    store.append(LEDGER, &[commit(1)]).await.unwrap();
    assert_eq!(looking.head(LEDGER).await.unwrap().position, 5);
    let Schema { found, needed } = SqliteStore::schema(&file).await.unwrap();
    assert_eq!(found, needed);
    assert!(Schema { found: needed + 1, needed }.check().is_err());
    assert!(
        Schema { found: needed - 1, needed }.check().unwrap_err().to_string().contains("licheng migrate")
    );
}
