//! A copy of the file for a backup, made while others write; its keys apart from it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use kernel::LedgerId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use uuid::Uuid;
use vault::KeyRow;

use super::fault;
use super::open::{BUSY, reading, upgrade, version};
use crate::Fault;
use crate::store::{Schema, rows};

/// Events copied by one statement.
const PAGE: i64 = 5_000;
/// Tables that are copied whole, and how: keys come along only where they are destroyed.
const TABLES: [&str; 11] = [
    "insert into main.heads select * from live.heads",
    "insert into main.streams select * from live.streams",
    "insert into main.receipts select * from live.receipts",
    "insert into main.claims select * from live.claims",
    "insert into main.checkpoints select * from live.checkpoints",
    "insert into main.documents select * from live.documents",
    "insert into main.signed_checkpoints select * from live.signed_checkpoints",
    "insert into main.settings select * from live.settings",
    "insert into main.parked select * from live.parked",
    "insert into main.forgotten select * from live.forgotten",
    "insert into main.keys select ledger, kid, null, 0 from live.keys where wrapped is null",
];

/// A key as it is kept: its ledger, its id, itself.
pub type KeptKey = (LedgerId, String, KeyRow);

/// Ledger, id, wrapped, generation.
type KeyColumns = (Uuid, String, Option<Vec<u8>>, i32);

/// Copies a store into a new file as it stands at one instant, while others write. No key comes along; that one is
/// destroyed does. `progress` gets the events done, of all. The copy is on the disk when this returns.
///
/// # Errors
/// [`Fault::Unavailable`], also if the disk is full; [`Fault::NewerStore`] or [`Fault::Broken`] if its schema is not
/// this version's. What is left of the copy then is none.
pub async fn copy(from: &Path, to: &Path, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<(), Fault> {
    let options = SqliteConnectOptions::new()
        .filename(to)
        .create_if_missing(true)
        .busy_timeout(BUSY)
        // What a crash leaves is thrown away: it needs no journal.
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off);
    let mut connection = options.connect().await.map_err(fault)?;
    let copied = copied(&mut connection, from, progress).await;
    let closed = connection.close().await.map_err(fault);
    copied.and(closed)?;
    let synced = std::fs::File::open(to).and_then(|file| file.sync_all());
    synced.map_err(|error| Fault::Unavailable("the copy's disk", Some(Box::new(error))))
}

async fn copied(
    connection: &mut SqliteConnection,
    from: &Path,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<(), Fault> {
    upgrade(connection).await?;
    let needed = version(connection, "main").await?;
    sqlx::query("attach ? as live").bind(address(from)).execute(&mut *connection).await.map_err(fault)?;
    sqlx::query("begin").execute(&mut *connection).await.map_err(fault)?;
    Schema { found: version(connection, "live").await?, needed }.check()?;
    // From the first row that is read on, what is read is as it stood then.
    for table in TABLES {
        sqlx::query(AssertSqlSafe(table)).execute(&mut *connection).await.map_err(fault)?;
    }
    events(connection, progress).await?;
    sqlx::query("commit").execute(connection).await.map_err(fault)?;
    Ok(())
}

async fn events(
    connection: &mut SqliteConnection,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<(), Fault> {
    let sql = "select ledger, position from main.heads order by ledger";
    let heads: Vec<(Uuid, i64)> = sqlx::query_as(sql).fetch_all(&mut *connection).await.map_err(fault)?;
    let of_all = rows::unsigned(heads.iter().map(|(_, position)| position).sum())?;
    let mut done = 0;
    progress(0, of_all);
    for (ledger, position) in heads {
        let mut after = 0;
        while after < position {
            let sql = "insert into main.events select * from live.events
                where ledger = ? and position > ? and position <= ? order by position";
            let query = sqlx::query(sql).bind(ledger).bind(after).bind(after + PAGE);
            done += query.execute(&mut *connection).await.map_err(fault)?.rows_affected();
            after += PAGE;
            progress(done, of_all);
        }
    }
    Ok(())
}

/// A path as SQLite's URI: to read and write, as a store's readers open it too, and never made.
fn address(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let bytes = path.as_os_str().as_bytes().iter();
    let written = bytes.map(|byte| match plain(*byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    format!("file:{}?mode=rw", written.collect::<String>())
}

/// Every key of a store as it is kept now, while others write.
///
/// # Errors
/// [`Fault::Unavailable`], [`Fault::Broken`].
pub async fn keys(file: &Path) -> Result<Vec<KeptKey>, Fault> {
    let mut connection = reading(file).connect().await.map_err(fault)?;
    let sql = "select ledger, kid, wrapped, generation from keys order by ledger, kid";
    let found = sqlx::query_as(sql).fetch_all(&mut connection).await.map_err(fault);
    drop(connection.close().await);
    let kept = |(ledger, kid, wrapped, generation): KeyColumns| {
        Ok((LedgerId::new(ledger), kid, rows::key(wrapped, generation)?))
    };
    found?.into_iter().map(kept).collect()
}

/// Puts keys into a copy that nobody has open. What is destroyed in either of them stays destroyed.
///
/// # Errors
/// [`Fault::Unavailable`], [`Fault::Broken`].
pub async fn put_keys(file: &Path, keys: Vec<KeptKey>) -> Result<(), Fault> {
    let options = SqliteConnectOptions::new().filename(file).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await.map_err(fault)?;
    let put = put(&mut connection, keys).await;
    let closed = connection.close().await.map_err(fault);
    put.and(closed)
}

async fn put(connection: &mut SqliteConnection, keys: Vec<KeptKey>) -> Result<(), Fault> {
    let mut transaction = connection.begin().await.map_err(fault)?;
    for (ledger, kid, row) in keys {
        let (wrapped, generation) = rows::key_columns(row)?;
        let sql = "insert into keys values (?, ?, ?, ?) on conflict (ledger, kid) do update set
            wrapped = iif(wrapped is null or excluded.wrapped is null, null, excluded.wrapped)";
        let query = sqlx::query(sql).bind(ledger.uuid()).bind(kid).bind(wrapped).bind(generation);
        query.execute(&mut *transaction).await.map_err(fault)?;
    }
    transaction.commit().await.map_err(fault)
}
