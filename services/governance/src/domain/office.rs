//! Who holds an office (G5). Stream: `office-{office}`.

use events::{Context, Decider, GovernanceEvent};
use kernel::{Clause, Instant, Kind, Office, PersonId, Refusal as Refuses, clause};

use crate::facts::Officers;

/// An office's seats, past and present.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats(Vec<Seat>);

#[derive(Clone, Copy, Debug)]
struct Seat {
    person: PersonId,
    until: Option<Instant>,
}

/// What can be asked of an office.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    /// To seat a person.
    Seat {
        /// The office.
        office: Office,
        /// The person.
        person: PersonId,
        /// From when on; now, if absent.
        from: Option<Instant>,
    },
    /// To end a person's time in it.
    Vacate {
        /// The office.
        office: Office,
        /// The person.
        person: PersonId,
        /// From when on; now, if absent.
        from: Option<Instant>,
    },
}

/// Why an office says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is held by relation to a class, course or work.
    HeldByRelation,
    /// Nobody knows the person here.
    PersonUnknown,
    /// The instant is before the present one.
    Backdated,
    /// The person doesn't hold it.
    NotSeated,
    /// The school would be left without a principal.
    LastPrincipal,
}

impl Decider for Seats {
    type Command = Command;
    type Event = GovernanceEvent;
    type Facts = Officers;
    type Refusal = Refusal;

    fn decide(&self, at: &Context<'_, Officers>, command: Command) -> Result<Vec<GovernanceEvent>, Refusal> {
        match command {
            Command::Seat { office, person, from } => self.seat(at, office, person, from),
            Command::Vacate { office, person, from } => self.vacate(at, office, person, from),
        }
    }

    fn evolve(&mut self, event: &GovernanceEvent) {
        match event {
            GovernanceEvent::OfficeSeated { person, .. } => {
                self.0.push(Seat { person: *person, until: None });
            }
            GovernanceEvent::OfficeVacated { person, from, .. } => {
                let held = self.0.iter_mut().filter(|seat| seat.person == *person && seat.until.is_none());
                held.for_each(|seat| seat.until = Some(*from));
            }
            GovernanceEvent::LedgerOpened { .. }
            | GovernanceEvent::OfficerNamed { .. }
            | GovernanceEvent::DutyAssigned { .. }
            | GovernanceEvent::PolicyAdopted { .. } => {}
        }
    }
}

impl Seats {
    fn seat(
        &self,
        at: &Context<'_, Officers>,
        office: Office,
        person: PersonId,
        from: Option<Instant>,
    ) -> Result<Vec<GovernanceEvent>, Refusal> {
        if office.by_relation() {
            return Err(Refusal::HeldByRelation);
        }
        let named = at.facts_of("ledger").knows(person);
        if !named
            && !at.facts_of(&format!("staff-{person}")).knows(person)
            && !at.authority().is_staff(person)
        {
            return Err(Refusal::PersonUnknown);
        }
        if self.holds(person) {
            return Ok(Vec::new());
        }
        let from = from_now_on(at, from)?;
        Ok(vec![GovernanceEvent::OfficeSeated { office, person, from }])
    }

    fn vacate(
        &self,
        at: &Context<'_, Officers>,
        office: Office,
        person: PersonId,
        from: Option<Instant>,
    ) -> Result<Vec<GovernanceEvent>, Refusal> {
        if !self.holds(person) {
            return Err(Refusal::NotSeated);
        }
        let others = self.0.iter().filter(|seat| seat.until.is_none() && seat.person != person).count();
        if office == Office::Principal && others == 0 {
            return Err(Refusal::LastPrincipal);
        }
        let from = from_now_on(at, from)?;
        Ok(vec![GovernanceEvent::OfficeVacated { office, person, from }])
    }

    /// Whether the person has a seat that hasn't been ended.
    fn holds(&self, person: PersonId) -> bool {
        self.0.iter().any(|seat| seat.person == person && seat.until.is_none())
    }
}

/// Nothing that was decided meanwhile may lose its ground.
fn from_now_on(at: &Context<'_, Officers>, from: Option<Instant>) -> Result<Instant, Refusal> {
    match from {
        Some(from) if from < at.now => Err(Refusal::Backdated),
        Some(from) => Ok(from),
        None => Ok(at.now),
    }
}

impl Refuses for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::HeldByRelation | Self::Backdated | Self::NotSeated | Self::LastPrincipal => {
                Kind::FailedPrecondition
            }
            Self::PersonUnknown => Kind::NotFound,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::HeldByRelation => "OFFICE_HELD_BY_RELATION",
            Self::PersonUnknown => "OFFICER_UNKNOWN",
            Self::Backdated => "SEAT_BACKDATED",
            Self::NotSeated => "OFFICE_NOT_HELD",
            Self::LastPrincipal => "LAST_PRINCIPAL",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::LastPrincipal => const { clause("§3.1") },
            Self::HeldByRelation | Self::PersonUnknown | Self::Backdated | Self::NotSeated => {
                const { clause("G5") }
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::HeldByRelation => {
                "students, course teachers and homeroom teachers are what the roster says; \
                                     nobody is seated as one"
            }
            Self::PersonUnknown => {
                "the person is neither on the staff nor a named officer; import the roster first"
            }
            Self::Backdated => {
                "an office can't be given or ended before now; leave `from` out, or name a later instant"
            }
            Self::NotSeated => "the person doesn't hold this office",
            Self::LastPrincipal => "the school would be left without a principal; seat the next one first",
        }
        .to_owned()
    }

    fn chinese(&self) -> String {
        match self {
            Self::HeldByRelation => "學生、任課教師與導師依名冊認定，不另行派任。",
            Self::PersonUnknown => "此人不在教職員名冊中，請先匯入名冊。",
            Self::Backdated => "職務之起訖不得早於現在。",
            Self::NotSeated => "此人目前未擔任該職務。",
            Self::LastPrincipal => "學校不得沒有校長，請先派任新校長。",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests;
