use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use events::RECORD_BYTES_MAX;
use eventstore::leaf_of;

use super::lines::Lines;
use super::{Findings, VerifyFault, read};
use crate::note::{Checkpoint, NotACheckpoint, VerifierKey};
use crate::outside::NOTE_BYTES_MAX;
use crate::papers::{CHECKPOINTS, LEAVES, RECORDS};
use crate::trail::{Doubt, Trail, Versions};
use crate::tree::Hash;

/// A leaf's line: 64 hex digits and a line feed.
const LEAF_BYTES: u64 = 65;

/// Walks along records, leaves and checkpoints at once.
pub(super) struct Walk<'a> {
    dir: &'a Path,
    key: &'a VerifierKey,
    sizes: &'a BTreeSet<u64>,
    trail: Trail,
    versions: Versions,
    findings: Findings,
}

impl<'a> Walk<'a> {
    /// At the beginning.
    pub(super) fn new(
        dir: &'a Path,
        key: &'a VerifierKey,
        sizes: &'a BTreeSet<u64>,
        findings: Findings,
    ) -> Self {
        Self { dir, key, sizes, trail: Trail::default(), versions: Versions::new(key.ledger()), findings }
    }

    /// How many records there were, the root over them, and what was found.
    pub(super) fn end(self) -> (u64, Hash, Findings) {
        (self.trail.size(), self.trail.root(), self.findings)
    }

    /// To the end, or until too much is found.
    pub(super) fn run(&mut self) -> Result<(), VerifyFault> {
        let missing = [RECORDS, LEAVES].into_iter().filter(|name| !self.dir.join(name).is_file());
        let missing: Vec<_> = missing.collect();
        missing.iter().for_each(|name| self.findings.add(*name, None, "is missing"));
        if !missing.is_empty() {
            return Ok(());
        }
        let record_bytes = u64::try_from(RECORD_BYTES_MAX + 1).unwrap_or(u64::MAX);
        let mut records = Lines::open(&self.dir.join(RECORDS), record_bytes)?;
        let mut leaves = Lines::open(&self.dir.join(LEAVES), LEAF_BYTES)?;
        let (mut record, mut leaf) = (Vec::new(), Vec::new());
        self.meet()?;
        while !self.findings.full() {
            let line = self.trail.size() + 1;
            match (records.next(&mut record)?, leaves.next(&mut leaf)?) {
                (true, true) => self.line(&record, &leaf),
                (true, false) => {
                    self.findings.add(LEAVES, line, "is missing: the record in the same line has no leaf");
                    break;
                }
                (false, true) => {
                    self.findings.add(LEAVES, line, "is the leaf of no record: the record is missing");
                    break;
                }
                (false, false) => break,
            }
            self.meet()?;
        }
        self.last();
        Ok(())
    }

    fn line(&mut self, record: &[u8], leaf: &[u8]) {
        let line = self.trail.size() + 1;
        let (text, whole) = match record.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (record, false),
        };
        if !whole {
            self.findings.add(RECORDS, line, "doesn't end in a line feed, or is too long");
        }
        let hashed = leaf_of(text);
        let kept = written_leaf(leaf);
        if kept.is_none() {
            self.findings.add(LEAVES, line, "is not 64 hex digits in lower case and a line feed");
        }
        if !self.trail.push(hashed, kept.unwrap_or(hashed)) || kept.is_none() {
            return self.versions.skip();
        }
        match self.versions.read(text) {
            Ok((_, problems)) => problems.into_iter().for_each(|problem| {
                self.findings.add(RECORDS, line, problem);
            }),
            Err(error) => self.findings.add(RECORDS, line, error.to_string()),
        }
    }

    /// Holds the root against the checkpoint of the present size, if there is one.
    fn meet(&mut self) -> Result<(), VerifyFault> {
        let size = self.trail.size();
        if !self.sizes.contains(&size) {
            return Ok(());
        }
        let name = format!("{CHECKPOINTS}/{size}");
        let note = read(&self.dir.join(&name), NOTE_BYTES_MAX)?.unwrap_or_default();
        match self.key.open(&note) {
            Ok(checkpoint) if checkpoint.size == size => {
                let doubts = self.trail.meet(checkpoint.root);
                self.doubt(doubts);
            }
            Ok(checkpoint) => {
                self.findings.add(
                    name,
                    2,
                    format!("is the checkpoint of {}, not of {size}", checkpoint.size),
                );
            }
            Err(NotACheckpoint::Line { line, problem }) => self.findings.add(name, line, problem),
            Err(NotACheckpoint::Signature) => {
                let line = self.altered_line(&note);
                self.findings.add(name, line, "was altered: the ledger's key did not sign this text");
            }
        }
        Ok(())
    }

    /// Which line of a note isn't what the records say that it was; if none, then it is the signature.
    fn altered_line(&self, note: &[u8]) -> u64 {
        let (root, kept) = (self.trail.root(), self.trail.kept_root());
        let [origin, size, _] = Checkpoint { size: self.trail.size(), root }.lines(self.key.ledger());
        let roots = [STANDARD.encode(root), STANDARD.encode(kept)];
        let mut lines = note.split(|byte| *byte == b'\n');
        let mut is =
            |texts: &[String]| lines.next().is_some_and(|line| texts.iter().any(|t| t.as_bytes() == line));
        match (is(&[origin]), is(&[size]), is(&roots)) {
            (false, _, _) => 1,
            (true, false, _) => 2,
            (true, true, false) => 3,
            (true, true, true) => 5,
        }
    }

    /// The last checkpoint must cover every record, and no more.
    fn last(&mut self) {
        let doubts = self.trail.end();
        self.doubt(doubts);
        let (size, covered) = (self.trail.size(), self.sizes.last().copied());
        match covered {
            None => self.findings.add(CHECKPOINTS, None, "has no checkpoint"),
            Some(covered) if covered > size && !self.findings.full() => {
                let problem =
                    format!("is missing: there are {size} records, but a checkpoint covers {covered}");
                self.findings.add(RECORDS, size + 1, problem);
            }
            Some(covered) if covered < size => {
                let problem = format!("is covered by no checkpoint: the last covers {covered}");
                self.findings.add(RECORDS, covered + 1, problem);
            }
            Some(_) => {}
        }
    }

    fn doubt(&mut self, doubts: Vec<Doubt>) {
        for doubt in doubts {
            match doubt {
                Doubt::Record(line) => {
                    self.findings.add(RECORDS, line, "was altered: its leaf is as it was signed");
                }
                Doubt::Leaf(line) => self.findings.add(LEAVES, line, "was altered: its record is as it was signed"),
                Doubt::Either(line) => {
                    let problem = format!("doesn't fit its leaf in {LEAVES}: one of them was altered");
                    self.findings.add(RECORDS, line, problem);
                }
                Doubt::Between { after, upto } => self.findings.add(
                    RECORDS,
                    after + 1,
                    format!(
                        "one of the lines {} to {upto}, between the checkpoints of {after} and {upto}, was altered \
                         together with its leaf",
                        after + 1
                    ),
                ),
            }
        }
    }
}

/// A leaf, in the one way that it is written.
fn written_leaf(line: &[u8]) -> Option<Hash> {
    let text = line.strip_suffix(b"\n")?;
    let leaf: Hash = hex::decode(text).ok()?.try_into().ok()?;
    if hex::encode(leaf).as_bytes() == text { Some(leaf) } else { None }
}
