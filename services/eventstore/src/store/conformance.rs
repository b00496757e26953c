//! One suite for both stores: what every caller of [`Store`] relies on.

mod append;
mod contend;
mod erase;
mod keep;
mod place;
mod schema;

use kernel::{Instant, LedgerId, PersonId, RequestId};
use uuid::Uuid;

use super::{ClaimHash, Commit, NewEvent, Receipt, Stored, Verdict};
pub(crate) use place::Place;

/// Runs each case on both stores, each in a place of its own.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let place = crate::store::conformance::Place::sqlite();
                super::$case(&place).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let place = crate::store::conformance::Place::postgres(stringify!($case)).await;
                super::$case(&place).await;
                place.remove().await;
            })+
        }
    };
}
pub(crate) use on_both;

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(0xb));
const NOON: i64 = 1_800_000_000_000_000;

/// A command of one event for a stream at a version.
fn commit(request: u128, stream: &str, version: u32) -> Commit {
    Commit {
        request: RequestId::new(Uuid::from_u128(request)),
        actor: TEACHER,
        request_hash: [7; 32],
        stream: stream.to_owned(),
        version,
        time: Instant::from_micros(NOON),
        guards: Vec::new(),
        claims: Vec::new(),
        keys: Vec::new(),
        events: vec![event(&format!("{request}/0"))],
        ids: Vec::new(),
    }
}

fn event(text: &str) -> NewEvent {
    let record = format!("{{\"id\":\"{text}\"}}").into_bytes();
    let leaf = crate::leaf_of(&record);
    NewEvent { service: "records", record, leaf, kind: "licheng.records.X.v1".into(), subject: Some(TEACHER) }
}

fn claim(hash: u8) -> ClaimHash {
    ClaimHash { kind: "number", hash: [hash; 32] }
}

fn appended(first: u64, last: u64) -> Verdict {
    Verdict::Appended(Receipt { first, last, ids: Vec::new() })
}

/// The events stand at 1, 2, 3, … and each stream's at versions 1, 2, 3, …
fn assert_dense(events: &[Stored]) {
    let mut versions = std::collections::HashMap::new();
    for (expected, event) in (1..).zip(events) {
        assert_eq!(event.position, expected);
        let version = versions.entry(event.stream.clone()).or_insert(0);
        *version += 1;
        assert_eq!(event.version, *version, "of {} at {}", event.stream, event.position);
        assert_eq!(event.leaf, crate::leaf_of(&event.record));
    }
}
