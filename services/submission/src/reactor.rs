//! What follows by itself: a tick that can't stand goes, a batch's selections are locked, its package is sent, its
//! receipt is read back.

mod locking;
mod reconciling;
mod sending;
mod unticking;

use events::{Caller, Channel, Recorded};
use eventstore::{Fault, Order, Rejected, Written};
use kernel::{Duty, PersonId, RequestId};

pub use locking::Locking;
pub(crate) use locking::NAME as LOCKING;
pub(crate) use reconciling::NAME as RECONCILING;
pub use reconciling::Reconciling;
pub(crate) use sending::NAME as SENDING;
pub use sending::Sending;
pub(crate) use unticking::NAME as UNTICKING;
pub use unticking::Unticking;

/// The ledger itself asks, caused by an event. `part` names the command among those that follow from the event.
pub(crate) fn order<C>(
    event: &Recorded,
    (reactor, part): (&'static str, &str),
    (duty, stream): (Duty, String),
    command: C,
) -> Order<C> {
    Order {
        ledger: event.ledger,
        request: RequestId::new(event.record.id.derive(&format!("{reactor}/{part}"))),
        asked: (reactor, Vec::new()),
        caller: Caller {
            correlation: event.record.correlationid.clone(),
            causation: Some(event.record.id),
            traceparent: event.record.traceparent.clone(),
            ..Caller::new(PersonId::new(event.ledger.uuid()), Channel::Reactor)
        },
        duty,
        stream,
        names: Vec::new(),
        at_least: event.position,
        command,
    }
}

/// What is refused has nothing left to do.
pub(crate) fn done<R>(outcome: Result<Written, Rejected<R>>) -> Result<(), Fault> {
    match outcome {
        Ok(_) | Err(Rejected::Refused(_) | Rejected::Denied(_)) => Ok(()),
        Err(Rejected::Fault(fault)) => Err(fault),
    }
}
