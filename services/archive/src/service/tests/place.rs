//! Where a test's school is: a folder with SQLite in it, or a folder and a database of PostgreSQL.

use std::path::Path;
use std::sync::Arc;

use eventstore::store::Store;
use eventstore::store::postgres::PostgresStore;
use eventstore::store::sqlite::SqliteStore;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// Runs each case on both stores, each in a place of its own.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(crate::service::tests::place::Place::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let place = crate::service::tests::place::Place::postgres(stringify!($case)).await;
                super::$case(std::sync::Arc::clone(&place)).await;
                place.remove().await;
            })+
        }
    };
}
pub(crate) use on_both;

/// A place that can be opened again and again.
pub(crate) struct Place {
    folder: TempDir,
    /// The server's URL, and the database.
    database: Option<(String, String)>,
}

impl Place {
    pub(crate) fn sqlite() -> Arc<Self> {
        Arc::new(Self { folder: TempDir::new().unwrap(), database: None })
    }

    /// A new database, named after the test.
    #[expect(clippy::disallowed_methods, reason = "the tests' servers are told by the environment")]
    pub(crate) async fn postgres(test: &str) -> Arc<Self> {
        let server = std::env::var("LICHENG_TEST_POSTGRES").expect(
            "LICHENG_TEST_POSTGRES is the URL of a PostgreSQL server's superuser; tests/run starts one",
        );
        // PostgreSQL takes 63 bytes of a name.
        let short = &test[..test.len().min(40)];
        let name = format!("archive_{short}_{}", std::process::id());
        let place = Self { folder: TempDir::new().unwrap(), database: Some((server, name.clone())) };
        place.on_server(&format!("drop database if exists {name} with (force)")).await;
        place.on_server(&format!("create database {name}")).await;
        PostgresStore::migrate(&place.url()).await.unwrap();
        Arc::new(place)
    }

    pub(crate) async fn remove(&self) {
        let Some((_, name)) = &self.database else { return };
        self.on_server(&format!("drop database {name} with (force)")).await;
    }

    async fn on_server(&self, sql: &str) {
        let Some((server, _)) = &self.database else { return };
        let mut connection = PgConnection::connect(server).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    fn url(&self) -> String {
        match &self.database {
            None => self.folder.path().join("store").to_str().unwrap().to_owned(),
            Some((server, name)) => format!("{}/{name}", server.rsplit_once('/').unwrap().0),
        }
    }

    pub(crate) fn files(&self) -> std::path::PathBuf {
        self.folder.path().join("files")
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        match self.database {
            None => Arc::new(SqliteStore::open(Path::new(&self.url())).await.unwrap()),
            Some(_) => Arc::new(PostgresStore::connect(&self.url()).await.unwrap()),
        }
    }

    /// From now on the database fails whenever it is about to do this to a table's row: `insert`, `update`, `delete`.
    pub(crate) async fn fails(&self, what: &str, table: &str, when: &str) {
        let when = if when.is_empty() { String::new() } else { format!("when ({when})") };
        self.run(
            &format!(
                "create trigger failing before {what} on {table} {when} begin select raise(abort, 'no'); end"
            ),
            &format!(
                "create function failing() returns trigger language plpgsql as
                    $$ begin raise exception 'no' using errcode = '58030'; end $$;
                create trigger failing before {what} on {table} for each row {when} execute function failing()"
            ),
        )
        .await;
    }

    /// It fails no longer.
    pub(crate) async fn recovers(&self) {
        self.run("drop trigger failing", "drop function failing() cascade").await;
    }

    async fn run(&self, sqlite: &str, postgres: &str) {
        if self.database.is_some() {
            let mut raw = PgConnection::connect(&self.url()).await.unwrap();
            let sql = format!("set search_path = licheng; {postgres}");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
            raw.close().await.unwrap();
        } else {
            let mut raw = SqliteConnection::connect(&self.url()).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sqlite.to_owned())).execute(&mut raw).await.unwrap();
            raw.close().await.unwrap();
        }
    }
}
