//! The embedded store: one file of SQLite, one writer.

use async_trait::async_trait;
use kernel::{Instant, LedgerId, PersonId, RequestId};
use sqlx::SqlitePool;
use uuid::Uuid;

use super::rows::{self, EventRow, ParkedRow, ReceiptRow, integer, signed, unsigned, version_of};
use super::{ClaimHash, Commit, Document, Head, Parked, Receipt, Step, Store, Stored, Verdict, group};
use crate::Fault;
use writer::Writer;

mod append;
pub mod copy;
mod erase;
mod keys;
mod open;
#[cfg(test)]
mod tests;
mod writer;

/// A store in one file.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
}

/// What SQLite answers, as a fault.
pub(super) fn fault(error: sqlx::Error) -> Fault {
    let code =
        error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i32>().ok());
    // The lowest byte is the primary code, whatever the extended one says.
    match code.map(|code| code & 0xff) {
        // BUSY, LOCKED
        Some(5 | 6) => Fault::Contended,
        // NOMEM, READONLY, IOERR, FULL, CANTOPEN
        Some(7 | 8 | 10 | 13 | 14) => Fault::Unavailable("the database's disk", Some(Box::new(error))),
        Some(_) => Fault::broken(error),
        None if rows::lost(&error) => Fault::Unavailable("the database", Some(Box::new(error))),
        None => Fault::broken(error),
    }
}

/// A list as JSON, for `json_each`.
fn list(texts: &[String]) -> Result<String, Fault> {
    serde_json::to_string(texts).map_err(Fault::broken)
}

#[async_trait]
impl Store for SqliteStore {
    async fn open_ledger(&self, ledger: LedgerId, code: &str) -> Result<bool, Fault> {
        let code = code.to_owned();
        let opened = self.writer.write(move |connection| {
            Box::pin(async move {
                let sql = "insert into heads values (?, ?, 0, 0) on conflict do nothing";
                let done = sqlx::query(sql).bind(ledger.uuid()).bind(code).execute(connection).await;
                Ok(done.map_err(fault)?.rows_affected() > 0)
            })
        });
        opened.await
    }

    async fn ledger_of(&self, code: &str) -> Result<Option<LedgerId>, Fault> {
        let sql = "select ledger from heads where code = ?";
        let found: Option<Uuid> =
            sqlx::query_scalar(sql).bind(code).fetch_optional(&self.readers).await.map_err(fault)?;
        Ok(found.map(LedgerId::new))
    }

    async fn ledgers(&self) -> Result<Vec<(LedgerId, Head)>, Fault> {
        let sql = "select ledger, position, time from heads order by ledger";
        let rows: Vec<(Uuid, i64, i64)> =
            sqlx::query_as(sql).fetch_all(&self.readers).await.map_err(fault)?;
        rows.into_iter()
            .map(|(ledger, position, time)| {
                let (position, time) = (unsigned(position)?, Instant::from_micros(time));
                Ok((LedgerId::new(ledger), Head { position, time }))
            })
            .collect()
    }

    async fn code_of(&self, ledger: LedgerId) -> Result<Option<String>, Fault> {
        let query = sqlx::query_scalar("select code from heads where ledger = ?").bind(ledger.uuid());
        query.fetch_optional(&self.readers).await.map_err(fault)
    }

    async fn head(&self, ledger: LedgerId) -> Result<Head, Fault> {
        let sql = "select position, time from heads where ledger = ?";
        let row: Option<(i64, i64)> =
            sqlx::query_as(sql).bind(ledger.uuid()).fetch_optional(&self.readers).await.map_err(fault)?;
        let (position, time) = row.ok_or_else(|| rows::not_open(ledger))?;
        Ok(Head { position: unsigned(position)?, time: Instant::from_micros(time) })
    }

    async fn append(&self, ledger: LedgerId, commits: &[Commit]) -> Result<Vec<Verdict>, Fault> {
        group::check(commits)?;
        let commits = commits.to_vec();
        let appended = self.writer.write(move |connection| {
            Box::pin(async move { append::append(connection, ledger.uuid(), &commits).await })
        });
        appended.await
    }

    async fn receipt(
        &self,
        ledger: LedgerId,
        request: RequestId,
    ) -> Result<Option<(PersonId, [u8; 32], Receipt)>, Fault> {
        let sql = "select actor, hash, first, last, ids from receipts where ledger = ? and request = ?";
        let row: Option<ReceiptRow> = sqlx::query_as(sql)
            .bind(ledger.uuid())
            .bind(request.uuid())
            .fetch_optional(&self.readers)
            .await
            .map_err(fault)?;
        row.map(rows::receipt).transpose()
    }

    async fn read(&self, ledger: LedgerId, after: u64, limit: u32) -> Result<Vec<Stored>, Fault> {
        let sql = "select position, stream, version, kind, subject, time, record, leaf from events
            where ledger = ? and position > ? order by position limit ?";
        let rows: Vec<EventRow> = sqlx::query_as(sql)
            .bind(ledger.uuid())
            .bind(signed(after)?)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(fault)?;
        rows.into_iter().map(rows::stored).collect()
    }

    async fn read_stream(&self, ledger: LedgerId, stream: &str, after: u32) -> Result<Vec<Stored>, Fault> {
        let sql = "select position, stream, version, kind, subject, time, record, leaf from events
            where ledger = ? and stream = ? and version > ? order by version";
        let rows: Vec<EventRow> = sqlx::query_as(sql)
            .bind(ledger.uuid())
            .bind(stream)
            .bind(integer(after)?)
            .fetch_all(&self.readers)
            .await
            .map_err(fault)?;
        rows.into_iter().map(rows::stored).collect()
    }

    async fn versions(&self, ledger: LedgerId, streams: &[String]) -> Result<Vec<u32>, Fault> {
        let sql = "select coalesce(s.version, 0) from json_each(?) a
            left join streams s on s.ledger = ? and s.stream = a.value order by a.key";
        let rows: Vec<i32> = sqlx::query_scalar(sql)
            .bind(list(streams)?)
            .bind(ledger.uuid())
            .fetch_all(&self.readers)
            .await
            .map_err(fault)?;
        rows.into_iter().map(version_of).collect()
    }

    async fn claimed(&self, ledger: LedgerId, claims: &[ClaimHash]) -> Result<Vec<Option<Uuid>>, Fault> {
        let sql = "select subject from claims where ledger = ? and kind = ? and hash = ?";
        let mut subjects = Vec::with_capacity(claims.len());
        for claim in claims {
            let whose: Option<Uuid> = sqlx::query_scalar(sql)
                .bind(ledger.uuid())
                .bind(claim.kind)
                .bind(claim.hash.as_slice())
                .fetch_optional(&self.readers)
                .await
                .map_err(fault)?;
            subjects.push(whose);
        }
        Ok(subjects)
    }

    async fn forget_claims(&self, ledger: LedgerId, subject: Uuid) -> Result<u32, Fault> {
        let forgotten = self.writer.write(move |connection| {
            Box::pin(async move { erase::forget_claims(connection, ledger.uuid(), subject).await })
        });
        forgotten.await
    }

    async fn checkpoint(&self, view: &str, version: u32, ledger: LedgerId) -> Result<u64, Fault> {
        let sql = "select position from checkpoints where view = ? and version = ? and ledger = ?";
        let found: Option<i64> = sqlx::query_scalar(sql)
            .bind(view)
            .bind(integer(version)?)
            .bind(ledger.uuid())
            .fetch_optional(&self.readers)
            .await
            .map_err(fault)?;
        unsigned(found.unwrap_or(0))
    }

    async fn documents(
        &self,
        view: &str,
        version: u32,
        ledger: LedgerId,
        keys: &[String],
    ) -> Result<Vec<Document>, Fault> {
        let sql = "select d.key, d.body from json_each(?) a join documents d
            on d.view = ? and d.version = ? and d.ledger = ? and d.key = a.value order by d.key";
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(sql)
            .bind(list(keys)?)
            .bind(view)
            .bind(integer(version)?)
            .bind(ledger.uuid())
            .fetch_all(&self.readers)
            .await
            .map_err(fault)?;
        Ok(rows.into_iter().map(|(key, body)| Document { key, body }).collect())
    }

    async fn all_documents(
        &self,
        view: &str,
        version: u32,
        ledger: LedgerId,
    ) -> Result<(u64, Vec<Document>), Fault> {
        // One statement is one snapshot.
        let sql = "select c.position, d.key, d.body
            from (select coalesce(max(position), 0) as position from checkpoints
                where view = ?1 and version = ?2 and ledger = ?3) c
            left join documents d on d.view = ?1 and d.version = ?2 and d.ledger = ?3 order by d.key";
        let rows: Vec<(i64, Option<String>, Option<Vec<u8>>)> = sqlx::query_as(sql)
            .bind(view)
            .bind(integer(version)?)
            .bind(ledger.uuid())
            .fetch_all(&self.readers)
            .await
            .map_err(fault)?;
        let position = unsigned(rows.first().map_or(0, |(position, ..)| *position))?;
        let document = |(_, key, body)| Some(Document { key: key?, body: body? });
        Ok((position, rows.into_iter().filter_map(document).collect()))
    }

    async fn step(
        &self,
        view: &str,
        version: u32,
        ledger: LedgerId,
        from: u64,
        to: u64,
        step: &Step,
    ) -> Result<bool, Fault> {
        let follower = (view.to_owned(), integer(version)?, ledger.uuid());
        let (from, to, step) = (signed(from)?, signed(to)?, step.clone());
        let stepped = self.writer.write(move |connection| {
            Box::pin(async move { append::step(connection, &follower, (from, to), &step).await })
        });
        stepped.await
    }

    async fn keep_signed(&self, ledger: LedgerId, size: u64, note: &str) -> Result<(), Fault> {
        let (size, note) = (signed(size)?, note.to_owned());
        let kept = self.writer.write(move |connection| {
            Box::pin(async move {
                let sql = "insert into signed_checkpoints values (?, ?, ?) on conflict do nothing";
                let query = sqlx::query(sql).bind(ledger.uuid()).bind(size).bind(note);
                query.execute(connection).await.map_err(fault)?;
                Ok(())
            })
        });
        kept.await
    }

    async fn signed(&self, ledger: LedgerId) -> Result<Vec<(u64, String)>, Fault> {
        let sql = "select size, note from signed_checkpoints where ledger = ? order by size";
        let rows: Vec<(i64, String)> =
            sqlx::query_as(sql).bind(ledger.uuid()).fetch_all(&self.readers).await.map_err(fault)?;
        rows.into_iter().map(|(size, note)| Ok((unsigned(size)?, note))).collect()
    }

    async fn newest_signed(&self, ledger: LedgerId) -> Result<Option<(u64, String)>, Fault> {
        let sql = "select size, note from signed_checkpoints where ledger = ? order by size desc limit 1";
        let query = sqlx::query_as(sql).bind(ledger.uuid());
        let row: Option<(i64, String)> = query.fetch_optional(&self.readers).await.map_err(fault)?;
        row.map(|(size, note)| Ok((unsigned(size)?, note))).transpose()
    }

    async fn keep_setting(&self, name: &str, value: &str) -> Result<String, Fault> {
        let (name, value) = (name.to_owned(), value.to_owned());
        let kept = self.writer.write(move |connection| {
            Box::pin(async move {
                let sql = "insert into settings values (?, ?) on conflict do nothing";
                let query = sqlx::query(sql).bind(&name).bind(value);
                query.execute(&mut *connection).await.map_err(fault)?;
                let query = sqlx::query_scalar("select value from settings where name = ?").bind(name);
                query.fetch_one(connection).await.map_err(fault)
            })
        });
        kept.await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, Fault> {
        let query = sqlx::query_scalar("select value from settings where name = ?").bind(name);
        query.fetch_optional(&self.readers).await.map_err(fault)
    }

    async fn park(&self, parked: &Parked) -> Result<(), Fault> {
        let (parked, position) = (parked.clone(), signed(parked.position)?);
        let noted = self.writer.write(move |connection| {
            Box::pin(async move {
                let sql =
                    "insert into parked values (?, ?, ?, ?, ?) on conflict (follower, ledger) do update set
                    since = iif(position = excluded.position, since, excluded.since),
                    position = excluded.position, reason = excluded.reason";
                let query = sqlx::query(sql).bind(parked.follower).bind(parked.ledger.uuid()).bind(position);
                let query = query.bind(parked.reason).bind(parked.since.micros());
                query.execute(connection).await.map_err(fault)?;
                Ok(())
            })
        });
        noted.await
    }

    async fn unpark(&self, follower: &str, ledger: LedgerId) -> Result<(), Fault> {
        let follower = follower.to_owned();
        let noted = self.writer.write(move |connection| {
            Box::pin(async move {
                let sql = "delete from parked where follower = ? and ledger = ?";
                let query = sqlx::query(sql).bind(follower).bind(ledger.uuid());
                query.execute(connection).await.map_err(fault)?;
                Ok(())
            })
        });
        noted.await
    }

    async fn parked(&self) -> Result<Vec<Parked>, Fault> {
        let sql = "select follower, ledger, position, reason, since from parked order by follower, ledger";
        let rows: Vec<ParkedRow> = sqlx::query_as(sql).fetch_all(&self.readers).await.map_err(fault)?;
        rows.into_iter().map(rows::parked).collect()
    }

    async fn health(&self) -> Result<(), Fault> {
        sqlx::query("select 1").execute(&self.readers).await.map_err(fault)?;
        Ok(())
    }
}
