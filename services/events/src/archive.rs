use kernel::{ClassId, Instant, PersonId, Personal};
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// What archive records: seals (封存), access to what is sealed, legal holds, and erasures in their steps (§10).
///
/// Streams: `archive-{student}`, `hold-student-{student}`, `hold-class-{class}`, `hold-school`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ArchiveEvent {
    /// A graduate's portfolio is sealed: nobody reads it but by a grant, and nobody changes it (§10).
    #[serde(rename = "licheng.archive.PortfolioSealed.v1")]
    PortfolioSealed {
        /// The student.
        student: PersonId,
        /// From when on it may be erased.
        until: Instant,
    },
    /// Somebody asks to read a sealed portfolio (A5).
    #[serde(rename = "licheng.archive.AccessRequested.v1")]
    AccessRequested {
        /// The student.
        student: PersonId,
        /// Who asks.
        reader: PersonId,
        /// Why.
        reason: Personal<String>,
    },
    /// Somebody may read a sealed portfolio for a time (A5).
    #[serde(rename = "licheng.archive.AccessGranted.v1")]
    AccessGranted {
        /// The student.
        student: PersonId,
        /// Who may read.
        reader: PersonId,
        /// Until when.
        until: Instant,
    },
    /// A request is declined (A5).
    #[serde(rename = "licheng.archive.AccessDeclined.v1")]
    AccessDeclined {
        /// The student.
        student: PersonId,
        /// Who asked.
        reader: PersonId,
    },
    /// Nothing in its scope is erased while it stands (A2).
    #[serde(rename = "licheng.archive.HoldPlaced.v1")]
    HoldPlaced {
        /// What it holds.
        scope: HoldScope,
        /// Why.
        reason: Personal<String>,
    },
    /// A hold is lifted (A2).
    #[serde(rename = "licheng.archive.HoldReleased.v1")]
    HoldReleased {
        /// What it held.
        scope: HoldScope,
    },
    /// The registrar asks for an erasure (§10).
    #[serde(rename = "licheng.archive.ErasureRequested.v1")]
    ErasureRequested {
        /// The student.
        student: PersonId,
        /// Who asks.
        by: PersonId,
    },
    /// Another person approves it; it can be cancelled until it starts (A2).
    #[serde(rename = "licheng.archive.ErasureApproved.v1")]
    ErasureApproved {
        /// The student.
        student: PersonId,
        /// Who approves.
        by: PersonId,
        /// When it starts.
        starts: Instant,
    },
    /// It is not carried out (A2).
    #[serde(rename = "licheng.archive.ErasureCancelled.v1")]
    ErasureCancelled {
        /// The student.
        student: PersonId,
    },
    /// It is carried out from now on, and can't be stopped (A2).
    #[serde(rename = "licheng.archive.ErasureStarted.v1")]
    ErasureStarted {
        /// The student.
        student: PersonId,
    },
    /// It is done (A2): the certificate.
    #[serde(rename = "licheng.archive.ErasureCompleted.v1")]
    ErasureCompleted {
        /// The student.
        student: PersonId,
        /// What was destroyed.
        destroyed: Compartments,
        /// Files deleted.
        files: u32,
        /// Claimed values given up.
        claims: u32,
        /// Packages of which no copy here can be read any more.
        packages: u32,
    },
}

/// What a legal hold holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum HoldScope {
    /// One student.
    Student {
        /// The student.
        student: PersonId,
    },
    /// Everybody who was last in a class.
    Class {
        /// The class.
        class: ClassId,
    },
    /// The whole school.
    School,
}

/// How many keys were destroyed, compartment by compartment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compartments {
    /// Identity.
    pub identity: u32,
    /// Coursework.
    pub coursework: u32,
    /// Conduct.
    pub conduct: u32,
    /// Counselling.
    pub counselling: u32,
    /// Works, a key each.
    pub works: u32,
}

impl HoldScope {
    /// The stream that says whether it stands.
    pub fn stream(self) -> String {
        match self {
            Self::Student { student } => format!("hold-student-{student}"),
            Self::Class { class } => format!("hold-class-{class}"),
            Self::School => "hold-school".to_owned(),
        }
    }
}

impl DomainEvent for ArchiveEvent {
    const SERVICE: &'static str = "archive";

    fn subject(&self) -> Option<PersonId> {
        match self {
            Self::PortfolioSealed { student, .. }
            | Self::AccessRequested { student, .. }
            | Self::AccessGranted { student, .. }
            | Self::AccessDeclined { student, .. }
            | Self::ErasureRequested { student, .. }
            | Self::ErasureApproved { student, .. }
            | Self::ErasureCancelled { student, .. }
            | Self::ErasureStarted { student, .. }
            | Self::ErasureCompleted { student, .. }
            | Self::HoldPlaced { scope: HoldScope::Student { student }, .. }
            | Self::HoldReleased { scope: HoldScope::Student { student } } => Some(*student),
            Self::HoldPlaced { .. } | Self::HoldReleased { .. } => None,
        }
    }
}
