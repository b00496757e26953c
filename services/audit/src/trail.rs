use std::collections::HashMap;

use events::{NotARecord, Record};
use kernel::LedgerId;

use crate::tree::{Frontier, Hash};

/// Events named at most between two checkpoints.
const NAMED_MAX: usize = 100;

/// Reads a ledger along, hashing its records anew, and beside that its leaves as somebody kept them. Where the two
/// differ, the next signed root tells which of them was altered.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    hashed: Frontier,
    kept: Frontier,
    /// The tree at the last root that was met.
    proven: Frontier,
    /// Where record and kept leaf differ, since then.
    differing: Vec<u64>,
    lost: bool,
}

/// Something that a trail met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// This record was altered: its leaf is as it was signed.
    Record(u64),
    /// This leaf was altered: its record is as it was signed.
    Leaf(u64),
    /// Record and leaf don't fit each other, and no root tells which of them is as it was.
    Either(u64),
    /// One of these records was altered together with its leaf: after one position, up to another.
    Between {
        /// The last size that was proven.
        after: u64,
        /// The size whose root isn't met.
        upto: u64,
    },
}

impl Trail {
    /// How many records it has read.
    pub(crate) const fn size(&self) -> u64 {
        self.hashed.size()
    }

    /// The root over the records as they are.
    pub(crate) fn root(&self) -> Hash {
        self.hashed.root()
    }

    /// The root over the leaves as they were kept.
    pub(crate) fn kept_root(&self) -> Hash {
        self.kept.root()
    }

    /// The tree at the last root that was met, and the tree now.
    pub(crate) fn into_trees(self) -> (Frontier, Frontier) {
        (self.proven, self.hashed)
    }

    /// Takes the next record's hash and its kept leaf; whether they are the same.
    pub(crate) fn push(&mut self, hashed: Hash, kept: Hash) -> bool {
        self.hashed.push(hashed);
        self.kept.push(kept);
        if hashed != kept && self.differing.len() < NAMED_MAX {
            self.differing.push(self.hashed.size());
        }
        hashed == kept
    }

    /// Holds the signed root of the present size against what was read.
    pub(crate) fn meet(&mut self, root: Hash) -> Vec<Doubt> {
        if self.lost {
            return self.end();
        }
        let (hashed, kept) = (self.hashed.root() == root, self.kept.root() == root);
        if !hashed && !kept {
            self.lost = true;
            let between = Doubt::Between { after: self.proven.size(), upto: self.size() };
            let mut doubts = self.end();
            doubts.push(between);
            return doubts;
        }
        let differing = std::mem::take(&mut self.differing);
        if hashed {
            self.kept = self.hashed.clone();
        } else {
            self.hashed = self.kept.clone();
        }
        self.proven = self.hashed.clone();
        differing.into_iter().map(if hashed { Doubt::Leaf } else { Doubt::Record }).collect()
    }

    /// What is left in doubt, since no further root is known.
    pub(crate) fn end(&mut self) -> Vec<Doubt> {
        std::mem::take(&mut self.differing).into_iter().map(Doubt::Either).collect()
    }
}

/// Whether records are of one ledger, and each stream's versions dense from 1. It keeps a number for each stream.
#[derive(Debug)]
pub(crate) struct Versions {
    ledger: LedgerId,
    streams: HashMap<String, u32>,
    unsure: bool,
}

impl Versions {
    /// Of that ledger.
    pub(crate) fn new(ledger: LedgerId) -> Self {
        Self { ledger, streams: HashMap::new(), unsure: false }
    }

    /// A record was altered: what versions its stream has from here on is not known.
    pub(crate) fn skip(&mut self) {
        self.unsure = true;
    }

    /// Reads the next record; with it comes what doesn't fit.
    ///
    /// # Errors
    /// The line is no record.
    pub(crate) fn read(&mut self, line: &[u8]) -> Result<(Record, Vec<String>), NotARecord> {
        let record = Record::parse(line)?;
        let mut problems = Vec::new();
        if record.ledger()? != self.ledger {
            problems.push(format!("its source is {}, of another ledger", record.source));
        }
        let before = self.streams.entry(record.stream.clone()).or_default();
        if record.streamversion != *before + 1 && !self.unsure {
            let (stream, version) = (&record.stream, record.streamversion);
            problems.push(format!("it is version {version} of {stream}, after version {before}"));
        }
        *before = record.streamversion;
        Ok((record, problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(n: u64) -> Hash {
        eventstore::leaf_of(&n.to_be_bytes())
    }

    fn roots(upto: u64) -> Vec<Hash> {
        let mut tree = Frontier::default();
        let grow = |n| {
            tree.push(leaf(n));
            tree.root()
        };
        (1..=upto).map(grow).collect()
    }

    #[test]
    fn t3_the_next_root_tells_whether_record_or_leaf_was_altered() {
        let roots = roots(8);
        let mut trail = Trail::default();
        for n in 1..=8 {
            let (hashed, kept) = match n {
                2 => (leaf(99), leaf(2)),
                5 => (leaf(5), leaf(99)),
                _ => (leaf(n), leaf(n)),
            };
            assert_eq!(trail.push(hashed, kept), n != 2 && n != 5);
            let doubts = if n % 3 == 0 { trail.meet(roots[n as usize - 1]) } else { Vec::new() };
            assert_eq!(
                doubts,
                [(3, Doubt::Record(2)), (6, Doubt::Leaf(5))]
                    .into_iter()
                    .filter(|d| d.0 == n)
                    .map(|d| d.1)
                    .collect::<Vec<_>>()
            );
        }
        assert_eq!(trail.meet(roots[7]), []);
        assert_eq!(trail.into_trees().0.root(), roots[7]);
    }

    #[test]
    fn t3_both_altered_together_are_narrowed_to_an_interval() {
        let roots = roots(8);
        let mut trail = Trail::default();
        for n in 1..=8 {
            let leaf = if n == 5 { leaf(99) } else { leaf(n) };
            assert!(trail.push(leaf, leaf));
            let doubts = if n % 2 == 0 { trail.meet(roots[n as usize - 1]) } else { Vec::new() };
            let expected = if n == 6 { vec![Doubt::Between { after: 4, upto: 6 }] } else { Vec::new() };
            assert_eq!(doubts, expected);
        }
    }
}
