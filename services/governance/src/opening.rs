//! `school create`: a ledger with its keys, its first principal, and the duties of Annex 1.

use std::sync::Arc;

use events::{Caller, Channel, Decider};
use eventstore::{Engine, Executor, Fault, Known, Order, Rejected};
use kernel::{Duty, LedgerId, Malformed, Office, PersonId, Refusal, RequestId};

use crate::domain::duty::{Assign, Assignment};
use crate::domain::office::{self, Seats};
use crate::domain::school::{self, School};
use crate::facts::Officers;

/// A school to open a ledger for.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The ledger, as [`draw_ledger`] answered.
    pub ledger: LedgerId,
    /// The school's code at the ministry (學校代碼): six letters and digits.
    pub code: String,
    /// The school's name.
    pub name: String,
    /// The first principal's name.
    pub principal: String,
    /// The key by which its checkpoints are checked.
    pub checkpoint_key: String,
}

/// A ledger that has been opened.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// The ledger.
    pub ledger: LedgerId,
    /// The principal.
    pub principal: PersonId,
    /// The position of its last event.
    pub position: u64,
}

/// A ledger can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// A value can't be used.
    #[error("{0}")]
    Malformed(Malformed),
    /// The code has a ledger already.
    #[error("school {code} has a ledger already: {ledger}; a school has one")]
    AlreadyOpen {
        /// The school's code.
        code: String,
        /// Its ledger.
        ledger: LedgerId,
    },
    /// A rule said no.
    #[error("{0}")]
    Refused(String),
    /// The store says no.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The id of a school's new ledger. One whose opening broke off is answered again, so that it can be finished.
///
/// # Errors
/// [`OpenFault::AlreadyOpen`]; a code that isn't one; what the store answers.
pub async fn draw_ledger(engine: &Arc<Engine>, code: &str) -> Result<LedgerId, OpenFault> {
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        let problem = "must be six capital letters or digits, such as 070307";
        return Err(OpenFault::Malformed(Malformed::one("code", problem)));
    }
    let drawn = LedgerId::new(uuid::Builder::from_random_bytes(rand::random()).into_uuid());
    if engine.store.open_ledger(drawn, code).await? {
        return Ok(drawn);
    }
    let there = engine.store.ledger_of(code).await?;
    let there = there.ok_or_else(|| Fault::broken(format!("the ledger of school {code} is gone")))?;
    match engine.store.receipt(there, last_request(there)).await? {
        Some(_) => Err(OpenFault::AlreadyOpen { code: code.to_owned(), ledger: there }),
        None => Ok(there),
    }
}

/// Records the opening of a ledger, its principal, and the default duties. Broken off and called again with the same
/// values, it goes on where it stood.
///
/// # Errors
/// [`OpenFault`].
pub async fn open_school(engine: &Arc<Engine>, opening: Opening) -> Result<Opened, OpenFault> {
    let (code, name, checkpoint_key) = (opening.code, text("name", &opening.name)?, opening.checkpoint_key);
    let principal_name = text("principal", &opening.principal)?;
    let ledger = opening.ledger;
    let principal = PersonId::new(ledger.derive("principal"));
    let known = Arc::new(Known::<Officers>::new(Arc::clone(engine)));
    let school = Executor::<School>::new(Arc::clone(engine), Arc::clone(&known));
    let open = school::Command::Open { ledger, code, name, checkpoint_key };
    run(&school, ledger, request(ledger, "ledger"), "ledger".into(), open).await?;
    let officer = school::Command::NameOfficer { person: principal, name: principal_name };
    run(&school, ledger, request(ledger, "principal"), "ledger".into(), officer).await?;
    let duties = Executor::<Assignment>::new(Arc::clone(engine), Arc::clone(&known));
    for duty in Duty::ALL.iter().copied() {
        let assign = Assign { duty, offices: duty.default_offices().to_vec() };
        let stream = format!("duty-{duty}");
        run(&duties, ledger, request(ledger, &stream), stream.clone(), assign).await?;
    }
    // The principal comes last: from then on the ledger is open to people.
    let offices = Executor::<Seats>::new(Arc::clone(engine), known);
    let seat = office::Command::Seat { office: Office::Principal, person: principal, from: None };
    let stream = format!("office-{}", Office::Principal);
    let position = run(&offices, ledger, last_request(ledger), stream, seat).await?;
    Ok(Opened { ledger, principal, position })
}

async fn run<D: Decider>(
    executor: &Executor<D>,
    ledger: LedgerId,
    request: RequestId,
    stream: String,
    command: D::Command,
) -> Result<u64, OpenFault> {
    let order = Order {
        ledger,
        request,
        asked: ("licheng school create", Vec::new()),
        caller: Caller::new(PersonId::new(ledger.uuid()), Channel::Cli),
        duty: Duty::AssignOffice,
        stream,
        names: Vec::new(),
        at_least: 0,
        command,
    };
    match executor.execute(order).await {
        Ok(written) => Ok(written.position),
        Err(Rejected::Refused(refusal)) => Err(OpenFault::Refused(refusal.english())),
        Err(Rejected::Denied(duty)) => {
            Err(OpenFault::Refused(format!("the ledger itself may not {}", duty.text())))
        }
        Err(Rejected::Fault(fault)) => Err(fault.into()),
    }
}

fn request(ledger: LedgerId, name: &str) -> RequestId {
    RequestId::new(ledger.derive(&format!("open/{name}")))
}

fn last_request(ledger: LedgerId) -> RequestId {
    request(ledger, "seat")
}

fn text(field: &str, value: &str) -> Result<String, OpenFault> {
    let text = kernel::Text::try_new(value, 100).map_err(|fault| Malformed::one(field, fault.to_string()));
    text.map(kernel::Text::into_string).map_err(OpenFault::Malformed)
}
