//! Where a test's store is: a folder, or a database of its own.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::LEDGER;
use crate::Fault;
use crate::store::Store;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;

/// A place for one store, which can be opened again and again.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres { server: String, database: String },
}

/// A connection that knows nothing of the store.
pub(super) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
        }
    }
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    /// A new database, with its schema, named after the test.
    pub(crate) async fn postgres(test: &str) -> Self {
        let place = Self::empty_postgres(test).await;
        PostgresStore::migrate(&place.url()).await.unwrap();
        place
    }

    /// A new database without anything.
    #[expect(clippy::disallowed_methods, reason = "the tests' servers are told by the environment")]
    pub(super) async fn empty_postgres(test: &str) -> Self {
        let server = std::env::var("LICHENG_TEST_POSTGRES").expect(
            "LICHENG_TEST_POSTGRES is the URL of a PostgreSQL server's superuser; tests/run starts one",
        );
        let database = format!("store_{test}_{}", std::process::id());
        let place = Self::Postgres { server, database };
        place.on_server("drop database if exists").await;
        place.on_server("create database").await;
        place
    }

    pub(crate) async fn remove(self) {
        self.on_server("drop database").await;
    }

    async fn on_server(&self, what: &str) {
        let Self::Postgres { server, database } = self else { return };
        let force = if what.starts_with("drop") { "with (force)" } else { "" };
        // PostgreSQL takes 63 bytes of a name.
        let name = &database[..database.len().min(63)];
        let mut connection = PgConnection::connect(server).await.unwrap();
        let sql = AssertSqlSafe(format!("{what} {name} {force}"));
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The URL or path that the store is opened by.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => folder.path().join("store").to_str().unwrap().to_owned(),
            Self::Postgres { server, database } => {
                let (server, _) = server.rsplit_once('/').unwrap();
                format!("{server}/{}", &database[..database.len().min(63)])
            }
        }
    }

    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, Fault> {
        Ok(match self {
            Self::Sqlite(_) => Arc::new(SqliteStore::open(self.url().as_ref()).await?),
            Self::Postgres { .. } => Arc::new(PostgresStore::connect(&self.url()).await?),
        })
    }

    /// The store with one ledger opened.
    pub(super) async fn store(&self) -> Arc<dyn Store> {
        let store = self.open().await.unwrap();
        assert!(store.open_ledger(LEDGER, "353301").await.unwrap());
        store
    }

    pub(super) async fn raw(&self) -> Raw {
        match self {
            Self::Sqlite(_) => Raw::Sqlite(SqliteConnection::connect(&self.url()).await.unwrap()),
            Self::Postgres { .. } => {
                let mut raw = Raw::Postgres(PgConnection::connect(&self.url()).await.unwrap());
                raw.run("set search_path = licheng").await.unwrap();
                raw
            }
        }
    }

    /// A blob as the place's SQL writes it.
    pub(super) fn blob(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres { .. } => format!("'\\x{hex}'::bytea"),
        }
    }

    /// An id as the place's SQL writes it.
    pub(super) fn id(&self, id: uuid::Uuid) -> String {
        match self {
            Self::Sqlite(_) => self.blob(id.as_bytes()),
            Self::Postgres { .. } => format!("'{id}'::uuid"),
        }
    }
}
