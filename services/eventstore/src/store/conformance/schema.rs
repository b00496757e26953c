//! What a store's schema must be, and who may do what in it.

use tokio::task::JoinSet;
use vault::KeyStore as _;

use super::{LEDGER, NOON, Place, appended, commit, on_both};
use crate::Fault;
use crate::store::Store as _;
use crate::store::postgres::PostgresStore;

on_both![a_newer_store_is_refused, an_older_store_is_brought_up_to_date];

async fn a_newer_store_is_refused(place: &Place) {
    drop(place.store().await);
    let mut raw = place.raw().await;
    match place {
        Place::Sqlite(_) => raw.run("pragma user_version = 99").await.unwrap(),
        Place::Postgres { .. } => raw.run("update schema_version set version = 99").await.unwrap(),
    }
    assert!(matches!(place.open().await.err(), Some(Fault::NewerStore { found: 99, .. })));
    if matches!(place, Place::Postgres { .. }) {
        let migrated = PostgresStore::migrate(&place.url()).await;
        assert!(matches!(migrated, Err(Fault::NewerStore { found: 99, .. })));
    }
}

async fn an_older_store_is_brought_up_to_date(place: &Place) {
    let store = place.store().await;
    store.append(LEDGER, &[commit(1, "work-1", 0)]).await.unwrap();
    drop(store);
    let mut raw = place.raw().await;
    raw.run("drop table forgotten").await.unwrap();
    match place {
        Place::Sqlite(_) => raw.run("pragma user_version = 1").await.unwrap(),
        Place::Postgres { .. } => {
            raw.run("drop function destroy_keys_of; drop function forget_claims").await.unwrap();
            raw.run("update schema_version set version = 1").await.unwrap();
            let fault = place.open().await.err().unwrap();
            assert!(fault.to_string().contains("licheng migrate"), "{fault}");
            PostgresStore::migrate(&place.url()).await.unwrap();
        }
    }
    let store = place.open().await.unwrap();
    store.destroy_keys_of(LEDGER, super::TEACHER).await.unwrap();
    assert_eq!(store.forget_claims(LEDGER, super::TEACHER.uuid()).await.unwrap(), 0);
    assert_eq!(store.read(LEDGER, 0, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_without_the_schema_is_refused_until_it_is_migrated() {
    let place = Place::empty_postgres("without_the_schema").await;
    let fault = place.open().await.err().unwrap();
    assert!(fault.to_string().contains("licheng migrate"), "{fault}");
    let before = PostgresStore::schema(&place.url()).await.unwrap();
    assert_eq!(before.found, 0);
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let url = place.url();
        tasks.spawn(async move { PostgresStore::migrate(&url).await });
    }
    tasks.join_all().await.into_iter().for_each(|migrated| migrated.unwrap());
    place.open().await.unwrap().health().await.unwrap();
    let after = PostgresStore::schema(&place.url()).await.unwrap();
    assert_eq!((after.found, after.needed), (before.needed, before.needed));
    let store = PostgresStore::connect(&place.url()).await.unwrap();
    let now = store.now().await.unwrap();
    assert!(store.now().await.unwrap() >= now && now > kernel::Instant::from_micros(NOON / 2));
    place.remove().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let connected = PostgresStore::connect("postgres://nobody@127.0.0.1:1/none").await;
    assert!(matches!(connected.err(), Some(Fault::Unavailable(..))));
    let connected = PostgresStore::connect("not a URL, with a password").await;
    assert!(!connected.err().unwrap().to_string().contains("password"));
}

#[tokio::test]
async fn a_server_whose_disk_is_full_or_fails_is_unavailable_and_nothing_is_half_written() {
    let place = Place::postgres("disk_is_full_or_fails").await;
    let store = place.store().await;
    let mut raw = place.raw().await;
    // disk_full, io_error, out_of_memory
    for code in ["53100", "58030", "53200"] {
        let raise = format!("begin raise exception 'no room' using errcode = '{code}'; end");
        let failing = format!("create function failing() returns trigger language plpgsql as $$ {raise} $$");
        raw.run(&failing).await.unwrap();
        raw.run("create trigger failing before insert on events execute function failing()").await.unwrap();
        let full = store.append(LEDGER, &[commit(1, "work-1", 0)]).await;
        assert!(matches!(full, Err(Fault::Unavailable("the database", Some(_)))), "{code}: {full:?}");
        assert_eq!(store.head(LEDGER).await.unwrap().position, 0);
        raw.run("drop function failing() cascade").await.unwrap();
    }
    assert_eq!(store.append(LEDGER, &[commit(1, "work-1", 0)]).await.unwrap(), [appended(1, 1)]);
    place.remove().await;
}

#[tokio::test]
async fn a_service_appends_by_the_function_alone() {
    let place = Place::postgres("by_the_function_alone").await;
    place.store().await.append(LEDGER, &[commit(1, "work-1", 0)]).await.unwrap();
    let role = format!("service_{}", std::process::id());
    let mut raw = place.raw().await;
    raw.run(&format!("create role {role} login in role licheng_service")).await.unwrap();
    let url = place.url();
    let (_, rest) = url.rsplit_once('@').unwrap();
    let service = PostgresStore::connect(&format!("postgres://{role}@{rest}")).await.unwrap();
    assert_eq!(service.append(LEDGER, &[commit(2, "work-2", 0)]).await.unwrap(), [appended(2, 2)]);
    assert_eq!(service.read(LEDGER, 0, 9).await.unwrap().len(), 2);
    let step = super::super::Step { put: vec![super::keep::document("a", b"1")], removed: vec!["b".into()] };
    assert!(service.step("view", 1, LEDGER, 0, 2, &step).await.unwrap());
    service.destroy_key(LEDGER, "a").await.unwrap();
    service.destroy_keys_of(LEDGER, super::TEACHER).await.unwrap();
    assert_eq!(service.forget_claims(LEDGER, super::TEACHER.uuid()).await.unwrap(), 0);
    service.keep_signed(LEDGER, 2, "note").await.unwrap();
    assert!(service.open_ledger(kernel::LedgerId::new(uuid::Uuid::nil()), "353302").await.unwrap());
    raw.run(&format!("set role {role}")).await.unwrap();
    for table in ["events", "receipts", "streams", "claims", "forgotten", "heads"] {
        let column = if table == "heads" { "code" } else { "ledger" };
        let refused = raw.run(&format!("update {table} set {column} = {column}")).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{table}: {refused}");
        for what in ["delete from", "truncate"] {
            let refused = raw.run(&format!("{what} {table}")).await.unwrap_err();
            assert!(refused.to_string().contains("permission denied"), "{what} {table}: {refused}");
        }
        if table != "heads" {
            let refused = raw.run(&format!("insert into {table} select * from {table}")).await.unwrap_err();
            assert!(refused.to_string().contains("permission denied"), "{table}: {refused}");
        }
    }
    raw.run(&format!("reset role; drop role {role}")).await.unwrap();
    place.remove().await;
}
