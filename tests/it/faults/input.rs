//! A configuration that says what nobody knows, and a database that a newer version made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chassis::Config;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use crate::world::{Backend, PATIENCE, School, World, said, setting};

both!(an_unknown_key_is_refused_by_its_name, a_database_of_a_newer_version_is_refused_and_left_as_it_is);

/// The commands that open a platform.
const COMMANDS: [&[&str]; 4] = [
    &["serve", "--listen", "127.0.0.1:0"],
    &["school", "create", "--code", "353302", "--name", "另一高中", "--principal", "陳校長"],
    &["migrate"],
    &["audit", "export", "--out", "never"],
];

/// The version of the schema that this executable knows.
const SCHEMA: u32 = 2;

fn data(world: &World) -> PathBuf {
    world.folder().join("data")
}

/// Runs a command that must end soon, by itself, and not well; what it said.
async fn fails(world: &World, command: &[&str]) -> String {
    let ended = tokio::time::timeout(PATIENCE, world.licheng(command)).await;
    let ended: Output = ended.unwrap_or_else(|_| panic!("{command:?} doesn't end"));
    let text = said(&ended);
    assert!(ended.status.code().is_some_and(|code| code != 0), "{command:?}: {text}");
    assert!(!text.contains("panicked"), "{command:?}: {text}");
    text
}

async fn an_unknown_key_is_refused_by_its_name(backend: Backend) {
    let world = World::start(backend).await;
    let file = data(&world).join(match backend {
        Backend::Embedded => "licheng.toml",
        Backend::District => "district.toml",
    });
    let good = std::fs::read_to_string(&file).unwrap();
    let wrong = [
        (format!("colour = 'red'\n{good}"), "colour"),
        (format!("{good}\n[telemetry]\nlevel = 'info'\n"), "level"),
    ];
    for (text, key) in wrong {
        std::fs::write(&file, text).unwrap();
        for command in COMMANDS {
            let text = fails(&world, command).await;
            assert!(text.contains(key), "{command:?}: {text}");
        }
    }
    std::fs::write(&file, good).unwrap();
    let migrated = world.licheng(&["migrate"]).await;
    assert!(migrated.status.success(), "{}", said(&migrated));
}

async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is(backend: Backend) {
    let mut school = School::open(backend).await;
    school.outcome(0, 0).await;
    let position = school.position().await;
    school.first.kill().await;
    set_version(&school, backend, 99).await;
    let before = at_rest(&school, backend);
    for command in COMMANDS {
        let text = fails(&school, command).await;
        assert!(text.contains("newer version") && text.contains("99"), "{command:?}: {text}");
        assert_eq!(at_rest(&school, backend), before, "{command:?}");
    }
    // Nothing is lost to whoever comes with the right version.
    set_version(&school, backend, SCHEMA).await;
    school.first = school.second().await;
    assert_eq!(school.position().await, position);
    school.outcome(0, 0).await;
}

async fn set_version(world: &World, backend: Backend, version: u32) {
    match backend {
        Backend::Embedded => {
            let url = format!("sqlite://{}", data(world).join("licheng.db").display());
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            let sql = AssertSqlSafe(format!("pragma user_version = {version}"));
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Backend::District => {
            let mut connection = PgConnection::connect(&database(world)).await.unwrap();
            let sql = AssertSqlSafe(format!("update licheng.schema_version set version = {version}"));
            let done = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            assert_eq!(done.rows_affected(), 1);
            connection.close().await.unwrap();
        }
    }
}

fn database(world: &World) -> String {
    Config::from_file(&data(world).join("district.toml")).unwrap().store.url
}

/// The digest of every file, and of a dump of a district's database.
fn at_rest(world: &World, backend: Backend) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    collect(&data(world), &mut found);
    // SQLite's memory of who reads; what is in the log is nothing, or it would be in the file after a reader closes.
    found.retain(|path, _| !path.to_string_lossy().ends_with("-shm") && !path.ends_with("licheng.db-wal"));
    if backend == Backend::District {
        let program = PathBuf::from(setting("LICHENG_TEST_BIN_POSTGRES")).join("pg_dump");
        let dump = Command::new(program).arg(format!("--dbname={}", database(world))).output().unwrap();
        assert!(dump.status.success(), "{}", said(&dump));
        let text = String::from_utf8(dump.stdout).unwrap();
        // A random word, which newer versions of pg_dump begin and end with.
        let lines = text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unr"));
        let digest = Sha256::digest(lines.collect::<Vec<_>>().join("\n"));
        found.insert("pg_dump".into(), hex::encode(digest));
    }
    found
}

fn collect(folder: &Path, into: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else {
            let digest = hex::encode(Sha256::digest(std::fs::read(&path).unwrap()));
            into.insert(path, digest);
        }
    }
}
