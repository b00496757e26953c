//! The district's store: PostgreSQL, shared by many processes.

use std::time::Duration;

use async_trait::async_trait;
use kernel::{Instant, LedgerId, PersonId, RequestId};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;
use vault::{KeyFault, KeyRow, KeyStore};

use super::rows::{self, EventRow, ParkedRow, ReceiptRow, integer, signed, unsigned, version_of};
use super::{
    ClaimHash, Commit, Document, Head, Parked, Receipt, Schema, Step, Store, Stored, Verdict, group,
};
use crate::Fault;

mod append;
mod fault;
mod migrate;

use fault::fault;

/// Connections of one process.
const CONNECTIONS: u32 = 16;
/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a lock and a statement may take at the server, before it gives up.
const LIMITS: [(&str, &str); 2] = [("lock_timeout", "10s"), ("statement_timeout", "60s")];

/// A store in a database of PostgreSQL.
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Connects to a database that [`PostgresStore::migrate`] has made ready. Each write is one statement, so that no
    /// caller that goes away leaves a transaction half done.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if it doesn't answer, [`Fault::Broken`] if its schema is older or missing,
    /// [`Fault::NewerStore`] if it is newer.
    pub async fn connect(url: &str) -> Result<Self, Fault> {
        let options = options(url)?.options(LIMITS);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        let pool = pool.connect_with(options).await.map_err(fault)?;
        migrate::check(&pool).await?;
        Ok(Self { pool })
    }

    /// Brings a database's schema up to date; two at once are one after another.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if it doesn't answer, [`Fault::NewerStore`] if a newer version made it,
    /// [`Fault::Broken`] if whoever connects may not change it.
    pub async fn migrate(url: &str) -> Result<(), Fault> {
        migrate::migrate(&options(url)?).await
    }

    /// The schema of a database, which is left as it is.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if it doesn't answer, [`Fault::Broken`] if whoever connects may not read it.
    pub async fn schema(url: &str) -> Result<Schema, Fault> {
        migrate::schema(&options(url)?.options(LIMITS)).await
    }

    /// The time by the database's own clock.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if it doesn't answer.
    pub async fn now(&self) -> Result<Instant, Fault> {
        let sql = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
        let now: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(fault)?;
        Ok(Instant::from_micros(now))
    }
}

fn options(url: &str) -> Result<PgConnectOptions, Fault> {
    let options: PgConnectOptions = url.parse().map_err(|_| {
        // The URL itself isn't repeated: it may hold a password.
        Fault::broken("the database's URL can't be read; it is like postgres://user@host:5432/database")
    })?;
    Ok(options.application_name("licheng"))
}

#[async_trait]
impl Store for PostgresStore {
    async fn open_ledger(&self, ledger: LedgerId, code: &str) -> Result<bool, Fault> {
        let sql = "insert into licheng.heads values ($1, $2, 0, 0) on conflict do nothing";
        let query = sqlx::query(sql).bind(ledger.uuid()).bind(code);
        Ok(query.execute(&self.pool).await.map_err(fault)?.rows_affected() > 0)
    }

    async fn ledger_of(&self, code: &str) -> Result<Option<LedgerId>, Fault> {
        let query = sqlx::query_scalar("select ledger from licheng.heads where code = $1").bind(code);
        let found: Option<Uuid> = query.fetch_optional(&self.pool).await.map_err(fault)?;
        Ok(found.map(LedgerId::new))
    }

    async fn ledgers(&self) -> Result<Vec<(LedgerId, Head)>, Fault> {
        let sql = "select ledger, position, time from licheng.heads order by ledger";
        let rows: Vec<(Uuid, i64, i64)> = sqlx::query_as(sql).fetch_all(&self.pool).await.map_err(fault)?;
        rows.into_iter()
            .map(|(ledger, position, time)| {
                let (position, time) = (unsigned(position)?, Instant::from_micros(time));
                Ok((LedgerId::new(ledger), Head { position, time }))
            })
            .collect()
    }

    async fn code_of(&self, ledger: LedgerId) -> Result<Option<String>, Fault> {
        let query =
            sqlx::query_scalar("select code from licheng.heads where ledger = $1").bind(ledger.uuid());
        query.fetch_optional(&self.pool).await.map_err(fault)
    }

    async fn head(&self, ledger: LedgerId) -> Result<Head, Fault> {
        let query = sqlx::query_as("select position, time from licheng.heads where ledger = $1");
        let row: Option<(i64, i64)> =
            query.bind(ledger.uuid()).fetch_optional(&self.pool).await.map_err(fault)?;
        let (position, time) = row.ok_or_else(|| rows::not_open(ledger))?;
        Ok(Head { position: unsigned(position)?, time: Instant::from_micros(time) })
    }

    async fn append(&self, ledger: LedgerId, commits: &[Commit]) -> Result<Vec<Verdict>, Fault> {
        group::check(commits)?;
        append::append(&self.pool, ledger, commits).await
    }

    async fn receipt(
        &self,
        ledger: LedgerId,
        request: RequestId,
    ) -> Result<Option<(PersonId, [u8; 32], Receipt)>, Fault> {
        let sql =
            "select actor, hash, first, last, ids from licheng.receipts where ledger = $1 and request = $2";
        let query = sqlx::query_as(sql).bind(ledger.uuid()).bind(request.uuid());
        let row: Option<ReceiptRow> = query.fetch_optional(&self.pool).await.map_err(fault)?;
        row.map(rows::receipt).transpose()
    }

    async fn read(&self, ledger: LedgerId, after: u64, limit: u32) -> Result<Vec<Stored>, Fault> {
        let sql = "select position, stream, version, kind, subject, time, record, leaf from licheng.events
            where ledger = $1 and position > $2 order by position limit $3";
        let query = sqlx::query_as(sql).bind(ledger.uuid()).bind(signed(after)?).bind(i64::from(limit));
        let rows: Vec<EventRow> = query.fetch_all(&self.pool).await.map_err(fault)?;
        rows.into_iter().map(rows::stored).collect()
    }

    async fn read_stream(&self, ledger: LedgerId, stream: &str, after: u32) -> Result<Vec<Stored>, Fault> {
        let sql = "select position, stream, version, kind, subject, time, record, leaf from licheng.events
            where ledger = $1 and stream = $2 and version > $3 order by version";
        let query = sqlx::query_as(sql).bind(ledger.uuid()).bind(stream).bind(integer(after)?);
        let rows: Vec<EventRow> = query.fetch_all(&self.pool).await.map_err(fault)?;
        rows.into_iter().map(rows::stored).collect()
    }

    async fn versions(&self, ledger: LedgerId, streams: &[String]) -> Result<Vec<u32>, Fault> {
        let sql = "select coalesce(s.version, 0) from unnest($2::text[]) with ordinality as a (stream, n)
            left join licheng.streams s on s.ledger = $1 and s.stream = a.stream order by a.n";
        let query = sqlx::query_scalar(sql).bind(ledger.uuid()).bind(streams);
        let rows: Vec<i32> = query.fetch_all(&self.pool).await.map_err(fault)?;
        rows.into_iter().map(version_of).collect()
    }

    async fn claimed(&self, ledger: LedgerId, claims: &[ClaimHash]) -> Result<Vec<Option<Uuid>>, Fault> {
        let sql = "select c.subject from unnest($2::text[], $3::bytea[]) with ordinality as a (kind, hash, n)
            left join licheng.claims c on c.ledger = $1 and c.kind = a.kind and c.hash = a.hash order by a.n";
        let kinds: Vec<_> = claims.iter().map(|claim| claim.kind).collect();
        let hashes: Vec<_> = claims.iter().map(|claim| claim.hash.to_vec()).collect();
        let query = sqlx::query_scalar(sql).bind(ledger.uuid()).bind(kinds).bind(hashes);
        query.fetch_all(&self.pool).await.map_err(fault)
    }

    async fn forget_claims(&self, ledger: LedgerId, subject: Uuid) -> Result<u32, Fault> {
        let query = sqlx::query_scalar("select licheng.forget_claims($1, $2)").bind(ledger.uuid());
        let claims: i32 = query.bind(subject).fetch_one(&self.pool).await.map_err(fault)?;
        u32::try_from(claims).map_err(Fault::broken)
    }

    async fn checkpoint(&self, view: &str, version: u32, ledger: LedgerId) -> Result<u64, Fault> {
        let sql = "select position from licheng.checkpoints where view = $1 and version = $2 and ledger = $3";
        let query = sqlx::query_scalar(sql).bind(view).bind(integer(version)?).bind(ledger.uuid());
        let found: Option<i64> = query.fetch_optional(&self.pool).await.map_err(fault)?;
        unsigned(found.unwrap_or(0))
    }

    async fn documents(
        &self,
        view: &str,
        version: u32,
        ledger: LedgerId,
        keys: &[String],
    ) -> Result<Vec<Document>, Fault> {
        let sql = "select key, body from licheng.documents
            where view = $1 and version = $2 and ledger = $3 and key = any($4) order by key";
        let query = sqlx::query_as(sql).bind(view).bind(integer(version)?).bind(ledger.uuid()).bind(keys);
        let rows: Vec<(String, Vec<u8>)> = query.fetch_all(&self.pool).await.map_err(fault)?;
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
            from (select coalesce(max(position), 0) as position from licheng.checkpoints
                where view = $1 and version = $2 and ledger = $3) c
            left join licheng.documents d on d.view = $1 and d.version = $2 and d.ledger = $3 order by d.key";
        let query = sqlx::query_as(sql).bind(view).bind(integer(version)?).bind(ledger.uuid());
        let rows: Vec<(i64, Option<String>, Option<Vec<u8>>)> =
            query.fetch_all(&self.pool).await.map_err(fault)?;
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
        append::step(&self.pool, (view, integer(version)?, ledger.uuid()), (signed(from)?, signed(to)?), step)
            .await
    }

    async fn keep_signed(&self, ledger: LedgerId, size: u64, note: &str) -> Result<(), Fault> {
        let sql = "insert into licheng.signed_checkpoints values ($1, $2, $3) on conflict do nothing";
        let query = sqlx::query(sql).bind(ledger.uuid()).bind(signed(size)?).bind(note);
        query.execute(&self.pool).await.map_err(fault)?;
        Ok(())
    }

    async fn signed(&self, ledger: LedgerId) -> Result<Vec<(u64, String)>, Fault> {
        let sql = "select size, note from licheng.signed_checkpoints where ledger = $1 order by size";
        let query = sqlx::query_as(sql).bind(ledger.uuid());
        let rows: Vec<(i64, String)> = query.fetch_all(&self.pool).await.map_err(fault)?;
        rows.into_iter().map(|(size, note)| Ok((unsigned(size)?, note))).collect()
    }

    async fn newest_signed(&self, ledger: LedgerId) -> Result<Option<(u64, String)>, Fault> {
        let sql = "select size, note from licheng.signed_checkpoints where ledger = $1
            order by size desc limit 1";
        let query = sqlx::query_as(sql).bind(ledger.uuid());
        let row: Option<(i64, String)> = query.fetch_optional(&self.pool).await.map_err(fault)?;
        row.map(|(size, note)| Ok((unsigned(size)?, note))).transpose()
    }

    async fn keep_setting(&self, name: &str, value: &str) -> Result<String, Fault> {
        let sql = "insert into licheng.settings values ($1, $2) on conflict do nothing";
        sqlx::query(sql).bind(name).bind(value).execute(&self.pool).await.map_err(fault)?;
        let query = sqlx::query_scalar("select value from licheng.settings where name = $1").bind(name);
        query.fetch_one(&self.pool).await.map_err(fault)
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, Fault> {
        let query = sqlx::query_scalar("select value from licheng.settings where name = $1").bind(name);
        query.fetch_optional(&self.pool).await.map_err(fault)
    }

    async fn park(&self, parked: &Parked) -> Result<(), Fault> {
        let sql = "insert into licheng.parked as p values ($1, $2, $3, $4, $5)
            on conflict (follower, ledger) do update set
            since = case when p.position = excluded.position then p.since else excluded.since end,
            position = excluded.position, reason = excluded.reason";
        let query = sqlx::query(sql).bind(&parked.follower).bind(parked.ledger.uuid());
        let query = query.bind(signed(parked.position)?).bind(&parked.reason).bind(parked.since.micros());
        query.execute(&self.pool).await.map_err(fault)?;
        Ok(())
    }

    async fn unpark(&self, follower: &str, ledger: LedgerId) -> Result<(), Fault> {
        let query = sqlx::query("delete from licheng.parked where follower = $1 and ledger = $2");
        query.bind(follower).bind(ledger.uuid()).execute(&self.pool).await.map_err(fault)?;
        Ok(())
    }

    async fn parked(&self) -> Result<Vec<Parked>, Fault> {
        let sql =
            "select follower, ledger, position, reason, since from licheng.parked order by follower, ledger";
        let rows: Vec<ParkedRow> = sqlx::query_as(sql).fetch_all(&self.pool).await.map_err(fault)?;
        rows.into_iter().map(rows::parked).collect()
    }

    async fn health(&self) -> Result<(), Fault> {
        sqlx::query("select 1").execute(&self.pool).await.map_err(fault)?;
        Ok(())
    }
}

#[async_trait]
impl KeyStore for PostgresStore {
    async fn key(&self, ledger: LedgerId, kid: &str) -> Result<Option<KeyRow>, KeyFault> {
        append::key(&self.pool, ledger, kid).await.map_err(rows::unreachable)
    }

    async fn keep_key(&self, ledger: LedgerId, kid: &str, row: KeyRow) -> Result<KeyRow, KeyFault> {
        append::keep_key(&self.pool, ledger, kid, row).await.map_err(rows::unreachable)
    }

    async fn destroy_key(&self, ledger: LedgerId, kid: &str) -> Result<(), KeyFault> {
        append::destroy_key(&self.pool, ledger, kid).await.map_err(rows::unreachable)
    }

    async fn destroy_keys_of(&self, ledger: LedgerId, person: PersonId) -> Result<Vec<String>, KeyFault> {
        let query = sqlx::query_scalar("select licheng.destroy_keys_of($1, $2)");
        let kids = query.bind(ledger.uuid()).bind(person.uuid()).fetch_all(&self.pool).await;
        let mut kids: Vec<String> = kids.map_err(fault).map_err(rows::unreachable)?;
        kids.sort_unstable();
        Ok(kids)
    }
}
