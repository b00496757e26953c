//! Opening the file, and bringing its schema up to date.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::writer::Writer;
use super::{SqliteStore, fault};
use crate::Fault;
use crate::store::Schema;

/// The schema's versions, in order, from 1.
pub(super) const SCHEMA: &[&str] = &[include_str!("1.sql"), include_str!("2.sql")];
/// How long a write waits for another process's.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Connections that read.
const READERS: u32 = 4;

impl SqliteStore {
    /// Opens a file, made if it isn't there, and brings its schema up to date.
    ///
    /// # Errors
    /// [`Fault::NewerStore`] if a newer version made it; [`Fault::Unavailable`] if it can't be opened.
    pub async fn open(path: &Path) -> Result<Self, Fault> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .journal_mode(SqliteJournalMode::Wal)
            // What is destroyed is overwritten, and not only given free.
            .pragma("secure_delete", "on")
            // What was answered outlives a power failure.
            .synchronous(SqliteSynchronous::Full);
        let writer = Writer::start(options)?;
        migrate(&writer).await?;
        Self::over(writer, path).await
    }

    /// Opens a file that is there, to read alone: nothing is made and nothing is changed, and another process may
    /// have it open.
    ///
    /// # Errors
    /// [`Fault::NewerStore`] or [`Fault::Broken`] if its schema is not this version's; [`Fault::Unavailable`] if it
    /// can't be opened.
    pub async fn look(path: &Path) -> Result<Self, Fault> {
        Self::schema(path).await?.check()?;
        Self::over(Writer::start(reading(path))?, path).await
    }

    /// The schema of a file that is there, which is left as it is.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if it can't be opened, [`Fault::Broken`] if it is no database.
    pub async fn schema(path: &Path) -> Result<Schema, Fault> {
        let mut connection = reading(path).connect().await.map_err(fault)?;
        let found = version(&mut connection, "main").await;
        // What it says by now is what counts.
        drop(connection.close().await);
        Ok(Schema { found: found?, needed: newest() })
    }

    async fn over(writer: Writer, path: &Path) -> Result<Self, Fault> {
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(reading(path)).await;
        Ok(Self { writer, readers: readers.map_err(fault)? })
    }

    /// Closes what reads; nothing can be read by this store any more.
    pub async fn close(&self) {
        self.readers.close().await;
    }
}

/// To read a file. It may write to the file's log all the same, or it would leave one behind.
pub(super) fn reading(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).pragma("query_only", "on")
}

/// The version of an attached database's schema.
pub(super) async fn version(connection: &mut SqliteConnection, database: &str) -> Result<i64, Fault> {
    let sql = sqlx::AssertSqlSafe(format!("pragma {database}.user_version"));
    sqlx::query_scalar(sql).fetch_one(connection).await.map_err(fault)
}

/// Runs the schema's scripts that a database doesn't have yet.
pub(super) async fn upgrade(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let (found, known) = (version(connection, "main").await?, newest());
    if found > known {
        return Err(Fault::NewerStore { found, known });
    }
    for (version, schema) in (1..).zip(SCHEMA).skip(usize::try_from(found).unwrap_or(0)) {
        sqlx::raw_sql(*schema).execute(&mut *connection).await.map_err(fault)?;
        let done = sqlx::AssertSqlSafe(format!("pragma user_version = {version}"));
        sqlx::raw_sql(done).execute(&mut *connection).await.map_err(fault)?;
    }
    Ok(())
}

async fn migrate(writer: &Writer) -> Result<(), Fault> {
    writer.write(|connection| Box::pin(async move { upgrade(connection).await })).await
}

fn newest() -> i64 {
    i64::try_from(SCHEMA.len()).unwrap_or(i64::MAX)
}
