use kernel::{FileId, LedgerId, PersonId, Public, SchoolYear, WorkId};
use serde::{Deserialize, Serialize};

use crate::WorkKind;

/// A work as a lock says that it is submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LockedWork {
    /// The work.
    pub work: WorkId,
    /// What it is.
    pub kind: WorkKind,
    /// The commitment of its bytes.
    pub commitment: Public<String>,
    /// Of an outcome: version of the stream `certificate-{work}` that certified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<u32>,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Whose row it is in.
    pub student: PersonId,
    /// The work, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<WorkId>,
    /// What it is.
    pub problem: Problem,
}

/// What can be wrong with a row or file of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// The student's identity number isn't known: the central database finds nobody by the row.
    IdentityNumberMissing,
    /// The student's birth date isn't known.
    BirthDateMissing,
    /// The course's code is the school's own: the central database doesn't know it.
    CourseNotSubmittable,
    /// The file isn't what was handed in; the batch can't go like that.
    FileDamaged,
}

impl Problem {
    /// Whether the batch can't be sent with it.
    pub const fn blocks(self) -> bool {
        matches!(self, Self::FileDamaged)
    }
}

/// The package of a round that holds these rows (SHA-256, hex): one for each, whoever builds it.
pub fn package_of(ledger: LedgerId, year: SchoolYear, round: u16, rows: &str) -> FileId {
    FileId::new(ledger.derive(&format!("package/{year}/{round}/{rows}")))
}

/// A student's extract of a package: their own rows, under their own key.
pub fn extract_of(package: FileId, student: PersonId) -> FileId {
    FileId::new(package.derive(&format!("extract/{student}")))
}

/// What became of a work that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptItem {
    /// The work.
    pub work: WorkId,
    /// What the receipt says of it.
    pub verdict: ItemVerdict,
}

/// What the central database's receipt says of an item, compared with what was sent (S4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemVerdict {
    /// There, as it was sent.
    Received,
    /// Not there.
    Missing,
    /// There, with other bytes.
    Altered,
    /// There more than once.
    Doubled,
}

/// Why a work is no longer selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UntickReason {
    /// The student un-ticked it.
    Asked,
    /// Its certification was revoked (C5).
    Revoked,
    /// The student took the work back.
    Withdrawn,
}

impl ItemVerdict {
    /// Whether the work must be sent again.
    pub const fn is_sent_again(self) -> bool {
        matches!(self, Self::Missing | Self::Altered)
    }
}
