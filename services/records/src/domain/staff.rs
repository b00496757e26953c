//! A member of the staff. Stream `staff-{id}`.

use events::{ClaimKind, ClaimName, Context, Decider, RecordsEvent};
use kernel::{Clause, Compartment, Kind, Owner, PersonId, Personal, Refusal, clause};

use super::{chinese_of, field_of, taken};
use crate::facts::Classes;

#[cfg(test)]
mod tests;

const STAFF: Clause = clause("R7");

/// A member of the staff as the events say.
#[derive(Clone, Debug, Default)]
pub struct Staff(Option<Known>);

#[derive(Clone, Debug)]
struct Known {
    roster_id: Personal<String>,
    username: Personal<String>,
    name: Personal<String>,
}

/// What can be asked of a member of the staff.
#[derive(Clone)]
pub enum StaffCommand {
    /// Registers this person.
    Register {
        /// The person, by the id that the request makes.
        staff: PersonId,
        /// Id in the roster, 1 to 100 characters.
        roster_id: String,
        /// Name to sign in by, 1 to 100 characters.
        username: String,
        /// Name, 1 to 100 characters.
        name: String,
    },
    /// Takes over what a roster says.
    Renew {
        /// The person.
        staff: PersonId,
        /// Name to sign in by, 1 to 100 characters.
        username: String,
        /// Name, 1 to 100 characters.
        name: String,
    },
}

/// Why what is known of a member of the staff stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaffRefusal {
    /// There is no such member of the staff.
    Unknown,
    /// The person is registered already, with other data.
    Registered,
    /// A value that is unique in the school is another's.
    Taken(ClaimKind),
}

impl StaffCommand {
    /// The values in it that are unique in the school.
    pub fn names(&self) -> Vec<ClaimName> {
        match self {
            Self::Register { roster_id, username, .. } => vec![
                ClaimName::new(ClaimKind::RosterPerson, roster_id),
                ClaimName::new(ClaimKind::Username, username),
            ],
            Self::Renew { username, .. } => vec![ClaimName::new(ClaimKind::Username, username)],
        }
    }
}

fn own(staff: PersonId, value: String) -> Personal<String> {
    Personal::new(Owner::new(staff, Compartment::Staff), value)
}

impl Decider for Staff {
    type Command = StaffCommand;
    type Event = RecordsEvent;
    type Facts = Classes;
    type Refusal = StaffRefusal;

    fn decide(
        &self,
        at: &Context<'_, Classes>,
        command: StaffCommand,
    ) -> Result<Vec<RecordsEvent>, StaffRefusal> {
        let names = command.names();
        let free =
            |staff: PersonId| taken(at, &names, staff).map_or(Ok(()), |kind| Err(StaffRefusal::Taken(kind)));
        match command {
            StaffCommand::Register { staff, roster_id, username, name } => {
                let (roster_id, username, name) =
                    (own(staff, roster_id), own(staff, username), own(staff, name));
                if let Some(known) = &self.0 {
                    let same =
                        known.roster_id == roster_id && known.username == username && known.name == name;
                    return if same { Ok(Vec::new()) } else { Err(StaffRefusal::Registered) };
                }
                free(staff)?;
                at.id(0);
                Ok(vec![RecordsEvent::StaffRegistered { staff, roster_id, username, name }])
            }
            StaffCommand::Renew { staff, username, name } => {
                let known = self.0.as_ref().ok_or(StaffRefusal::Unknown)?;
                let (username, name) = (own(staff, username), own(staff, name));
                if known.username == username && known.name == name {
                    return Ok(Vec::new());
                }
                free(staff)?;
                Ok(vec![RecordsEvent::StaffCorrected { staff, username, name }])
            }
        }
    }

    fn evolve(&mut self, event: &RecordsEvent) {
        if let RecordsEvent::StaffRegistered { roster_id, username, name, .. } = event {
            let (roster_id, username, name) = (roster_id.clone(), username.clone(), name.clone());
            self.0 = Some(Known { roster_id, username, name });
        } else if let RecordsEvent::StaffCorrected { username, name, .. } = event
            && let Some(known) = &mut self.0
        {
            known.username = username.clone();
            known.name = name.clone();
        }
    }
}

impl Refusal for StaffRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown => Kind::NotFound,
            Self::Registered | Self::Taken(_) => Kind::AlreadyExists,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "STAFF_UNKNOWN",
            Self::Registered => "STAFF_REGISTERED",
            Self::Taken(_) => "STAFF_VALUE_TAKEN",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::Unknown | Self::Registered => STAFF,
            Self::Taken(_) => const { clause("R12") },
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Unknown => {
                "there is no such member of the staff here; register the person first".to_owned()
            }
            Self::Registered => "the person is registered already, with other data".to_owned(),
            Self::Taken(kind) => {
                format!("{} is another person's already; check which of the two is right", field_of(*kind))
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::Unknown => "查無此教職員，請先登錄。".to_owned(),
            Self::Registered => "此教職員已登錄，資料不同。".to_owned(),
            Self::Taken(kind) => format!("{}已為他人所用，請查明何者正確。", chinese_of(*kind)),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken(kind) => vec![("field", field_of(*kind).to_owned())],
            Self::Unknown | Self::Registered => Vec::new(),
        }
    }
}
