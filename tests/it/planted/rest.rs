//! A platform at rest: all that it and its servers have written down, and how somebody would write into it in clear.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use async_nats::jetstream;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tokio::process::Command;

use super::bus::Nats;
use super::search::{Found, Needles};
use crate::world::{Backend, World, said, setting};

/// What was found in each place.
pub(super) type Places = BTreeMap<&'static str, Found>;

/// The raw files of the database.
pub(super) const DATABASE: &str = "database";
/// Its write-ahead log.
pub(super) const AHEAD: &str = "write-ahead log";

/// Where a platform that doesn't run has written.
pub(super) enum Rest {
    /// The SQLite database; a connection to it, once somebody has written into it.
    Embedded(PathBuf, Option<SqliteConnection>),
    /// The PostgreSQL database's URL.
    District(String),
}

/// Restarts the platform with a bus of its own and all that it can be made to log.
pub(super) async fn prepare(world: &mut World, backend: Backend) -> Option<Nats> {
    let (file, bus) = match backend {
        Backend::Embedded => ("data/licheng.toml", None),
        Backend::District => ("data/district.toml", Some(Nats::start(&world.folder().join("nats")).await)),
    };
    let file = world.folder().join(file);
    let mut text = fs::read_to_string(&file).unwrap();
    if let Some(bus) = &bus {
        text = text.replace(&setting("LICHENG_TEST_NATS"), &bus.url);
    }
    fs::write(&file, format!("telemetry.log = \"debug\"\n{text}")).unwrap();
    world.crash().await;
    bus
}

impl Rest {
    /// Where a world has written.
    pub(super) fn of(world: &World, backend: Backend) -> Self {
        match backend {
            Backend::Embedded => Self::Embedded(world.folder().join("data/licheng.db"), None),
            Backend::District => {
                let text = fs::read_to_string(world.folder().join("data/district.toml")).unwrap();
                let config: toml::Table = toml::from_str(&text).unwrap();
                Self::District(config["store"]["url"].as_str().unwrap().to_owned())
            }
        }
    }

    /// Looks everywhere.
    pub(super) async fn search(&self, world: &World, needles: &Needles) -> Places {
        let folder = world.folder();
        let mut places = Places::new();
        // Raw files first: who opens the database moves them.
        match self {
            Self::Embedded(file, _) => {
                places.insert(DATABASE, find_in(needles, std::slice::from_ref(file)));
                places.insert(AHEAD, find_in(needles, &[beside(file, "-wal")]));
                places.insert("rows", needles.find(&sqlite_rows(file).await));
            }
            Self::District(url) => {
                let mut database = PgConnection::connect(url).await.unwrap();
                let server = Server::of(&mut database).await;
                // A checkpoint may drop what was written ahead, and until then the database's files may lack it.
                places.insert(AHEAD, find_in(needles, &server.written_ahead(folder)));
                sqlx::query("checkpoint").execute(&mut database).await.unwrap();
                places.insert(DATABASE, find_in(needles, &files_below(&server.database)));
                places.insert("server's log", find_in(needles, &[server.log]));
                places.insert("rows", needles.find(&postgres_rows(&mut database).await));
                places.insert("dump", needles.find(&dump(url).await));
                places.insert("bus", find_in(needles, &files_below(&folder.join("nats"))));
            }
        }
        places.insert("logs", find_in(needles, &logs(folder)));
        places.insert("export", find_in(needles, &files_below(&folder.join("export"))));
        let mut data = files_below(&folder.join("data"));
        data.retain(|file| !file.to_str().unwrap().contains("licheng.db"));
        places.insert("files", find_in(needles, &data));
        places
    }

    /// Writes strings in clear into every place, one of them so long that PostgreSQL compresses it.
    pub(super) async fn write(&mut self, world: &World, short: &[&str], long: &str) {
        let folder = world.folder();
        let text = format!("{} {long}", short.join(" "));
        for file in ["export/clear", "data/files/clear", "serve-0.log"] {
            let before = fs::read(folder.join(file)).unwrap_or_default();
            fs::write(folder.join(file), [&before, text.as_bytes()].concat()).unwrap();
        }
        match self {
            Self::Embedded(file, kept) => {
                let mut database = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
                for sql in [
                    "create table clear (body text)",
                    "insert into clear values (?)",
                    "pragma wal_checkpoint(truncate)",
                    "insert into clear values (?)",
                ] {
                    let query = sqlx::query(sql);
                    let query = if sql.contains('?') { query.bind(&text) } else { query };
                    query.execute(&mut database).await.unwrap();
                }
                // The last one to close would empty the log.
                *kept = Some(database);
            }
            Self::District(url) => {
                write_postgres(url, short, long).await;
                let bus = Nats::start(&folder.join("nats")).await;
                let client = async_nats::connect(&bus.url).await.unwrap();
                let subject = format!("licheng.v1.{}", world.ledger);
                jetstream::new(client).publish(subject, text.into()).await.unwrap().await.unwrap();
                bus.stop().await;
            }
        }
    }
}

async fn write_postgres(url: &str, short: &[&str], long: &str) {
    let mut database = PgConnection::connect(url).await.unwrap();
    sqlx::query("create table clear (body text)").execute(&mut database).await.unwrap();
    // Twice: a page of the write-ahead log may end within one of them.
    for text in short.iter().chain(short).copied().chain([long]) {
        sqlx::query("insert into clear values ($1)").bind(text).execute(&mut database).await.unwrap();
    }
    let compressed: i64 = sqlx::query_scalar("select count(pg_column_compression(body)) from clear")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(compressed, 1);
    // A statement that fails is logged.
    let wrong = format!("select '{} {long}'::int", short.join(" "));
    sqlx::query(AssertSqlSafe(wrong)).execute(&mut database).await.unwrap_err();
}

/// Where a PostgreSQL server writes.
struct Server {
    data: PathBuf,
    database: PathBuf,
    log: PathBuf,
}

impl Server {
    /// The one that a database is of.
    async fn of(database: &mut PgConnection) -> Self {
        let sql = "select current_setting('data_directory'), oid::text from pg_database \
                   where datname = current_database()";
        let (data, oid): (String, String) = sqlx::query_as(sql).fetch_one(database).await.unwrap();
        let data = PathBuf::from(data);
        let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap();
        let process = lock.lines().next().unwrap();
        let log = fs::read_link(format!("/proc/{process}/fd/2")).unwrap();
        Self { database: data.join("base").join(oid), data, log }
    }

    /// The segments of the log that were written since a world began.
    fn written_ahead(&self, folder: &Path) -> Vec<PathBuf> {
        let began = modified(&folder.join("data/kek"));
        let mut segments = files_below(&self.data.join("pg_wal"));
        segments.retain(|file| modified(file) >= began);
        segments
    }
}

fn modified(file: &Path) -> std::time::SystemTime {
    // A segment may be renamed away meanwhile, and is none that is written any more.
    fs::metadata(file).and_then(|about| about.modified()).unwrap_or(std::time::UNIX_EPOCH)
}

/// Everything that can be selected, column by column.
async fn postgres_rows(database: &mut PgConnection) -> Vec<u8> {
    let sql = "select format('select %s from %I.%I where %I is not null', \
                 case when udt_name = 'bytea' then format('%I', column_name) \
                 else format('convert_to(%I::text, ''UTF8'')', column_name) end, \
                 table_schema, table_name, column_name) \
               from information_schema.columns join information_schema.tables using (table_schema, table_name) \
               where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')";
    let selects: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *database).await.unwrap();
    assert!(selects.iter().any(|select| select.starts_with("select record from ")), "{selects:?}");
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for select in selects {
        rows.extend(sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut *database).await.unwrap());
    }
    rows.join(&b'\n')
}

/// Everything that can be selected, column by column.
async fn sqlite_rows(file: &Path) -> Vec<u8> {
    let mut database = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    let sql = "select format('select cast(\"%w\" as blob) from \"%w\" where \"%w\" is not null', \
                 c.name, t.name, c.name) \
               from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table'";
    let selects: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut database).await.unwrap();
    assert!(selects.iter().any(|select| select.contains("\"record\" as blob")), "{selects:?}");
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for select in selects {
        rows.extend(sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut database).await.unwrap());
    }
    rows.join(&b'\n')
}

async fn dump(url: &str) -> Vec<u8> {
    let program = Path::new(&setting("LICHENG_TEST_BIN_POSTGRES")).join("pg_dump");
    let dumped = Command::new(program).args(["--dbname", url]).output().await.unwrap();
    assert!(dumped.status.success(), "{}", said(&dumped));
    dumped.stdout
}

/// What some files hold; there must be some, and something in them.
fn find_in(needles: &Needles, files: &[PathBuf]) -> Found {
    let (mut found, mut bytes) = (Found::new(), 0);
    for file in files {
        let Ok(content) = fs::read(file) else { continue };
        bytes += content.len();
        found.extend(needles.find(&content));
    }
    assert!(bytes > 0, "there is nothing in {files:?}");
    found
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "log"));
    files
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Every file in a folder and in those within; a folder that goes meanwhile has none.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries.map_while(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}
