//! What the file of SQLite alone can meet.

use kernel::{Instant, LedgerId, PersonId, RequestId};
use uuid::Uuid;

use super::SqliteStore;
use crate::Fault;
use crate::store::{Commit, NewEvent, Store as _};

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
