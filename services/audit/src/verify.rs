//! Checks an export, offline: every byte of it.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use kernel::LedgerId;

use crate::note::{NotAKey, VerifierKey, canonical};
use crate::papers::{CHECKPOINTS, KEY, LEAVES, PAPERS, RECORDS};
use walk::Walk;

mod lines;
mod walk;

/// The most findings that are told at once; reading stops there.
const FINDINGS_MAX: usize = 100;
/// The most bytes that are read of a file that isn't evidence.
const PAPER_BYTES_MAX: u64 = 1 << 20;

/// An export that holds, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The ledger.
    pub ledger: LedgerId,
    /// Records.
    pub events: u64,
    /// Signed checkpoints, the last of which covers every record.
    pub checkpoints: u64,
    /// The root over the records, in hex.
    pub root: String,
    /// The key that it was checked by.
    pub verifier_key: String,
    /// Whether the key was the one inside the export, since none was given: then whoever made the export may have
    /// made all of it.
    pub trusted_key_inside: bool,
}

/// Something in an export that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, by its path within the export.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

/// An export doesn't hold, or can't be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFault {
    /// It is not as it was written.
    #[error("the export doesn't hold: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Altered(Vec<Finding>),
    /// The key that was given is none.
    #[error("the key that was given: {0}")]
    Key(#[from] NotAKey),
    /// A file can't be read.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, file: impl Into<String>, line: impl Into<Option<u64>>, problem: impl Into<String>) {
        if !self.full() {
            self.0.push(Finding { file: file.into(), line: line.into(), problem: problem.into() });
        }
    }

    fn full(&self) -> bool {
        self.0.len() >= FINDINGS_MAX
    }
}

/// Checks an export: each record is hashed anew and held against its leaf, the root against every checkpoint, each
/// checkpoint against the key, and the last must cover every record; no file may be there that is not accounted for.
/// `key` is the ledger's verifier key as it was learned by another way; without it, the one inside is trusted.
/// It needs no database, and memory for a number per stream.
///
/// # Errors
/// [`VerifyFault`]; what doesn't hold is named by file and line, or by the interval between two checkpoints.
pub fn verify(dir: &Path, key: Option<&str>) -> Result<Verified, VerifyFault> {
    let given = key.map(|key| key.trim().parse::<VerifierKey>()).transpose()?;
    let mut findings = Findings::default();
    let inside = key_inside(dir, given.as_ref(), &mut findings)?;
    for paper in &PAPERS {
        let found = read(&dir.join(paper.name), PAPER_BYTES_MAX)?;
        match found {
            None => findings.add(paper.name, None, "is missing"),
            Some(found) if paper.texts.iter().any(|text| text.as_bytes() == found) => {}
            Some(found) => {
                let line = differing(&found, paper.texts.first().copied().unwrap_or_default().as_bytes());
                findings.add(paper.name, line, "is not as it was written");
            }
        }
    }
    let sizes = listed(dir, &mut findings)?;
    let trusted_key_inside = given.is_none();
    let Some(key) = given.or(inside) else { return Err(VerifyFault::Altered(findings.0)) };
    let mut walk = Walk::new(dir, &key, &sizes, findings);
    walk.run()?;
    let (events, root, findings) = walk.end();
    if !findings.0.is_empty() {
        return Err(VerifyFault::Altered(findings.0));
    }
    let checkpoints = u64::try_from(sizes.len()).unwrap_or(u64::MAX);
    let (root, verifier_key) = (hex::encode(root), key.to_string());
    Ok(Verified { ledger: key.ledger(), events, checkpoints, root, verifier_key, trusted_key_inside })
}

/// The key file must hold the given key, or any, and not a byte else.
fn key_inside(
    dir: &Path,
    given: Option<&VerifierKey>,
    findings: &mut Findings,
) -> Result<Option<VerifierKey>, VerifyFault> {
    let Some(found) = read(&dir.join(KEY), PAPER_BYTES_MAX)? else {
        findings.add(KEY, None, "is missing");
        return Ok(None);
    };
    let text = std::str::from_utf8(&found).ok().and_then(|text| text.strip_suffix('\n'));
    let inside = text.and_then(|text| text.parse::<VerifierKey>().ok());
    match (&inside, given) {
        (None, _) => findings.add(KEY, 1, "is not a verifier key and a line feed"),
        (Some(inside), Some(given)) if inside != given => {
            findings.add(KEY, 1, "is not the key that was given")
        }
        (Some(_), Some(_) | None) => {}
    }
    Ok(inside)
}

/// The sizes that there are checkpoints of; every other file must be one that an export has.
fn listed(dir: &Path, findings: &mut Findings) -> Result<BTreeSet<u64>, VerifyFault> {
    let known = [RECORDS, LEAVES, KEY].into_iter().chain(PAPERS.iter().map(|paper| paper.name));
    let known: Vec<_> = known.collect();
    for (name, is_file) in entries(dir)? {
        match is_file {
            false if name == CHECKPOINTS => {}
            true if known.contains(&name.as_str()) => {}
            true | false => findings.add(name, None, "doesn't belong to an export"),
        }
    }
    let mut sizes = BTreeSet::new();
    let folder = dir.join(CHECKPOINTS);
    if !folder.exists() {
        findings.add(CHECKPOINTS, None, "is missing");
        return Ok(sizes);
    }
    for (name, is_file) in entries(&folder)? {
        match canonical(&name) {
            Some(size) if is_file => drop(sizes.insert(size)),
            Some(_) | None => {
                findings.add(format!("{CHECKPOINTS}/{name}"), None, "doesn't belong to an export");
            }
        }
    }
    Ok(sizes)
}

/// Names in a folder, and whether each is a file.
fn entries(folder: &Path) -> Result<Vec<(String, bool)>, VerifyFault> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let is_file = entry.file_type().map_err(at(folder))?.is_file();
        names.push((entry.file_name().to_string_lossy().into_owned(), is_file));
    }
    names.sort();
    Ok(names)
}

/// A file's bytes, at most one more than `most`; `None`: there is none.
fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, VerifyFault> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

/// The first line in which two texts differ.
fn differing(found: &[u8], text: &[u8]) -> u64 {
    let same = found.iter().zip(text).take_while(|(a, b)| a == b);
    1 + same.filter(|(byte, _)| **byte == b'\n').map(|_| 1).sum::<u64>()
}

/// A file's fault, with its place.
fn at(path: &Path) -> impl FnOnce(io::Error) -> VerifyFault {
    let path = path.to_owned();
    move |error| VerifyFault::File(path, error)
}
