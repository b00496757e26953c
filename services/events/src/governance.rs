use std::collections::BTreeMap;

use kernel::{Duty, Instant, LedgerId, Office, PersonId, Personal, Public, SchoolYear, Semester, Window};
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// What governance records: who may do what, and by which policy.
///
/// Streams: `ledger`, `office-{office}`, `duty-{duty}`, `policy-{year}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum GovernanceEvent {
    /// A school's ledger has been opened.
    #[serde(rename = "licheng.governance.LedgerOpened.v1")]
    LedgerOpened {
        /// The ledger.
        ledger: LedgerId,
        /// The school's code at the ministry (學校代碼), six characters.
        code: Public<String>,
        /// The school's name.
        name: Public<String>,
        /// The key by which its checkpoints are checked, as a C2SP verifier key.
        checkpoint_key: Public<String>,
    },
    /// A person who holds an office without being on a roster, such as the first principal, is known.
    #[serde(rename = "licheng.governance.OfficerNamed.v1")]
    OfficerNamed {
        /// The person.
        person: PersonId,
        /// The name.
        name: Personal<String>,
    },
    /// A person has been seated in an office.
    #[serde(rename = "licheng.governance.OfficeSeated.v1")]
    OfficeSeated {
        /// The office.
        office: Office,
        /// The person.
        person: PersonId,
        /// From when on.
        from: Instant,
    },
    /// A person has left an office.
    #[serde(rename = "licheng.governance.OfficeVacated.v1")]
    OfficeVacated {
        /// The office.
        office: Office,
        /// The person.
        person: PersonId,
        /// From when on.
        from: Instant,
    },
    /// A duty has been given to these offices and to no others.
    #[serde(rename = "licheng.governance.DutyAssigned.v1")]
    DutyAssigned {
        /// The duty.
        duty: Duty,
        /// The offices that have it now.
        offices: Vec<Office>,
    },
    /// A policy for a school year has been adopted.
    #[serde(rename = "licheng.governance.PolicyAdopted.v1")]
    PolicyAdopted {
        /// The school year.
        year: SchoolYear,
        /// Its version, from 1.
        version: u32,
        /// From when on it is in force.
        from: Instant,
        /// What it says.
        terms: PolicyTerms,
    },
}

/// What a school year's policy says (G3). Never looser than §4.3.3 and §4.4.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTerms {
    /// Outcomes that a student may upload in one semester.
    pub outcomes_per_semester_max: u16,
    /// Performances that a student may upload in the school year.
    pub performances_per_year_max: u16,
    /// Outcomes that a student may select in the school year, at most 6.
    pub outcomes_selected_max: u16,
    /// Performances that a student may select in the school year, at most 10.
    pub performances_selected_max: u16,
    /// When performances may be uploaded.
    pub performance_upload: Window,
    /// When works may be selected.
    pub selection: Window,
    /// The windows of each semester.
    pub semesters: BTreeMap<Semester, SemesterTerms>,
}

/// What the policy says of one semester.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SemesterTerms {
    /// When outcomes may be uploaded.
    pub upload: Window,
    /// When they may be certified.
    pub certification: Window,
}

impl DomainEvent for GovernanceEvent {
    const SERVICE: &'static str = "governance";

    fn subject(&self) -> Option<PersonId> {
        match self {
            Self::OfficerNamed { person, .. }
            | Self::OfficeSeated { person, .. }
            | Self::OfficeVacated { person, .. } => Some(*person),
            Self::LedgerOpened { .. } | Self::DutyAssigned { .. } | Self::PolicyAdopted { .. } => None,
        }
    }
}
