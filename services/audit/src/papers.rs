//! What an export holds besides its evidence, and how its files are called.

/// Every event of the ledger, a record per line.
pub(crate) const RECORDS: &str = "records.ndjson";
/// The leaf of each record, in hex.
pub(crate) const LEAVES: &str = "leaves.txt";
/// The folder of signed checkpoints, a file for each size.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// The verifier key.
pub(crate) const KEY: &str = "key.txt";

/// A file that is the same in every export, and every text that it was ever written with, the newest first: an
/// export that was written by an older version still verifies.
pub(crate) struct Paper {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its texts.
    pub(crate) texts: &'static [&'static str],
}

/// Those files.
pub(crate) const PAPERS: [Paper; 2] = [
    Paper { name: "README.txt", texts: &[include_str!("export/README.txt")] },
    Paper { name: "verify.py", texts: &[include_str!("export/verify.py")] },
];
