use events::{Basis, Caller, ClaimName, Decider, Facts};
use eventstore::{Executor, Known, Order, Rejected, Written};
use kernel::{Duty, Instant, LedgerId, Malformed, Office, PersonId, RequestId};
use proto::Command;
use tokio::sync::OwnedRwLockReadGuard;
use tonic::{Request, Response, Status};

use crate::{status, wire};

/// One RPC: who asks, for which ledger, by which duty. The identity layer puts it into the request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The ledger, by the token.
    pub ledger: LedgerId,
    /// Who asks.
    pub caller: Caller,
    /// The duty that the method needs.
    pub duty: Duty,
    /// The method's path.
    pub method: &'static str,
}

/// A command and where it goes.
#[derive(Clone)]
pub struct Asked<C> {
    /// The stream that it is for.
    pub stream: String,
    /// Claimed values that it names or would take.
    pub names: Vec<ClaimName>,
    /// The command itself.
    pub command: C,
}

impl<C> Asked<C> {
    /// A command for a stream that names no claimed value.
    pub const fn new(stream: String, command: C) -> Self {
        Self { stream, names: Vec::new(), command }
    }
}

/// A message that asks a decider for something.
pub trait Asks<D: Decider>: Command {
    /// What it asks for.
    ///
    /// # Errors
    /// Every field that can't be understood.
    fn asks(&self, call: &Call) -> Result<Asked<D::Command>, Malformed>;
}

/// Who asks, as the identity layer found out.
///
/// # Errors
/// UNAUTHENTICATED, if the layer is not there.
pub fn call<T>(request: &Request<T>) -> Result<Call, Status> {
    let call = request.extensions().get::<Call>().cloned();
    call.ok_or_else(|| status::unauthenticated("there is no token"))
}

/// A command as the executor takes it.
pub fn order<C>(call: &Call, request: RequestId, at_least: u64, body: Vec<u8>, asked: Asked<C>) -> Order<C> {
    Order {
        ledger: call.ledger,
        request,
        asked: (call.method, body),
        caller: call.caller.clone(),
        duty: call.duty,
        stream: asked.stream,
        names: asked.names,
        at_least,
        command: asked.command,
    }
}

/// Executes what a message asks for.
///
/// # Errors
/// The status of what went wrong.
pub async fn ask<D, M>(executor: &Executor<D>, call: &Call, message: &M) -> Result<Written, Status>
where
    D: Decider,
    M: Asks<D>,
{
    let mut problems = Malformed::default();
    let request = problems.note("request_id", wire::request_id(message.request_id()));
    let asked = match message.asks(call) {
        Ok(asked) => Some(asked),
        Err(more) => {
            problems.0.extend(more.0);
            None
        }
    };
    let (request, asked) = problems.finish(request.zip(asked)).map_err(status::malformed)?;
    let order = order(call, request, message.at_least_position(), message.encode_to_vec(), asked);
    executor.execute(order).await.map_err(|rejected: Rejected<D::Refusal>| status::rejected(rejected))
}

/// A unary method that is one command: request to answer.
///
/// # Errors
/// The status of what went wrong.
pub async fn command<D, M, R>(executor: &Executor<D>, request: Request<M>) -> Result<Response<R>, Status>
where
    D: Decider,
    M: Asks<D>,
    R: From<proto::types::v1::Written>,
{
    let call = call(&request)?;
    let written = ask(executor, &call, request.get_ref()).await?;
    Ok(Response::new(R::from(status::reply(written))))
}

/// What a query is answered by, and how far its caller's offices reach.
pub struct Reading<F> {
    /// Authority and the service's facts.
    pub basis: OwnedRwLockReadGuard<Basis<F>>,
    /// The offices by which the caller has the call's duty; never empty.
    pub offices: Vec<Office>,
    /// The present instant.
    pub now: Instant,
}

/// Lets a query through whose caller has its duty.
///
/// # Errors
/// PERMISSION_DENIED with the clause; UNAVAILABLE if the position isn't reached.
pub async fn reading<F: Facts>(known: &Known<F>, call: &Call, at_least: u64) -> Result<Reading<F>, Status> {
    let now = known.engine().clock.now();
    let offices = |basis: &Basis<F>| basis.authority.offices_by(call.caller.person, call.duty, now);
    let mut basis = known.at_least(call.ledger, at_least).await.map_err(status::fault)?;
    let mut found = offices(&basis);
    if found.is_empty() {
        // Another process may have seated the caller a moment ago.
        drop(basis);
        basis = known.confirmed(call.ledger).await.map_err(status::fault)?;
        found = offices(&basis);
    }
    if found.is_empty() { Err(status::denied(call.duty)) } else { Ok(Reading { basis, offices: found, now }) }
}

impl<F> Reading<F> {
    /// Whether the caller has the duty by an office that is held by a seat: it reaches the whole school.
    pub fn reaches_all(&self) -> bool {
        self.offices.iter().any(|office| !office.by_relation())
    }

    /// Lets the caller read what is there of a student, unless it is sealed to them (A5) or erased.
    ///
    /// # Errors
    /// PERMISSION_DENIED: it is sealed, and there is no grant that stands. NOT_FOUND: it is erased.
    pub fn unsealed(&self, call: &Call, student: PersonId) -> Result<(), Status> {
        let authority = &self.basis.authority;
        if !authority.is_sealed_to(student, call.caller.person, self.now) {
            return Ok(());
        }
        // For what is erased there is nothing to ask for.
        let erased = || status::not_found(call.duty.clause(), "portfolio");
        Err(authority.standing(student).map_or_else(erased, |_| status::sealed()))
    }

    /// Whether the caller has the duty by that office.
    pub fn by(&self, office: Office) -> bool {
        self.offices.contains(&office)
    }
}
