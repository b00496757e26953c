//! What both stores' columns hold, as ours.

use kernel::{Instant, LedgerId, PersonId};
use uuid::Uuid;
use vault::{KeyFault, KeyRow};

use super::{Parked, Receipt, Stored};
use crate::Fault;

/// Position, stream, version, kind, subject, time, record, leaf.
pub(super) type EventRow = (i64, String, i32, String, Option<Uuid>, i64, Vec<u8>, Vec<u8>);

pub(super) fn stored(row: EventRow) -> Result<Stored, Fault> {
    let (position, stream, version, kind, subject, time, record, leaf) = row;
    Ok(Stored {
        position: unsigned(position)?,
        stream,
        version: version_of(version)?,
        kind,
        subject: subject.map(PersonId::new),
        time: Instant::from_micros(time),
        record,
        leaf: digest(leaf)?,
    })
}

/// Follower, ledger, position, reason, since.
pub(super) type ParkedRow = (String, Uuid, i64, String, i64);

pub(super) fn parked(row: ParkedRow) -> Result<Parked, Fault> {
    let (follower, ledger, position, reason, since) = row;
    let (ledger, since) = (LedgerId::new(ledger), Instant::from_micros(since));
    Ok(Parked { follower, ledger, position: unsigned(position)?, reason, since })
}

/// Actor, hash, first, last, ids.
pub(super) type ReceiptRow = (Uuid, Vec<u8>, i64, i64, Vec<u8>);

pub(super) fn receipt(row: ReceiptRow) -> Result<(PersonId, [u8; 32], Receipt), Fault> {
    let (actor, hash, first, last, ids) = row;
    Ok((PersonId::new(actor), digest(hash)?, receipt_of(first, last, &ids)?))
}

pub(super) fn receipt_of(first: i64, last: i64, ids: &[u8]) -> Result<Receipt, Fault> {
    Ok(Receipt { first: unsigned(first)?, last: unsigned(last)?, ids: ids_of(ids)? })
}

/// Ids one after another, 16 bytes each.
pub(super) fn bytes_of(ids: &[Uuid]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.as_bytes()).collect()
}

fn ids_of(bytes: &[u8]) -> Result<Vec<Uuid>, Fault> {
    let (ids, rest) = bytes.as_chunks::<16>();
    if rest.is_empty() {
        Ok(ids.iter().copied().map(Uuid::from_bytes).collect())
    } else {
        Err(Fault::broken("the store holds a part of an id"))
    }
}

pub(super) fn key(wrapped: Option<Vec<u8>>, generation: i32) -> Result<KeyRow, Fault> {
    Ok(match wrapped {
        Some(bytes) => KeyRow::Wrapped { bytes, generation: version_of(generation)? },
        None => KeyRow::Destroyed,
    })
}

/// The columns of a key.
pub(super) fn key_columns(row: KeyRow) -> Result<(Option<Vec<u8>>, i32), Fault> {
    Ok(match row {
        KeyRow::Wrapped { bytes, generation } => (Some(bytes), integer(generation)?),
        KeyRow::Destroyed => (None, 0),
    })
}

/// A store's fault, as that of its key store.
pub(super) fn unreachable(fault: Fault) -> KeyFault {
    KeyFault::Unreachable(Box::new(fault))
}

pub(super) fn digest(bytes: Vec<u8>) -> Result<[u8; 32], Fault> {
    bytes.try_into().map_err(|_| Fault::broken("the store holds a digest that isn't 32 bytes long"))
}

pub(super) fn unsigned(number: i64) -> Result<u64, Fault> {
    u64::try_from(number).map_err(|_| Fault::broken("the store holds a position below 0"))
}

pub(super) fn signed(number: u64) -> Result<i64, Fault> {
    i64::try_from(number).map_err(|_| Fault::broken("a position is beyond what the store can hold"))
}

pub(super) fn version_of(number: i32) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| Fault::broken("the store holds a version below 0"))
}

pub(super) fn integer(number: u32) -> Result<i32, Fault> {
    i32::try_from(number).map_err(|_| Fault::broken("a version is beyond what the store can hold"))
}

/// Whether the connection itself failed, not what it was asked.
pub(super) fn lost(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    matches!(error, Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed)
}

/// A ledger that nobody opened here.
pub(super) fn not_open(ledger: LedgerId) -> Fault {
    Fault::broken(format!("ledger {ledger} is not open here"))
}
