//! What a backup consists of: written last, so that a half-made one is none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use kernel::{FileId, Instant, LedgerId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::paper;

/// The shape of what is written.
pub(super) const FORMAT: u32 = 1;
/// Its name.
pub(super) const MANIFEST: &str = "manifest.json";

/// A backup. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The shape of this file.
    pub(super) format: u32,
    /// The version of Licheng that made it.
    pub(super) licheng: String,
    /// When it was made, by the host's clock.
    pub(super) made: Instant,
    /// The copy of the database.
    pub(super) database: Whole,
    /// The folder's licheng.toml, if it had one.
    pub(super) settings: Option<Whole>,
    /// The schools.
    pub(super) ledgers: Vec<Part>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    /// Its name.
    pub(super) name: String,
    /// Its bytes.
    pub(super) bytes: u64,
    /// SHA-256 of them, hex.
    pub(super) sha256: String,
}

/// What there is of one school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// Its ledger.
    pub(super) ledger: LedgerId,
    /// The school's code.
    pub(super) code: String,
    /// Position of the last event.
    pub(super) position: u64,
    /// The root over all records, hex.
    pub(super) root: String,
    /// How many of them the newest signed checkpoint covers.
    pub(super) covered: u64,
    /// The sizes of the signed checkpoints kept outside the database.
    pub(super) checkpoints: Vec<u64>,
    /// Files that are there.
    pub(super) files: u64,
    /// Their segments.
    pub(super) segments: u64,
    /// The segments' bytes, sealed.
    pub(super) bytes: u64,
    /// Files that events name and that are gone: their keys are destroyed.
    pub(super) gone: u64,
    /// Number of segments of each file that an event names with its digest, and that is there.
    pub(super) named: BTreeMap<FileId, u32>,
    /// SHA-256 of each segment, by its number, of files that no event names yet: uploads under way.
    pub(super) under_way: BTreeMap<FileId, BTreeMap<u32, String>>,
}

impl Whole {
    /// What a file holds.
    pub(super) fn of(file: &Path) -> io::Result<Self> {
        let mut hash = Sha256::new();
        let read = File::open(file).and_then(|mut open| io::copy(&mut open, &mut Hashing(&mut hash)));
        let bytes = read.map_err(|error| paper::named(file, &error))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, bytes, sha256: hex::encode(hash.finalize()) })
    }

    /// Whether a file is this one, whatever it is called.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.sha256 == other.sha256
    }

    /// Whether its name is that of a file right in the backup's folder.
    fn is_plain(&self) -> bool {
        !self.name.is_empty() && !self.name.starts_with('.') && !self.name.contains('/')
    }
}

impl Part {
    /// Whether the backup holds a segment.
    pub(super) fn holds(&self, file: FileId, n: u32) -> bool {
        let under_way = self.under_way.get(&file).is_some_and(|segments| segments.contains_key(&n));
        under_way || self.named.get(&file).is_some_and(|segments| n < *segments)
    }
}

impl Manifest {
    /// That of a folder; `None`: there is no complete backup.
    ///
    /// # Errors
    /// It can't be read, was altered, or is of a newer version.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Self>> {
        let manifest: Option<Self> = paper::read_sealed(&folder.join(MANIFEST))?;
        if let Some(manifest) = &manifest {
            let files = [Some(&manifest.database), manifest.settings.as_ref()];
            if manifest.format != FORMAT || !files.into_iter().flatten().all(Whole::is_plain) {
                let text = format!("{} needs another version of licheng", folder.join(MANIFEST).display());
                return Err(io::Error::other(text));
            }
        }
        Ok(manifest)
    }

    /// From now on it is the backup of a folder.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        paper::write_sealed(&folder.join(MANIFEST), self)
    }
}

struct Hashing<'a>(&'a mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
