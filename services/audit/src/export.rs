//! Writes a ledger out, after holding everything in the store against what was signed.

use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use eventstore::store::{Store, Stored};
use eventstore::{Engine, Fault};
use kernel::LedgerId;
use tokio::fs;

use crate::book::{Book, Trouble};
use crate::note::VerifierKey;
use crate::papers::{CHECKPOINTS, KEY, PAPERS};
use crate::tree::Hash;
use scan::Scan;
use write::Writer;

mod scan;
mod write;

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The ledger.
    pub ledger: LedgerId,
    /// Records.
    pub events: u64,
    /// Signed checkpoints, the last of which covers every record.
    pub checkpoints: u64,
    /// The root over the records, in hex.
    pub root: String,
    /// The key that the checkpoints are checked by.
    pub verifier_key: String,
}

/// Something in the store that is not as it was signed, or not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The events among which it is; one, where it is known.
    pub events: RangeInclusive<u64>,
    /// What is wrong.
    pub problem: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.events.start(), self.events.end()) {
            (first, last) if first == last => write!(f, "event {first}: {}", self.problem),
            (first, last) => write!(f, "events {first} to {last}: {}", self.problem),
        }
    }
}

/// A ledger can't be exported. Nothing was signed, and no export is there.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// The store doesn't hold what was signed.
    #[error("the ledger was altered: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Altered(Vec<Damage>),
    /// The checkpoints kept outside, or those in the database, don't let it be signed.
    #[error("the ledger can't be signed: {0}")]
    Unsignable(String),
    /// There is something at the place already.
    #[error("{0} is there already and not empty; name another folder")]
    Occupied(PathBuf),
    /// A file can't be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// The store says no.
    #[error(transparent)]
    Store(#[from] Fault),
}

impl From<Trouble> for ExportFault {
    fn from(trouble: Trouble) -> Self {
        let damage = |events, problem: String| Self::Altered(vec![Damage { events, problem }]);
        match trouble {
            Trouble::Fault(fault) => Self::Store(fault),
            Trouble::Shorter { size, covered, .. } => damage(size + 1..=covered, trouble.to_string()),
            Trouble::Differs { after, upto } => damage(after + 1..=upto, trouble.to_string()),
            Trouble::Missing(event) | Trouble::Altered(event) => damage(event..=event, trouble.to_string()),
            Trouble::Note { .. } | Trouble::Fork(_) | Trouble::Outside(_) => {
                Self::Unsignable(trouble.to_string())
            }
        }
    }
}

/// What goes along while a ledger is read from its beginning.
#[async_trait]
pub trait Along: Send {
    /// The next event, which may be found to be damaged later.
    async fn record(&mut self, event: &Stored) -> Result<(), ExportFault>;
    /// A signed checkpoint of the records so far.
    async fn checkpoint(&mut self, size: u64, note: &[u8]) -> Result<(), ExportFault>;
}

/// A ledger that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Records.
    pub events: u64,
    /// The root over them.
    pub root: Hash,
    /// How many of them the newest signed checkpoint covers.
    pub covered: u64,
}

/// Holds everything that a store has of a ledger against what was signed, as an export does before it signs: each
/// record is hashed anew and held against its leaf and its columns, and the root against every checkpoint, in the
/// database and in the folder outside. It signs and writes nothing, and needs no key but that which `key` shows.
///
/// # Errors
/// [`ExportFault`]; where the ledger was altered, every event concerned, or the interval between two checkpoints.
pub async fn inspect(
    store: &Arc<dyn Store>,
    key: &VerifierKey,
    checkpoints: &Path,
    along: &mut dyn Along,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Inspected, ExportFault> {
    let mut scan = Scan::new(store, key, checkpoints).await?;
    scan.run(along, progress).await?;
    let ((_, now), covered) = scan.finish()?;
    Ok(Inspected { events: now.size(), root: now.root(), covered: covered.unwrap_or(0) })
}

/// Exports a ledger into a new folder (or an empty one): every record as it is stored, its leaf, every checkpoint,
/// the key, and how to check them. Before anything is signed it verifies the store: each record is hashed anew and
/// held against its leaf and its columns, and the root against every checkpoint, in the database and outside.
/// Memory is bounded by a page of records and a number for each stream. `progress` gets the events done, of all.
///
/// # Errors
/// [`ExportFault`]; where the ledger was altered, every event concerned, or the interval between two checkpoints.
pub async fn export(
    engine: &Arc<Engine>,
    ledger: LedgerId,
    checkpoints: &Path,
    out: &Path,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Summary, ExportFault> {
    let occupied = || ExportFault::Occupied(out.to_owned());
    let name = out.file_name().ok_or_else(occupied)?;
    if !empty(out).await? {
        return Err(occupied());
    }
    let mut partial = name.to_owned();
    partial.push(".partial");
    let partial = out.with_file_name(partial);
    remove(&partial).await?;
    let exported = exported(engine, ledger, checkpoints, &partial, progress).await;
    let moved = match exported {
        Ok(summary) => fs::rename(&partial, out).await.map(|()| summary).map_err(at(out)),
        Err(fault) => Err(fault),
    };
    if moved.is_err() {
        remove(&partial).await?;
    }
    moved
}

async fn exported(
    engine: &Arc<Engine>,
    ledger: LedgerId,
    checkpoints: &Path,
    folder: &Path,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Summary, ExportFault> {
    let signer = crate::book::signer(engine, ledger).await?;
    let mut writer = Writer::new(folder).await?;
    let mut scan = Scan::new(&engine.store, signer.verifier(), checkpoints).await?;
    scan.run(&mut writer, progress).await?;
    let (trees, last) = scan.finish()?;
    let mut book = Book::open(engine, ledger, checkpoints, trees).await?;
    book.sign().await?;
    let checkpoint = book.checkpoint();
    if last != Some(checkpoint.size) {
        writer.checkpoint(checkpoint.size, signer.sign(&checkpoint).as_bytes()).await?;
    }
    let verifier_key = signer.verifier().to_string();
    writer.paper(KEY, &format!("{verifier_key}\n")).await?;
    for paper in &PAPERS {
        writer.paper(paper.name, paper.texts.first().copied().unwrap_or_default()).await?;
    }
    let checkpoints = writer.finish().await?;
    let root = hex::encode(checkpoint.root);
    Ok(Summary { ledger, events: checkpoint.size, checkpoints, root, verifier_key })
}

/// A file's fault, with its place.
fn at(path: &Path) -> impl FnOnce(io::Error) -> ExportFault {
    let path = path.to_owned();
    move |error| ExportFault::File(path, error)
}

/// Whether nothing is there, or an empty folder.
async fn empty(folder: &Path) -> Result<bool, ExportFault> {
    match fs::read_dir(folder).await {
        Ok(mut entries) => Ok(entries.next_entry().await.map_err(at(folder))?.is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(at(folder)(error)),
    }
}

/// Removes what an export that was cut off has left.
async fn remove(folder: &Path) -> Result<(), ExportFault> {
    match fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Notes by size.
type Notes = BTreeMap<u64, String>;
