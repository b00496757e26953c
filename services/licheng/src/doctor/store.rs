//! The store: reachable, migrated, and which schools it has.

use std::sync::Arc;

use chassis::Config;
use eventstore::Fault;
use eventstore::store::postgres::PostgresStore;
use eventstore::store::sqlite::SqliteStore;
use eventstore::store::{Head, Schema, Store};
use kernel::LedgerId;
use vault::KeyStore;

use super::Patient;
use super::report::Report;
use crate::causes;

/// A store that answers and is of this version.
pub(super) enum Opened {
    /// A file.
    Sqlite(Arc<SqliteStore>),
    /// A district's database.
    Postgres(Arc<PostgresStore>),
}

impl Opened {
    /// Its events.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as Arc<dyn Store>,
            Self::Postgres(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    /// Its keys.
    pub(super) fn keys(&self) -> Arc<dyn KeyStore> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as Arc<dyn KeyStore>,
            Self::Postgres(store) => Arc::clone(store) as Arc<dyn KeyStore>,
        }
    }
}

impl Opened {
    /// Lets go of it: a file's log doesn't stay behind.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(_) => {}
        }
    }
}

/// A school.
pub(super) struct Ledger {
    /// Its ledger.
    pub(super) id: LedgerId,
    /// Where it stands.
    pub(super) head: Head,
    /// What it is called in findings: the school's code.
    pub(super) code: String,
}

/// Opens the store, as far as it can be.
pub(super) async fn look(config: Config, report: &mut Report) -> Patient {
    let mut patient = Patient { config, store: None, ledgers: Vec::new() };
    let place = place(&patient.config);
    let schema = match patient.config.sqlite_file() {
        Some(file) => SqliteStore::schema(file).await,
        None => PostgresStore::schema(&patient.config.store.url).await,
    };
    if let Some(schema) = agreed(schema, &place, report) {
        match opened(&patient.config).await {
            Ok(store) => {
                report.ok("store", format!("{place} answers, schema {}", schema.found));
                patient.store = Some(store);
            }
            Err(fault) => unreachable(&fault, &place, report),
        }
    }
    if let Some(store) = &patient.store {
        match ledgers(&*store.store()).await {
            Ok(ledgers) => patient.ledgers = ledgers,
            Err(fault) => unreachable(&fault, &place, report),
        }
        schools(&patient.ledgers, report);
    }
    patient
}

/// The schema, if it is the one that is needed.
fn agreed(schema: Result<Schema, Fault>, place: &str, report: &mut Report) -> Option<Schema> {
    let Schema { found, needed } = match schema {
        Ok(schema) => schema,
        Err(fault) => {
            unreachable(&fault, place, report);
            return None;
        }
    };
    if found > needed {
        let detail = format!("{place} has schema {found}, and this licheng knows {needed} at most");
        report.fail("store", detail, "it needs a newer licheng: update this one");
        return None;
    }
    if found < needed {
        let detail = format!("{place} has schema {found}, and {needed} is needed");
        report.fail("store", detail, "run `licheng migrate`");
        return None;
    }
    Some(Schema { found, needed })
}

fn unreachable(fault: &Fault, place: &str, report: &mut Report) {
    let way_out = match fault {
        Fault::Broken(_) => "is it Licheng's database, and may this user read it? store.url says which it is",
        Fault::Contended
        | Fault::Unavailable(..)
        | Fault::Exhausted
        | Fault::ClockSkew
        | Fault::RequestReused
        | Fault::NotYet(_)
        | Fault::NewerStore { .. }
        | Fault::NewerEvent(_) => "start the database, or correct store.url",
    };
    report.fail("store", format!("{place}: {}", causes(fault)), way_out);
}

async fn opened(config: &Config) -> Result<Opened, Fault> {
    Ok(match config.sqlite_file() {
        Some(file) => Opened::Sqlite(Arc::new(SqliteStore::look(file).await?)),
        None => Opened::Postgres(Arc::new(PostgresStore::connect(&config.store.url).await?)),
    })
}

async fn ledgers(store: &dyn Store) -> Result<Vec<Ledger>, Fault> {
    let mut ledgers = Vec::new();
    for (id, head) in store.ledgers().await? {
        let code = store.code_of(id).await?.unwrap_or_else(|| id.to_string());
        ledgers.push(Ledger { id, head, code });
    }
    Ok(ledgers)
}

fn schools(ledgers: &[Ledger], report: &mut Report) {
    if ledgers.is_empty() {
        report.warn("schools", "there is none yet", "open one: `licheng school create`");
    }
    for Ledger { id, head, code } in ledgers {
        let what = format!("school {code}");
        match head.position {
            0 => report.warn(
                what,
                format!("its ledger {id} has no event: its opening broke off"),
                "run `licheng school create` with the same code again: it goes on where it stood",
            ),
            position => {
                report.ok(what, format!("ledger {id}, {position} events, the last at {}", head.time));
            }
        }
    }
}

/// Where the store is, without what may be secret in it.
fn place(config: &Config) -> String {
    match (config.sqlite_file(), config.store.url.rsplit_once('@')) {
        (Some(file), _) => file.display().to_string(),
        (None, Some((_, place))) => format!("PostgreSQL at {}", place.split('?').next().unwrap_or_default()),
        (None, None) => "PostgreSQL".to_owned(),
    }
}
