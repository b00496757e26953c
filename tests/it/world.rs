//! A platform of its own for each test: real servers as children, a school, a simulated clock.
//!
//! Nothing here is shared but the PostgreSQL server and the nats-server, in which each test has a database and subjects
//! of its own. Whoever tests waits for a position, or for a record; nobody sleeps.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::token::{Issuer, write_secret};
use kernel::Instant;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use uuid::Uuid;
use vault::KeyEncryptionKey;

mod answers;
mod caller;
mod central;
mod copied;
mod database;
mod files;
mod ledger;
mod process;
mod roster;
mod school;
mod works;

pub(crate) use answers::{malformed, ok, refused, refused_verdict};
pub(crate) use caller::{Caller, ask};
pub(crate) use central::{CLOSED, Ministry, Told, json};
pub(crate) use copied::Copied;
use database::Database;
pub(crate) use files::{Sheet, pdf, png};
pub(crate) use ledger::Entry;
pub(crate) use process::Process;
pub(crate) use roster::{Bundle, import, import_as};
pub(crate) use school::{School, Terms, YEAR, seat};
pub(crate) use works::{SEGMENT, Work, service};

/// Each test on both backends: `name::embedded` and `name::district`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::world::Backend;

            #[tokio::test]
            async fn embedded() {
                super::$name(Backend::Embedded).await;
            }

            #[tokio::test]
            async fn district() {
                super::$name(Backend::District).await;
            }
        }
    )+};
}

/// A test that needs two processes over one database.
macro_rules! district {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn district() {
                super::$name().await;
            }
        }
    )+};
}

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// When every world's clock begins: outcomes are uploaded, certified and selected at this time.
pub(crate) const MORNING: &str = "2026-01-12T09:00:00+08:00";
/// How long a token is good.
const GOOD_FOR: Duration = Duration::from_secs(3600);

/// Where facts, messages and files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// SQLite, the bus within the process, one folder.
    Embedded,
    /// PostgreSQL and NATS JetStream.
    District,
}

/// A platform with a school, and the process that serves it.
pub(crate) struct World {
    /// The school's ledger.
    pub(crate) ledger: Uuid,
    /// Its principal.
    pub(crate) principal: Uuid,
    /// The key by which its checkpoints are checked, as `school create` printed it.
    pub(crate) checkpoint_key: String,
    /// The process that serves.
    pub(crate) first: Process,
    /// Signs tokens.
    pub(crate) issuer: Issuer,
    folder: TempDir,
    place: [String; 2],
    processes: AtomicUsize,
    // The last field: the database goes when nobody uses it any more.
    database: Option<Database>,
}

/// A school as `school create` opened it.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// Its ledger.
    pub(crate) ledger: Uuid,
    /// Its principal.
    pub(crate) principal: Uuid,
    /// The key by which its checkpoints are checked.
    pub(crate) checkpoint_key: String,
}

impl World {
    /// A platform with one school that has a principal and nothing else.
    pub(crate) async fn start(backend: Backend) -> Self {
        match backend {
            Backend::Embedded => Self::start_in(scratch(), None).await,
            Backend::District => Self::start_with_bus(&setting("LICHENG_TEST_NATS")).await,
        }
    }

    /// The same with a central database.
    pub(crate) async fn start_with_central(backend: Backend, central: &str) -> Self {
        match backend {
            Backend::Embedded => Self::start_at(scratch(), None, Some(central)).await,
            Backend::District => {
                let (database, bus) = (Database::create(), setting("LICHENG_TEST_NATS"));
                let servers = Some([database.url(), bus.as_str()]);
                let mut world = Self::start_at(scratch(), servers, Some(central)).await;
                world.database = Some(database);
                world
            }
        }
    }

    /// The same of a district, with a bus of its own.
    pub(crate) async fn start_with_bus(bus: &str) -> Self {
        let database = Database::create();
        let mut world = Self::start_in(scratch(), Some([database.url(), bus])).await;
        world.database = Some(database);
        world
    }

    /// The same in a folder, and where it is a district's, on these servers: PostgreSQL's URL, and the bus's.
    pub(crate) async fn start_in(folder: TempDir, servers: Option<[&str; 2]>) -> Self {
        Self::start_at(folder, servers, None).await
    }

    async fn start_at(folder: TempDir, servers: Option<[&str; 2]>, central: Option<&str>) -> Self {
        let data = folder.path().join("data");
        let issuer = Issuer::local(&data.join("keys"), "licheng").unwrap();
        chassis::clock::advance(&data.join("clock"), instant(MORNING)).unwrap();
        let place = match servers {
            None => embedded(&data, central),
            Some([database, bus]) => district(&data, [database, bus], central),
        };
        if servers.is_some() {
            let migrated = licheng(&place, &["migrate"]).await;
            assert!(migrated.status.success(), "{}", said(&migrated));
        }
        let opened = create(&place, "353301").await;
        let first = Process::serve(&place, &[], &log(&folder, 0)).await;
        Self {
            ledger: opened.ledger,
            principal: opened.principal,
            checkpoint_key: opened.checkpoint_key,
            first,
            issuer,
            folder,
            place,
            processes: AtomicUsize::new(1),
            database: None,
        }
    }

    /// A second process over the same database, as a district has.
    pub(crate) async fn second(&self) -> Process {
        self.serving(&[]).await
    }

    /// The same with options of `licheng serve`.
    pub(crate) async fn serving(&self, options: &[&str]) -> Process {
        let n = self.processes.fetch_add(1, Ordering::Relaxed);
        Process::serve(&self.place, options, &log(&self.folder, n)).await
    }

    /// Serves another folder.
    pub(crate) async fn serving_in(&self, data: &Path) -> Process {
        let n = self.processes.fetch_add(1, Ordering::Relaxed);
        let place = ["--data".to_owned(), data.to_str().unwrap().to_owned()];
        Process::serve(&place, &[], &log(&self.folder, n)).await
    }

    /// Ends the first process as a crash would, and starts another.
    pub(crate) async fn crash(&mut self) {
        self.first.kill().await;
        self.first = self.second().await;
    }

    /// Another school on the same platform.
    pub(crate) async fn another_school(&self, code: &str) -> Opened {
        create(&self.place, code).await
    }

    /// Somebody, at the first process.
    pub(crate) fn caller(&self, person: Uuid) -> Caller {
        self.caller_at(&self.first, person)
    }

    /// Somebody, at a process.
    pub(crate) fn caller_at(&self, process: &Process, person: Uuid) -> Caller {
        Caller::new(process.channel.clone(), &self.token(self.ledger, person))
    }

    /// A token for somebody.
    pub(crate) fn token(&self, ledger: Uuid, person: Uuid) -> String {
        self.issuer.token(ledger.into(), person.into(), GOOD_FOR).unwrap()
    }

    /// Moves the clock of all processes forward.
    pub(crate) fn advance(&self, to: &str) {
        chassis::clock::advance(&self.folder.path().join("data/clock"), instant(to)).unwrap();
    }

    /// A folder that goes when the world goes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `licheng` on this platform.
    pub(crate) async fn licheng(&self, arguments: &[&str]) -> Output {
        licheng(&self.place, arguments).await
    }

    /// Exports the ledger into a new folder.
    pub(crate) async fn export(&self, name: &str) -> PathBuf {
        let out = self.folder.path().join(name);
        let ledger = self.ledger.to_string();
        let path = out.to_str().unwrap();
        let exported = self.licheng(&["audit", "export", "--ledger", &ledger, "--out", path]).await;
        assert!(exported.status.success(), "{}", said(&exported));
        out
    }

    /// Verifies an export, offline, with the key that the school was opened with.
    pub(crate) async fn verify(&self, export: &Path) {
        let verified = self.verified(export).await;
        assert!(verified.status.success(), "{}", said(&verified));
    }

    /// What the verification of an export says, offline, with the key that the school was opened with.
    pub(crate) async fn verified(&self, export: &Path) -> Output {
        let key = self.folder.path().join("key.txt");
        std::fs::write(&key, &self.checkpoint_key).unwrap();
        let verified =
            Command::new(executable()).args(["audit", "verify"]).arg(export).arg("--key").arg(key).output();
        verified.await.unwrap()
    }
}

impl Drop for World {
    /// The servers' logs go with the folder: a test that fails shows how they end.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for n in 0..self.processes.load(Ordering::Relaxed) {
            let log = std::fs::read_to_string(log(&self.folder, n)).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let end = &lines[lines.len().saturating_sub(20)..];
            eprintln!("serve-{n}.log ends so:\n{}", end.join("\n"));
        }
    }
}

/// A request id that nobody else draws.
pub(crate) fn request_id() -> String {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}

/// An instant.
pub(crate) fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

/// What a program said, for an assertion that failed.
pub(crate) fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// A setting of the tests' servers.
pub(crate) fn setting(name: &str) -> String {
    given(name).unwrap_or_else(|| panic!("{name} is not set: run the tests by tests/run"))
}

/// What the environment says, if it does.
pub(crate) fn given(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok())
}

/// The executable under test.
pub(crate) fn executable() -> String {
    setting("LICHENG_TEST_BIN_LICHENG")
}

async fn licheng(place: &[String; 2], arguments: &[&str]) -> Output {
    let mut command = Command::new(executable());
    command.args(arguments).args(place).stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap()
}

async fn create(place: &[String; 2], code: &str) -> Opened {
    let arguments = ["school", "create", "--code", code, "--name", "示範高中", "--principal", "陳校長"];
    let created = licheng(place, &arguments).await;
    assert!(created.status.success(), "{}", said(&created));
    let opened: Value = serde_json::from_slice(&created.stdout).unwrap();
    let id = |field: &str| opened[field].as_str().unwrap().parse().unwrap();
    let checkpoint_key = opened["checkpointKey"].as_str().unwrap().to_owned();
    Opened { ledger: id("ledger"), principal: id("principal"), checkpoint_key }
}

/// A folder for a world.
pub(crate) fn scratch() -> TempDir {
    tempfile::Builder::new().prefix("world").tempdir().unwrap()
}

fn log(folder: &TempDir, n: usize) -> PathBuf {
    folder.path().join(format!("serve-{n}.log"))
}

/// The setting of a central database.
fn central_setting(central: Option<&str>) -> String {
    central.map(|url| format!("central.url = {url:?}")).unwrap_or_default()
}

fn embedded(data: &Path, central: Option<&str>) -> [String; 2] {
    let (clock, central) = (data.join("clock"), central_setting(central));
    std::fs::write(data.join("licheng.toml"), format!("clock.simulated = {clock:?}\n{central}\n")).unwrap();
    ["--data".to_owned(), data.to_str().unwrap().to_owned()]
}

fn district(data: &Path, [database, nats]: [&str; 2], central: Option<&str>) -> [String; 2] {
    write_secret(&data.join("kek"), KeyEncryptionKey::generate().to_text().as_bytes()).unwrap();
    let file = data.join("district.toml");
    let text = format!(
        r#"
        checkpoints = "checkpoints"
        store.url = "{database}"
        bus.url = "{nats}"
        files.folder = "files"
        keys.key_encryption_key = "kek"
        clock.simulated = "clock"
        {central}
        [identity.issuers.local]
        issuer = "{issuer}"
        algorithm = "EdDSA"
        public_key = "keys/token.pub.pem"
        "#,
        issuer = chassis::token::LOCAL_ISSUER,
        central = central_setting(central),
    );
    std::fs::write(&file, text).unwrap();
    ["--config".to_owned(), file.to_str().unwrap().to_owned()]
}
