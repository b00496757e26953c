//! An office of at most six, which a policy must allow, and terms of office that end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use events::{AnyEvent, Context, Deadlines, Decider, Facts, GovernanceEvent, PolicyTerms, Recorded, Timely};
use kernel::{
    Clause, Compartment, Duty, Instant, Kind, Owner, PersonId, Personal, Refusal, SchoolYear, clause,
};

pub(super) const CAP: usize = 6;
const YEAR: SchoolYear = SchoolYear::try_new(115).unwrap();
const LIBRARY: kernel::Office = kernel::Office::Library;

#[derive(Clone, Debug, Default)]
pub(super) struct Office {
    seated: BTreeSet<PersonId>,
}

#[derive(Clone, Debug)]
pub(super) enum Command {
    Seat(PersonId),
    /// Only if there is a policy, by guard.
    SeatByPolicy(PersonId),
    Vacate(PersonId),
    /// At the end of a term; only if there is a policy.
    Relieve(PersonId),
    Name(PersonId, String),
    /// Gives the office the duty that its own commands need.
    Allow,
    /// So many at once, of new ids.
    Make(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    Full,
    NoPolicy,
}

impl Refusal for No {
    fn kind(&self) -> Kind {
        Kind::FailedPrecondition
    }
    fn reason(&self) -> &'static str {
        "NO"
    }
    fn clause(&self) -> Clause {
        clause("§4.3.3")
    }
    fn english(&self) -> String {
        "no".into()
    }
    fn chinese(&self) -> String {
        "否".into()
    }
}

fn seated(person: PersonId, from: Instant) -> GovernanceEvent {
    GovernanceEvent::OfficeSeated { office: LIBRARY, person, from }
}

/// Whom an event seats.
pub(super) fn who(event: &Recorded) -> Option<PersonId> {
    match &event.event {
        AnyEvent::Governance(GovernanceEvent::OfficeSeated { person, .. }) => Some(*person),
        AnyEvent::Governance(_)
        | AnyEvent::Records(_)
        | AnyEvent::Uploads(_)
        | AnyEvent::Certification(_)
        | AnyEvent::Submission(_)
        | AnyEvent::Archive(_) => None,
    }
}

impl Decider for Office {
    type Command = Command;
    type Event = GovernanceEvent;
    type Facts = Terms;
    type Refusal = No;

    fn decide(&self, at: &Context<'_, Terms>, command: Command) -> Result<Vec<GovernanceEvent>, No> {
        match command {
            Command::SeatByPolicy(_) | Command::Relieve(_) if at.policy(YEAR).is_none() => Err(No::NoPolicy),
            Command::Seat(person) | Command::SeatByPolicy(person) if self.seated.contains(&person) => {
                Ok(vec![])
            }
            Command::Seat(_) | Command::SeatByPolicy(_) if self.seated.len() >= CAP => Err(No::Full),
            Command::Seat(person) | Command::SeatByPolicy(person) => Ok(vec![seated(person, at.now)]),
            Command::Vacate(person) | Command::Relieve(person) => {
                Ok(vec![GovernanceEvent::OfficeVacated { office: LIBRARY, person, from: at.now }])
            }
            Command::Name(person, name) => {
                let owner = Owner { person, compartment: Compartment::Identity };
                Ok(vec![GovernanceEvent::OfficerNamed { person, name: Personal::new(owner, name) }])
            }
            Command::Allow => {
                Ok(vec![GovernanceEvent::DutyAssigned { duty: Duty::AssignOffice, offices: vec![LIBRARY] }])
            }
            Command::Make(count) => Ok((0..count).map(|n| seated(PersonId::new(at.id(n)), at.now)).collect()),
        }
    }

    fn evolve(&mut self, event: &GovernanceEvent) {
        match event {
            GovernanceEvent::OfficeSeated { person, .. } => {
                self.seated.insert(*person);
            }
            GovernanceEvent::OfficeVacated { person, .. } => {
                self.seated.remove(person);
            }
            GovernanceEvent::OfficerNamed { .. }
            | GovernanceEvent::LedgerOpened { .. }
            | GovernanceEvent::DutyAssigned { .. }
            | GovernanceEvent::PolicyAdopted { .. } => {}
        }
    }
}

/// How long a seat of a stream that begins with `term-` is held.
pub(super) const TERM: Duration = Duration::from_secs(3_600);
/// What falls due there.
pub(super) const END: &str = "end";

/// The terms of office that run.
#[derive(Default)]
pub(super) struct Terms(Deadlines<Command>);

impl Facts for Terms {
    fn apply(&mut self, event: &Recorded<AnyEvent>) {
        let stream = &event.record.stream;
        match &event.event {
            AnyEvent::Governance(GovernanceEvent::OfficeSeated { person, from, .. })
                if stream.starts_with("term-") =>
            {
                let command = (Duty::AssignOffice, Command::Relieve(*person));
                self.0.set(event, END, from.plus(TERM), command);
            }
            AnyEvent::Governance(GovernanceEvent::OfficeVacated { .. }) => self.0.lift(stream, END),
            AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Uploads(_)
            | AnyEvent::Certification(_)
            | AnyEvent::Submission(_)
            | AnyEvent::Archive(_) => {}
        }
    }
}

impl Timely<Command> for Terms {
    fn deadlines(&self) -> &Deadlines<Command> {
        &self.0
    }
}

/// Adopts policies, in a stream of their own.
#[derive(Clone, Default)]
pub(super) struct Policies(u32);

impl Decider for Policies {
    type Command = ();
    type Event = GovernanceEvent;
    type Facts = ();
    type Refusal = No;

    fn decide(&self, at: &Context<'_, ()>, (): ()) -> Result<Vec<GovernanceEvent>, No> {
        let terms = PolicyTerms {
            outcomes_per_semester_max: 3,
            performances_per_year_max: 10,
            outcomes_selected_max: 6,
            performances_selected_max: 10,
            performance_upload: YEAR.window(),
            selection: YEAR.window(),
            semesters: BTreeMap::new(),
        };
        Ok(vec![GovernanceEvent::PolicyAdopted { year: YEAR, version: self.0 + 1, from: at.now, terms }])
    }

    fn evolve(&mut self, _: &GovernanceEvent) {
        self.0 += 1;
    }
}
