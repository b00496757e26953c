//! The demo's people at their desks: gRPC clients, each call with the caller's own token.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::PersonId;
use proto::types::v1::{Refusal, Written};
use tokio::time::{Instant, interval_at};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

use super::random;
use crate::road::Road;

/// How long a fault that may pass is waited for before it is believed.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it is let pass before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// What the demo needs of the house that it runs in.
pub(crate) trait House: Send + Sync {
    /// A token for a person.
    ///
    /// # Errors
    /// It can't be signed.
    fn token(&self, person: PersonId) -> io::Result<String>;

    /// Moves the simulated clock forward.
    ///
    /// # Errors
    /// It is later already, or can't be moved.
    fn advance(&self, to: kernel::Instant) -> io::Result<()>;
}

/// The demo can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// A file can't be read or written, a token not signed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server can't be reached.
    #[error("the server can't be reached: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The server answers with a fault.
    #[error("the server answers {:?}: {}", .0.code(), .0.message())]
    Status(Box<Status>),
    /// Something isn't as it must be.
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    /// Something isn't as it must be.
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        Self::Broken(what.into())
    }
}

/// A rule said no, or a request could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct No {
    /// The reason.
    pub(crate) reason: String,
    /// The clause that it rests on; empty where none is named.
    pub(crate) clause: String,
    /// What happened and the way out.
    pub(crate) english: String,
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self { reason: refusal.reason, clause: refusal.clause, english: refusal.english }
    }
}

impl No {
    /// The refusal that a status is; one that is none is a fault.
    fn of(status: Status) -> Result<Self, Fault> {
        let ruled = matches!(
            status.code(),
            Code::FailedPrecondition
                | Code::NotFound
                | Code::AlreadyExists
                | Code::PermissionDenied
                | Code::InvalidArgument
                | Code::Unauthenticated
        );
        let Some(info) = status.get_details_error_info().filter(|_| ruled) else {
            return Err(Fault::Status(Box::new(status)));
        };
        let clause = info.metadata.get("clause").cloned().unwrap_or_default();
        // The clause stands beside it.
        let english = status.message().trim_end_matches(&format!(" ({clause})")).to_owned();
        Ok(Self { reason: info.reason, clause, english })
    }
}

/// What a call comes to.
pub(crate) type Answer<T> = Result<Result<T, No>, Fault>;

/// Calls the server in the name of people.
#[derive(Clone)]
pub(crate) struct Desk {
    road: Road,
    house: Arc<dyn House>,
    seed: u64,
    seen: Arc<AtomicU64>,
}

impl Desk {
    /// Desks on a connection.
    pub(crate) fn new(road: Road, house: Arc<dyn House>, seed: u64) -> Self {
        Self { road, house, seed, seen: Arc::default() }
    }

    /// The connection.
    pub(crate) fn road(&self) -> Road {
        self.road.clone()
    }

    /// Moves the clock to an instant.
    pub(crate) fn advance(&self, to: kernel::Instant) -> Result<(), Fault> {
        Ok(self.house.advance(to)?)
    }

    /// The request id of what is called so.
    pub(crate) fn id(&self, name: &str) -> String {
        random::id(self.seed, name).to_string()
    }

    /// The last position that an answer has named.
    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }

    /// Notes a position.
    pub(crate) fn note(&self, position: u64) {
        self.seen.fetch_max(position, Ordering::SeqCst);
    }

    /// What was written, its position noted.
    pub(crate) fn written(&self, written: Option<Written>) -> Result<Written, Fault> {
        let written = written.ok_or_else(|| Fault::broken("an accepted command names no position"))?;
        self.note(written.position);
        Ok(written)
    }

    /// The same of an answer that may be a refusal.
    pub(crate) fn accepted(&self, answer: Result<Option<Written>, No>) -> Answer<Written> {
        match answer {
            Ok(written) => self.written(written).map(Ok),
            Err(no) => Ok(Err(no)),
        }
    }

    /// A person's request.
    pub(crate) fn request<M>(&self, who: PersonId, message: M) -> Result<Request<M>, Fault> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer(who)?);
        Ok(request)
    }

    /// What a person's requests are authorised by.
    pub(crate) fn bearer(&self, who: PersonId) -> Result<MetadataValue<Ascii>, Fault> {
        let token = format!("Bearer {}", self.house.token(who)?);
        token.parse().map_err(|_| Fault::broken("a token is no header value"))
    }

    /// Asks in a person's name; what may pass is asked again, by the same request id.
    pub(crate) async fn ask<M, R, F>(
        &self,
        who: PersonId,
        message: M,
        call: impl Fn(Road, Request<M>) -> F,
    ) -> Answer<R>
    where
        M: Clone,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let begun = Instant::now();
        loop {
            match call(self.road(), self.request(who, message.clone())?).await {
                Ok(response) => return Ok(Ok(response.into_inner())),
                Err(status) if begun.elapsed() < PATIENCE && may_pass(&status) => pause().await,
                Err(status) => return No::of(status).map(Err),
            }
        }
    }
}

/// Lets a moment pass.
pub(crate) async fn pause() {
    // An interval's first tick is at once.
    let mut tick = interval_at(Instant::now() + PAUSE, PAUSE);
    tick.tick().await;
}

/// Whether asking again may help: the server is busy, is gone for a moment, or went away before it answered.
pub(crate) fn may_pass(status: &Status) -> bool {
    let broke_off = || status.source().is_some() && status.get_details_error_info().is_none();
    match status.code() {
        Code::Unavailable | Code::Aborted | Code::ResourceExhausted => true,
        Code::Unknown | Code::Cancelled | Code::Internal => broke_off(),
        Code::Ok
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}

/// What must be accepted; a refusal ends the demo.
pub(crate) fn must<T>(what: &str, answer: Result<T, No>) -> Result<T, Fault> {
    answer.map_err(|no| Fault::broken(format!("{what} was refused: {} ({})", no.english, no.reason)))
}
