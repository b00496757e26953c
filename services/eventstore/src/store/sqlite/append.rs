//! What is written within one transaction of the writer.

use std::ops::ControlFlow;

use sqlx::SqliteConnection;
use uuid::Uuid;
use vault::KeyRow;

use super::fault;
use crate::Fault;
use crate::store::group::BEHIND_MAX_MICROS;
use crate::store::rows::{self, ReceiptRow, bytes_of, receipt_of, unsigned};
use crate::store::{Commit, Step, Verdict};

/// A key's columns.
pub(super) const KEY: &str = "select wrapped, generation from keys where ledger = ? and kid = ?";

/// Where the ledger stands while a group is appended.
struct Head {
    ledger: Uuid,
    position: i64,
    time: i64,
}

/// Judges each command against what was before the group, and appends those that may be.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    ledger: Uuid,
    commits: &[Commit],
) -> Result<Vec<Verdict>, Fault> {
    let sql = "select position, time from heads where ledger = ?";
    let row: Option<(i64, i64)> =
        sqlx::query_as(sql).bind(ledger).fetch_optional(&mut *connection).await.map_err(fault)?;
    let (position, time) = row.ok_or_else(|| rows::not_open(ledger.into()))?;
    let before = Head { ledger, position, time };
    let mut head = Head { ..before };
    let mut verdicts = Vec::with_capacity(commits.len());
    for commit in commits {
        verdicts.push(match judge(connection, &before, commit).await? {
            ControlFlow::Break(verdict) => verdict,
            ControlFlow::Continue(()) => put(connection, &mut head, commit).await?,
        });
    }
    if head.position > before.position {
        let sql = "update heads set position = ?, time = ? where ledger = ?";
        let query = sqlx::query(sql).bind(head.position).bind(head.time).bind(ledger);
        query.execute(connection).await.map_err(fault)?;
    }
    Ok(verdicts)
}

/// Why a command may not be appended, if it may not.
async fn judge(
    connection: &mut SqliteConnection,
    head: &Head,
    commit: &Commit,
) -> Result<ControlFlow<Verdict>, Fault> {
    let sql = "select actor, hash, first, last, ids from receipts where ledger = ? and request = ?";
    let query = sqlx::query_as(sql).bind(head.ledger).bind(commit.request.uuid());
    let row: Option<ReceiptRow> = query.fetch_optional(&mut *connection).await.map_err(fault)?;
    if let Some((actor, hash, first, last, ids)) = row {
        return Ok(ControlFlow::Break(match actor == commit.actor.uuid() && hash == commit.request_hash {
            true => Verdict::Known(receipt_of(first, last, &ids)?),
            false => Verdict::RequestReused,
        }));
    }
    for kid in &commit.keys {
        let query = sqlx::query_as(KEY).bind(head.ledger).bind(kid);
        let row: Option<(Option<Vec<u8>>, i32)> =
            query.fetch_optional(&mut *connection).await.map_err(fault)?;
        if let Some((None, _)) = row {
            return Ok(ControlFlow::Break(Verdict::KeyDestroyed(kid.clone())));
        }
    }
    if commit.time.micros() < head.time - BEHIND_MAX_MICROS {
        return Ok(ControlFlow::Break(Verdict::Behind));
    }
    if version(connection, head.ledger, &commit.stream).await? != i64::from(commit.version) {
        return Ok(ControlFlow::Break(Verdict::Moved));
    }
    for (stream, expected) in &commit.guards {
        if version(connection, head.ledger, stream).await? != i64::from(*expected) {
            return Ok(ControlFlow::Break(Verdict::GuardMoved(stream.clone())));
        }
    }
    for (claim, subject) in &commit.claims {
        let sql = "select subject from claims where ledger = ? and kind = ? and hash = ?";
        let query = sqlx::query_scalar(sql).bind(head.ledger).bind(claim.kind).bind(claim.hash.as_slice());
        let whose: Option<Uuid> = query.fetch_optional(&mut *connection).await.map_err(fault)?;
        if let Some(whose) = whose.filter(|whose| whose != subject) {
            return Ok(ControlFlow::Break(Verdict::Claimed(claim.kind.to_owned(), whose)));
        }
    }
    Ok(ControlFlow::Continue(()))
}

async fn version(connection: &mut SqliteConnection, ledger: Uuid, stream: &str) -> Result<i64, Fault> {
    let query = sqlx::query_scalar("select version from streams where ledger = ? and stream = ?");
    let found: Option<i64> =
        query.bind(ledger).bind(stream).fetch_optional(connection).await.map_err(fault)?;
    Ok(found.unwrap_or(0))
}

/// Writes what a command brings.
async fn put(connection: &mut SqliteConnection, head: &mut Head, commit: &Commit) -> Result<Verdict, Fault> {
    let (first, time, mut version) = (head.position + 1, commit.time.micros(), i64::from(commit.version));
    for event in &commit.events {
        head.position += 1;
        version += 1;
        sqlx::query("insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(head.ledger)
            .bind(head.position)
            .bind(&commit.stream)
            .bind(version)
            .bind(event.service)
            .bind(&event.kind)
            .bind(event.subject.map(|subject| subject.uuid()))
            .bind(time)
            .bind(&event.record)
            .bind(event.leaf.as_slice())
            .execute(&mut *connection)
            .await
            .map_err(fault)?;
    }
    head.time = head.time.max(time);
    let sql = "insert into streams values (?, ?, ?)
        on conflict (ledger, stream) do update set version = excluded.version";
    let query = sqlx::query(sql).bind(head.ledger).bind(&commit.stream).bind(version);
    query.execute(&mut *connection).await.map_err(fault)?;
    for (claim, subject) in &commit.claims {
        let query = sqlx::query("insert into claims values (?, ?, ?, ?) on conflict do nothing");
        let query = query.bind(head.ledger).bind(claim.kind).bind(claim.hash.as_slice()).bind(subject);
        query.execute(&mut *connection).await.map_err(fault)?;
    }
    sqlx::query("insert into receipts values (?, ?, ?, ?, ?, ?, ?)")
        .bind(head.ledger)
        .bind(commit.request.uuid())
        .bind(commit.actor.uuid())
        .bind(commit.request_hash.as_slice())
        .bind(first)
        .bind(head.position)
        .bind(bytes_of(&commit.ids))
        .execute(connection)
        .await
        .map_err(fault)?;
    Ok(Verdict::Appended(crate::store::Receipt {
        first: unsigned(first)?,
        last: unsigned(head.position)?,
        ids: commit.ids.clone(),
    }))
}

/// Moves a checkpoint of (view, version, ledger) and writes the step's documents, if it stands at `from`.
pub(super) async fn step(
    connection: &mut SqliteConnection,
    (view, version, ledger): &(String, i32, Uuid),
    (from, to): (i64, i64),
    step: &Step,
) -> Result<bool, Fault> {
    let query =
        sqlx::query_scalar("select position from checkpoints where view = ? and version = ? and ledger = ?");
    let query = query.bind(view).bind(version).bind(ledger);
    let found: Option<i64> = query.fetch_optional(&mut *connection).await.map_err(fault)?;
    if found.unwrap_or(0) != from {
        return Ok(false);
    }
    let sql = "insert into checkpoints values (?, ?, ?, ?)
        on conflict (view, version, ledger) do update set position = excluded.position";
    let query = sqlx::query(sql).bind(view).bind(version).bind(ledger).bind(to);
    query.execute(&mut *connection).await.map_err(fault)?;
    for key in &step.removed {
        let query =
            sqlx::query("delete from documents where view = ? and version = ? and ledger = ? and key = ?");
        let query = query.bind(view).bind(version).bind(ledger).bind(key);
        query.execute(&mut *connection).await.map_err(fault)?;
    }
    for document in &step.put {
        let sql = "insert into documents values (?, ?, ?, ?, ?)
            on conflict (view, version, ledger, key) do update set body = excluded.body";
        let query = sqlx::query(sql).bind(view).bind(version).bind(ledger);
        let query = query.bind(&document.key).bind(&document.body);
        query.execute(&mut *connection).await.map_err(fault)?;
    }
    Ok(true)
}

/// Keeps a key unless there is one, and answers the one that is kept.
pub(super) async fn keep_key(
    connection: &mut SqliteConnection,
    ledger: Uuid,
    kid: &str,
    row: KeyRow,
) -> Result<KeyRow, Fault> {
    let (wrapped, generation) = rows::key_columns(row)?;
    let query = sqlx::query("insert into keys values (?, ?, ?, ?) on conflict do nothing");
    let query = query.bind(ledger).bind(kid).bind(wrapped).bind(generation);
    query.execute(&mut *connection).await.map_err(fault)?;
    let query = sqlx::query_as(KEY).bind(ledger).bind(kid);
    let (wrapped, generation): (Option<Vec<u8>>, i32) = query.fetch_one(connection).await.map_err(fault)?;
    rows::key(wrapped, generation)
}
