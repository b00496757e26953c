//! What happened, counted. No count depends on which of many at once came first.

use std::collections::BTreeMap;

use serde::Serialize;

use super::desk::No;

/// Refusals by their reason and clause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusals(BTreeMap<(String, String), Refused>);

/// How often something was refused for one reason by one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// What it says; of several texts the one that sorts first.
    pub(crate) english: String,
    /// How often.
    pub(crate) count: u64,
}

impl Refusals {
    /// Counts a refusal.
    pub(crate) fn add(&mut self, no: No) {
        let No { reason, clause, english } = no;
        self.join((reason, clause), Refused { english, count: 1 });
    }

    /// Counts a refusal, and gives what there is if it is none.
    pub(crate) fn taken<T>(&mut self, answer: Result<T, No>) -> Option<T> {
        answer.map_err(|no| self.add(no)).ok()
    }

    /// Counts others' refusals too.
    pub(crate) fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|(why, refused)| self.join(why, refused));
    }

    /// Reason, clause, and how often.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str, &Refused)> {
        self.0.iter().map(|((reason, clause), refused)| (reason.as_str(), clause.as_str(), refused))
    }

    /// How often by each reason.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (reason, _, refused) in self.iter() {
            *counts.entry(reason.to_owned()).or_default() += refused.count;
        }
        counts
    }

    fn join(&mut self, why: (String, String), refused: Refused) {
        match self.0.get_mut(&why) {
            Some(there) => {
                there.count += refused.count;
                if refused.english < there.english {
                    there.english = refused.english;
                }
            }
            None => {
                self.0.insert(why, refused);
            }
        }
    }
}

/// What became of a file that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FileVerdict {
    /// `accepted` or `refused`.
    pub(crate) verdict: &'static str,
    /// The reason of a refusal; empty if it was accepted.
    pub(crate) reason: String,
    /// The clause that a refusal rests on.
    pub(crate) clause: String,
    /// What the refusal says.
    pub(crate) text: String,
}

/// A row of the roster that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RowVerdict {
    /// Its file.
    pub(crate) file: String,
    /// Its id in the roster.
    #[serde(rename = "sourcedId")]
    pub(crate) sourced_id: String,
    /// Its line.
    pub(crate) line: u64,
    /// `refused` or `skipped`.
    pub(crate) verdict: &'static str,
    /// Why.
    pub(crate) reason: String,
    /// The clause, where a rule refused it.
    pub(crate) clause: String,
}

/// Everything that is counted while it happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Rows that were taken, or changed nothing.
    pub(crate) rows_accepted: u64,
    /// Rows that were refused or skipped.
    pub(crate) rows: Vec<RowVerdict>,
    /// Files that were handed in, those of every work.
    pub(crate) files_accepted: u64,
    /// Bytes of them.
    pub(crate) bytes_accepted: u64,
    /// Files that were tried, by name.
    pub(crate) files: BTreeMap<String, FileVerdict>,
    /// Outcomes that were handed in.
    pub(crate) outcomes_uploaded: u64,
    /// Performances that were handed in.
    pub(crate) performances_uploaded: u64,
    /// Receipts that were recomputed and proved their file.
    pub(crate) receipts_proved: u64,
    /// Works that were certified.
    pub(crate) outcomes_certified: u64,
    /// Works that were returned.
    pub(crate) outcomes_returned: u64,
    /// Certifications that were revoked.
    pub(crate) certifications_revoked: u64,
    /// Files that a teacher read back, byte for byte.
    pub(crate) files_read_back: u64,
    /// What was refused.
    pub(crate) refusals: Refusals,
}

impl Tally {
    /// Counts another's.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows_accepted += other.rows_accepted;
        self.rows.extend(other.rows);
        self.files_accepted += other.files_accepted;
        self.bytes_accepted += other.bytes_accepted;
        self.files.extend(other.files);
        self.outcomes_uploaded += other.outcomes_uploaded;
        self.performances_uploaded += other.performances_uploaded;
        self.receipts_proved += other.receipts_proved;
        self.outcomes_certified += other.outcomes_certified;
        self.outcomes_returned += other.outcomes_returned;
        self.certifications_revoked += other.certifications_revoked;
        self.files_read_back += other.files_read_back;
        self.refusals.merge(other.refusals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(reason: &str, english: &str) -> No {
        No { reason: reason.into(), clause: "U4".into(), english: english.into() }
    }

    #[test]
    fn refusals_are_the_same_in_whatever_order_they_came() {
        let (mut one, mut two) = (Refusals::default(), Refusals::default());
        one.add(no("A", "x"));
        one.add(no("A", "w"));
        two.add(no("A", "w"));
        let mut last = Refusals::default();
        last.add(no("A", "x"));
        two.merge(last);
        assert_eq!(one, two);
        one.add(No { clause: "A.11".into(), ..no("A", "y") });
        assert_eq!(
            one.iter().map(|(_, clause, refused)| (clause, refused.count)).collect::<Vec<_>>(),
            [("A.11", 1), ("U4", 2)]
        );
        assert_eq!(one.counts(), BTreeMap::from([("A".to_owned(), 3)]));
    }
}
