//! What a copy of the database proves, and what it names: keys and files.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use audit::{Along, ExportFault, Inspected, Signer};
use events::{AnyEvent, DomainEvent as _, Record, SubmissionEvent, UploadsEvent};
use eventstore::Fault;
use eventstore::store::{Store, Stored};
use kernel::{FileId, LedgerId, Personal};

use super::keys::Keys;
use crate::progress::{Bar, Progress};

/// What a ledger's records say, once they have been verified.
pub(super) struct Evidence {
    /// The ledger.
    pub(super) ledger: LedgerId,
    /// The school's code.
    pub(super) code: String,
    /// What was verified; `None`: it has no event yet.
    pub(super) inspected: Option<Inspected>,
    /// The keys that events name.
    pub(super) kids: BTreeSet<String>,
    /// The files that events name with a digest.
    pub(super) files: BTreeMap<FileId, Named>,
}

/// A file that an event names with its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The key that it is sealed with.
    pub(super) kid: String,
    /// Number of its segments.
    pub(super) segments: u32,
    /// SHA-256 of them in order, hex.
    pub(super) sealed_sha256: String,
}

/// Verifies every ledger of a copy.
///
/// # Errors
/// What doesn't hold.
pub(super) async fn all(
    store: &Arc<dyn Store>,
    checkpoints: &Path,
    keys: &Keys,
    progress: Progress,
) -> Result<Vec<Evidence>, Box<dyn Error>> {
    let mut all = Vec::new();
    for (ledger, head) in store.ledgers().await? {
        let code = store.code_of(ledger).await?.unwrap_or_else(|| ledger.to_string());
        let mut gathered = Gathered::default();
        let inspected = match head.position {
            0 => None,
            _ => {
                let inspected = inspect(store, ledger, checkpoints, keys, &mut gathered, progress).await;
                Some(inspected.map_err(|why| format!("school {code}: {why}"))?)
            }
        };
        let Gathered { kids, files } = gathered;
        all.push(Evidence { ledger, code, inspected, kids, files });
    }
    Ok(all)
}

async fn inspect(
    store: &Arc<dyn Store>,
    ledger: LedgerId,
    checkpoints: &Path,
    keys: &Keys,
    gathered: &mut Gathered,
    progress: Progress,
) -> Result<Inspected, Box<dyn Error>> {
    let own = keys.vault()?.ledger_keys(ledger).await;
    let own = own.map_err(|fault| format!("the ledger's own keys can't be had: {fault}"))?;
    let signer = Signer::new(ledger, &own);
    let mut shown: Option<(Bar, u64)> = None;
    let mut tell = |done: u64, of_all: u64| {
        let (bar, told) = shown.get_or_insert_with(|| (progress.begin("verified records", of_all, 0), 0));
        bar.step(done.saturating_sub(*told), 0);
        *told = done;
    };
    let inspected = audit::inspect(store, signer.verifier(), checkpoints, gathered, &mut tell).await;
    if let Some((bar, _)) = &shown {
        bar.end();
    }
    Ok(inspected?)
}

/// What the records name.
#[derive(Default)]
struct Gathered {
    kids: BTreeSet<String>,
    files: BTreeMap<FileId, Named>,
}

#[async_trait]
impl Along for Gathered {
    async fn record(&mut self, event: &Stored) -> Result<(), ExportFault> {
        // A record that can't be read is found by whoever reads along.
        let Ok(record) = Record::parse(&event.record) else { return Ok(()) };
        vault::kids(&record.data, &mut self.kids);
        let services = [UploadsEvent::SERVICE, SubmissionEvent::SERVICE];
        if !services.iter().any(|service| record.kind.split('.').nth(1) == Some(service)) {
            return Ok(());
        }
        match AnyEvent::read(&record.kind, record.data) {
            Ok(read) => self.files.extend(read.as_ref().and_then(named)),
            Err(unknown) => return Err(ExportFault::Store(Fault::NewerEvent(unknown.to_string()))),
        }
        Ok(())
    }

    async fn checkpoint(&mut self, _: u64, _: &[u8]) -> Result<(), ExportFault> {
        Ok(())
    }
}

/// The file that an event names with its digest.
fn named(event: &AnyEvent) -> Option<(FileId, Named)> {
    let (file, kid, segments, digest) = match event {
        AnyEvent::Uploads(
            UploadsEvent::OutcomeSubmitted { file, segments, sealed_sha256, description, .. }
            | UploadsEvent::PerformanceSubmitted { file, segments, sealed_sha256, description, .. },
        ) => (file, kid(&description.sha256), segments, sealed_sha256),
        AnyEvent::Submission(SubmissionEvent::PackageBuilt {
            package,
            segments,
            sha256,
            sealed_sha256,
            ..
        }) => (package, kid(sha256), segments, sealed_sha256),
        AnyEvent::Uploads(
            UploadsEvent::WorkBegun { .. }
            | UploadsEvent::FileRefused { .. }
            | UploadsEvent::WorkWithdrawn { .. },
        )
        | AnyEvent::Submission(_)
        | AnyEvent::Governance(_)
        | AnyEvent::Records(_)
        | AnyEvent::Certification(_)
        | AnyEvent::Archive(_) => return None,
    };
    let named = Named { kid, segments: *segments, sealed_sha256: digest.0.clone() };
    Some((*file, named))
}

/// The key of a sealed value.
fn kid(value: &Personal<String>) -> String {
    match value {
        Personal::Sealed(sealed) => sealed.kid.clone(),
        Personal::Open(owner, _) => owner.to_string(),
        Personal::Erased => String::new(),
    }
}
