//! What is written, each in one statement.

use kernel::LedgerId;
use sqlx::PgPool;
use uuid::Uuid;
use vault::KeyRow;

use super::fault;
use crate::Fault;
use crate::store::rows::{self, bytes_of, integer, receipt_of};
use crate::store::{Commit, Step, Verdict};

/// Verdict, what, whose, first, last, ids.
type VerdictRow = (String, Option<String>, Option<Uuid>, Option<i64>, Option<i64>, Option<Vec<u8>>);

/// A group as the arrays that `licheng.append` takes. Those named `of_…` say which command, from 1, the others'
/// elements belong to.
#[derive(Default)]
struct Arrays<'a> {
    requests: Vec<Uuid>,
    actors: Vec<Uuid>,
    hashes: Vec<&'a [u8]>,
    streams: Vec<&'a str>,
    versions: Vec<i32>,
    times: Vec<i64>,
    ids: Vec<Vec<u8>>,
    of_guard: Vec<i32>,
    guard_streams: Vec<&'a str>,
    guard_versions: Vec<i32>,
    of_claim: Vec<i32>,
    claim_kinds: Vec<&'a str>,
    claim_hashes: Vec<&'a [u8]>,
    claim_subjects: Vec<Uuid>,
    of_key: Vec<i32>,
    kids: Vec<&'a str>,
    of_event: Vec<i32>,
    services: Vec<&'a str>,
    kinds: Vec<&'a str>,
    subjects: Vec<Option<Uuid>>,
    records: Vec<&'a [u8]>,
    leaves: Vec<&'a [u8]>,
}

impl<'a> Arrays<'a> {
    fn of(commits: &'a [Commit]) -> Result<Self, Fault> {
        let mut arrays = Self::default();
        for (n, commit) in (1..).zip(commits) {
            arrays.add(n, commit)?;
        }
        Ok(arrays)
    }

    fn add(&mut self, n: i32, commit: &'a Commit) -> Result<(), Fault> {
        self.requests.push(commit.request.uuid());
        self.actors.push(commit.actor.uuid());
        self.hashes.push(&commit.request_hash);
        self.streams.push(&commit.stream);
        self.versions.push(integer(commit.version)?);
        self.times.push(commit.time.micros());
        self.ids.push(bytes_of(&commit.ids));
        for (stream, version) in &commit.guards {
            self.of_guard.push(n);
            self.guard_streams.push(stream);
            self.guard_versions.push(integer(*version)?);
        }
        for (claim, subject) in &commit.claims {
            self.of_claim.push(n);
            self.claim_kinds.push(claim.kind);
            self.claim_hashes.push(&claim.hash);
            self.claim_subjects.push(*subject);
        }
        for kid in &commit.keys {
            self.of_key.push(n);
            self.kids.push(kid);
        }
        for event in &commit.events {
            self.of_event.push(n);
            self.services.push(event.service);
            self.kinds.push(&event.kind);
            self.subjects.push(event.subject.map(|subject| subject.uuid()));
            self.records.push(&event.record);
            self.leaves.push(&event.leaf);
        }
        Ok(())
    }
}

/// Appends a group.
pub(super) async fn append(
    pool: &PgPool,
    ledger: LedgerId,
    commits: &[Commit],
) -> Result<Vec<Verdict>, Fault> {
    let arrays = Arrays::of(commits)?;
    let sql =
        "select * from licheng.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17, $18, $19, $20, $21, $22, $23)";
    let query = sqlx::query_as(sql)
        .bind(ledger.uuid())
        .bind(arrays.requests)
        .bind(arrays.actors)
        .bind(arrays.hashes)
        .bind(arrays.streams)
        .bind(arrays.versions)
        .bind(arrays.times)
        .bind(arrays.ids)
        .bind(arrays.of_guard)
        .bind(arrays.guard_streams)
        .bind(arrays.guard_versions)
        .bind(arrays.of_claim)
        .bind(arrays.claim_kinds)
        .bind(arrays.claim_hashes)
        .bind(arrays.claim_subjects)
        .bind(arrays.of_key)
        .bind(arrays.kids)
        .bind(arrays.of_event)
        .bind(arrays.services)
        .bind(arrays.kinds)
        .bind(arrays.subjects)
        .bind(arrays.records)
        .bind(arrays.leaves);
    let rows: Vec<VerdictRow> = query.fetch_all(pool).await.map_err(fault)?;
    if rows.len() != commits.len() {
        return Err(Fault::broken("the database judged another number of commands than it was given"));
    }
    rows.into_iter().map(verdict).collect()
}

fn verdict((verdict, what, whose, first, last, ids): VerdictRow) -> Result<Verdict, Fault> {
    let what = what.unwrap_or_default();
    let receipt = || receipt_of(first.unwrap_or(0), last.unwrap_or(0), ids.as_deref().unwrap_or_default());
    Ok(match verdict.as_str() {
        "appended" => Verdict::Appended(receipt()?),
        "known" => Verdict::Known(receipt()?),
        "reused" => Verdict::RequestReused,
        "destroyed" => Verdict::KeyDestroyed(what),
        "behind" => Verdict::Behind,
        "moved" => Verdict::Moved,
        "guard" => Verdict::GuardMoved(what),
        "claimed" => Verdict::Claimed(what, whose.unwrap_or_default()),
        other => return Err(Fault::broken(format!("the database judged a command as {other}"))),
    })
}

/// Moves a checkpoint of (view, version, ledger) and writes the step's documents, if it stands at `from`.
pub(super) async fn step(
    pool: &PgPool,
    (view, version, ledger): (&str, i32, Uuid),
    (from, to): (i64, i64),
    step: &Step,
) -> Result<bool, Fault> {
    let sql = "with moved as (
            insert into licheng.checkpoints as c select $1, $2, $3, $5
            where $4 = 0 or exists (
                select from licheng.checkpoints where view = $1 and version = $2 and ledger = $3)
            on conflict (view, version, ledger) do update set position = excluded.position where c.position = $4
            returning 1
        ), put as (
            insert into licheng.documents
            select $1, $2, $3, d.key, d.body from unnest($6::text[], $7::bytea[]) as d (key, body)
            where exists (select from moved)
            on conflict (view, version, ledger, key) do update set body = excluded.body
        ), removed as (
            delete from licheng.documents
            where view = $1 and version = $2 and ledger = $3 and key = any($8) and exists (select from moved)
        )
        select exists (select from moved)";
    let (keys, bodies): (Vec<_>, Vec<_>) =
        step.put.iter().map(|document| (document.key.as_str(), document.body.as_slice())).unzip();
    // One statement must not write a row twice.
    let removed: Vec<_> = step.removed.iter().filter(|key| !keys.contains(&key.as_str())).cloned().collect();
    let query = sqlx::query_scalar(sql).bind(view).bind(version).bind(ledger).bind(from).bind(to);
    query.bind(keys).bind(bodies).bind(removed).fetch_one(pool).await.map_err(fault)
}

/// A key, if it is known.
pub(super) async fn key(pool: &PgPool, ledger: LedgerId, kid: &str) -> Result<Option<KeyRow>, Fault> {
    let sql = "select wrapped, generation from licheng.keys where ledger = $1 and kid = $2";
    let query = sqlx::query_as(sql).bind(ledger.uuid()).bind(kid);
    let row: Option<(Option<Vec<u8>>, i32)> = query.fetch_optional(pool).await.map_err(fault)?;
    row.map(|(wrapped, generation)| rows::key(wrapped, generation)).transpose()
}

/// Keeps a key unless there is one, and answers the one that is kept.
pub(super) async fn keep_key(
    pool: &PgPool,
    ledger: LedgerId,
    kid: &str,
    row: KeyRow,
) -> Result<KeyRow, Fault> {
    let (wrapped, generation) = rows::key_columns(row)?;
    let sql = "insert into licheng.keys values ($1, $2, $3, $4) on conflict do nothing";
    let query = sqlx::query(sql).bind(ledger.uuid()).bind(kid).bind(wrapped).bind(generation);
    query.execute(pool).await.map_err(fault)?;
    // A statement of its own sees what another has committed meanwhile.
    let kept = key(pool, ledger, kid).await?;
    kept.ok_or_else(|| Fault::broken(format!("key {kid} isn't there after it was kept")))
}

/// Destroys a key, known or not, for good.
pub(super) async fn destroy_key(pool: &PgPool, ledger: LedgerId, kid: &str) -> Result<(), Fault> {
    let sql = "insert into licheng.keys values ($1, $2, null, 0)
        on conflict (ledger, kid) do update set wrapped = null";
    sqlx::query(sql).bind(ledger.uuid()).bind(kid).execute(pool).await.map_err(fault)?;
    Ok(())
}
