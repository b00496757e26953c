use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id that is written as this UUID.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The id that derives from this one and a name (UUIDv5): the same name gives the same id.
            pub fn derive(self, name: &str) -> Uuid {
                Uuid::new_v5(&self.0, name.as_bytes())
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

id! {
    /// A ledger: the history of one school, and the tenant in every key, subject and origin.
    LedgerId,
    /// A person in one ledger: student, staff, parent or organiser. Never derived from a number or a name.
    PersonId,
    /// A class (班級).
    ClassId,
    /// A course (課程) as it is taught in one semester.
    CourseId,
    /// A work: a course learning outcome (課程學習成果) or a diverse performance (多元表現).
    WorkId,
    /// A file of a work.
    FileId,
    /// What a caller names a command by, so that repeating it is safe (AIP-155).
    RequestId,
    /// An event: UUIDv5 of ledger, request and ordinal.
    EventId,
}
