use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chassis::Tasks;
use chassis::clock::Real;
use events::Record;
use eventstore::bus::local::LocalBus;
use eventstore::store::sqlite::SqliteStore;
use eventstore::store::{Commit, NewEvent, Verdict};
use eventstore::{Engine, leaf_of};
use kernel::{LedgerId, PersonId, RequestId};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use uuid::Uuid;
use vault::{KeyEncryptionKey, Vault};

use crate::book::{Book, signer};
use crate::tree::Frontier;
use crate::{ExportFault, Summary};

pub(super) const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0x8f1c_1c1e_0b1f_5d2a_9a55_3f0a_3c1f_2b11));
pub(super) const AUDITOR: PersonId = PersonId::new(Uuid::from_u128(0xa0d1));
/// Longer than any wait of a test on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A store in a folder of its own, with checkpoints outside it.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) engine: Arc<Engine>,
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = open(&folder.path().join("events.db")).await;
        assert!(engine.store.open_ledger(LEDGER, "353301").await.unwrap());
        Self { folder, engine }
    }

    /// Six events with checkpoints of 3 and 6, and two more with one of 8.
    pub(super) async fn signed() -> Self {
        let world = Self::new().await;
        for (first, last) in [(1, 3), (4, 6), (7, 8)] {
            for n in first..=last {
                world.append(n).await;
            }
            world.sign().await;
        }
        world
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn checkpoints(&self) -> PathBuf {
        self.path("checkpoints")
    }

    /// The n-th event: a seat in one of two streams in turn.
    pub(super) async fn append(&self, n: u32) {
        let office = if n % 2 == 1 { "principal" } else { "auditor" };
        let person = if n == 2 { AUDITOR } else { PersonId::new(Uuid::from_u128(n.into())) };
        let data = json!({ "office": office, "person": person, "from": "2026-02-01T00:00:00.000000Z" });
        let stream = format!("office-{office}");
        self.record(&stream, "licheng.governance.OfficeSeated.v1", Some(person), data).await;
    }

    pub(super) async fn record(&self, stream: &str, kind: &str, subject: Option<PersonId>, data: Value) {
        record(&self.engine, stream, kind, subject, data).await;
    }

    pub(super) async fn sign(&self) {
        let nothing = (Frontier::default(), Frontier::default());
        let mut book = Book::open(&self.engine, LEDGER, &self.checkpoints(), nothing).await.unwrap();
        book.compare().await.unwrap();
        book.integrate().await.unwrap();
        book.sign().await.unwrap();
    }

    pub(super) async fn key(&self) -> String {
        signer(&self.engine, LEDGER).await.unwrap().verifier().to_string()
    }

    /// As somebody who may do anything with the database does it.
    pub(super) async fn as_superuser(&self, sql: &str) {
        let url = format!("sqlite://{}", self.path("events.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let drop = "drop trigger if exists events_are_never_changed;
            drop trigger if exists events_are_never_removed;";
        let sql = format!("{drop} {sql}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(super) async fn export(&self, out: &str) -> Result<Summary, ExportFault> {
        let (mut done, mut all) = (0, 0);
        let mut progress = |events, of| (done, all) = (events, of);
        let exported =
            crate::export(&self.engine, LEDGER, &self.checkpoints(), &self.path(out), &mut progress).await;
        if exported.is_ok() {
            assert_eq!(done, all);
        }
        exported
    }
}

/// An engine over a file.
pub(super) async fn open(file: &Path) -> Arc<Engine> {
    let store = Arc::new(SqliteStore::open(file).await.unwrap());
    let vault = Vault::new(Arc::clone(&store) as Arc<_>, KeyEncryptionKey::parse(&"07".repeat(32)).unwrap());
    let bus = Arc::new(LocalBus::default());
    let engine = Engine::new(store, bus, vault, Arc::new(Real), Arc::new(Tasks::default()));
    engine.sweep().await.unwrap();
    engine
}

pub(super) async fn record(
    engine: &Arc<Engine>,
    stream: &str,
    kind: &str,
    subject: Option<PersonId>,
    data: Value,
) {
    let store = &engine.store;
    let position = store.head(LEDGER).await.unwrap().position;
    let version = store.versions(LEDGER, &[stream.to_owned()]).await.unwrap()[0];
    let request = RequestId::new(LEDGER.derive(&format!("{position} {data}")));
    let record = Record {
        specversion: "1.0".into(),
        id: Record::id_of(LEDGER, request, 0),
        source: Record::source_of(LEDGER, "governance"),
        kind: kind.to_owned(),
        subject,
        time: engine.clock.now(),
        stream: stream.to_owned(),
        streamversion: version + 1,
        actor: AUDITOR,
        onbehalfof: None,
        duty: "assign-office".to_owned(),
        requestid: request,
        correlationid: None,
        causationid: None,
        reliedon: None,
        channel: "cli".to_owned(),
        traceparent: None,
        data,
    };
    let (line, time) = (record.line().unwrap(), record.time);
    let leaf = leaf_of(&line);
    let event = NewEvent { service: "governance", record: line, leaf, kind: kind.to_owned(), subject };
    let commit = Commit {
        request,
        actor: AUDITOR,
        request_hash: [0; 32],
        stream: stream.to_owned(),
        version,
        time,
        guards: Vec::new(),
        claims: Vec::new(),
        keys: Vec::new(),
        events: vec![event],
        ids: Vec::new(),
    };
    let verdict = engine.append(LEDGER, commit).await.unwrap();
    assert!(matches!(verdict, Verdict::Appended(_)), "{verdict:?}");
}
