//! A copy of a platform at rest, and what a superuser does to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use super::database::Database;
use super::{World, licheng};

/// It goes with its world, its database with this.
pub(crate) struct Copied {
    place: [String; 2],
    data: PathBuf,
    // `None`: it is a file among the data.
    database: Option<Database>,
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The record.
    pub(crate) record: String,
    /// Its leaf.
    pub(crate) leaf: Vec<u8>,
}

impl World {
    /// A copy of everything, under a name of its own. No process may be serving.
    pub(crate) fn copy(&self, name: &str) -> Copied {
        let data = self.folder().join(name);
        let copied = Command::new("cp").arg("-a").arg(self.folder().join("data")).arg(&data).status();
        assert!(copied.unwrap().success());
        let database = self.database.as_ref().map(Database::copy);
        let place = match self.database.as_ref().zip(database.as_ref()) {
            Some((from, to)) => {
                let file = data.join("district.toml");
                let text = std::fs::read_to_string(&file).unwrap().replace(from.url(), to.url());
                std::fs::write(&file, text).unwrap();
                ["--config".to_owned(), file.to_str().unwrap().to_owned()]
            }
            None => ["--data".to_owned(), data.to_str().unwrap().to_owned()],
        };
        Copied { place, data, database }
    }
}

impl Copied {
    /// The checkpoints kept outside the database.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.data.join("checkpoints")
    }

    /// Runs `licheng` on it.
    pub(crate) async fn licheng(&self, arguments: &[&str]) -> Output {
        licheng(&self.place, arguments).await
    }

    /// Exports its only ledger into a new folder.
    pub(crate) async fn export(&self, out: &Path) -> Output {
        licheng(&self.place, &["audit", "export", "--out", out.to_str().unwrap()]).await
    }

    /// The event at a position of its only ledger.
    pub(crate) async fn event(&self, position: u64) -> Kept {
        let position = i64::try_from(position).unwrap();
        let (record, leaf): (Vec<u8>, Vec<u8>) = match &self.database {
            None => {
                let query =
                    sqlx::query_as("select record, leaf from events where position = ?").bind(position);
                query.fetch_one(&mut self.sqlite().await).await.unwrap()
            }
            Some(database) => {
                let query = "select record, leaf from licheng.events where position = $1";
                let query = sqlx::query_as(query).bind(position);
                query.fetch_one(&mut PgConnection::connect(database.url()).await.unwrap()).await.unwrap()
            }
        };
        Kept { record: String::from_utf8(record).unwrap(), leaf }
    }

    /// Bytes as its SQL writes them.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let digits = hex::encode(bytes);
        if self.database.is_some() { format!(r"'\x{digits}'::bytea") } else { format!("x'{digits}'") }
    }

    /// Runs SQL as somebody who may do anything with the database does it: past every trigger. It must change a row.
    pub(crate) async fn as_superuser(&self, sql: &str) {
        let changed = match &self.database {
            None => {
                let sql = format!(
                    "drop trigger events_are_never_changed; drop trigger events_are_never_removed; {sql}"
                );
                let mut connection = self.sqlite().await;
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                done.rows_affected()
            }
            Some(database) => {
                let sql = format!("set session_replication_role = replica; set search_path = licheng; {sql}");
                let mut connection = PgConnection::connect(database.url()).await.unwrap();
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                done.rows_affected()
            }
        };
        assert_ne!(changed, 0, "{sql}");
    }

    async fn sqlite(&self) -> SqliteConnection {
        let url = format!("sqlite://{}", self.data.join("licheng.db").display());
        SqliteConnection::connect(&url).await.unwrap()
    }
}
