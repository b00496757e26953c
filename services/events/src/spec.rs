//! Given–when–then for deciders: the events so far, what was known elsewhere, a command, and what follows.

use std::collections::HashMap;
use std::fmt::Debug;

use kernel::{Duty, Instant, LedgerId, PersonId, RequestId};
use uuid::Uuid;

use crate::{AnyEvent, Basis, Caller, Channel, ClaimName, Context, Decider, Facts, Record, Recorded};

/// A decider's state and surroundings, before a command.
pub struct Given<D: Decider> {
    state: D,
    basis: Basis<D::Facts>,
    claimed: HashMap<ClaimName, Uuid>,
    now: Instant,
    caller: PersonId,
}

impl<D: Decider> Given<D> {
    /// The events of the stream so far.
    pub fn events(events: impl IntoIterator<Item = D::Event>) -> Self {
        let mut state = D::default();
        events.into_iter().for_each(|event| state.evolve(&event));
        Self {
            state,
            basis: Basis::default(),
            claimed: HashMap::new(),
            now: Instant::default(),
            caller: PersonId::new(Uuid::nil()),
        }
    }

    /// Nothing has happened.
    pub fn nothing() -> Self {
        Self::events([])
    }

    /// What happened elsewhere: a stream and its event.
    #[must_use]
    pub fn known(mut self, stream: &str, event: impl Into<AnyEvent>) -> Self {
        let version = self.basis.versions.get(stream).copied().unwrap_or(0) + 1;
        let recorded = recorded(self.basis.position + 1, stream, version, event.into());
        self.basis.apply(&recorded);
        self
    }

    /// Whose a claimed value is.
    #[must_use]
    pub fn claimed(mut self, name: ClaimName, subject: Uuid) -> Self {
        self.claimed.insert(name, subject);
        self
    }

    /// At that instant.
    #[must_use]
    pub fn at(mut self, now: Instant) -> Self {
        self.now = now;
        self
    }

    /// By that person.
    #[must_use]
    pub fn by(mut self, person: PersonId) -> Self {
        self.caller = person;
        self
    }

    /// What the command leads to.
    pub fn when(&self, command: D::Command) -> Outcome<D> {
        let caller = Caller::new(self.caller, Channel::Grpc);
        let request = RequestId::new(Uuid::nil());
        let duty = Duty::ReadPortfolio;
        let context = Context::new(self.now, &caller, duty, request, &self.basis, &self.claimed);
        Outcome(self.state.decide(&context, command))
    }
}

/// What a command led to.
pub struct Outcome<D: Decider>(pub Result<Vec<D::Event>, D::Refusal>);

impl<D: Decider> Outcome<D>
where
    D::Event: PartialEq,
    D::Refusal: PartialEq,
{
    /// It led to exactly these events.
    ///
    /// # Panics
    /// If it did not.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    pub fn then(self, events: impl IntoIterator<Item = D::Event>) {
        let expected: Vec<_> = events.into_iter().collect();
        match self.0 {
            Ok(events) if events == expected => {}
            other => panic!("expected {expected:?}, got {other:?}"),
        }
    }

    /// It was refused so.
    ///
    /// # Panics
    /// If it was not.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    pub fn then_refused(self, refusal: D::Refusal) {
        match self.0 {
            Err(said) if said == refusal => {}
            other => panic!("expected {refusal:?}, got {other:?}"),
        }
    }
}

/// An event as it would stand in a ledger, for folds under test.
pub fn recorded(position: u64, stream: &str, version: u32, event: AnyEvent) -> Recorded {
    let ledger = LedgerId::new(Uuid::nil());
    let record = Record {
        specversion: "1.0".into(),
        id: Record::id_of(ledger, RequestId::new(Uuid::nil()), usize::try_from(position).unwrap_or(0)),
        source: Record::source_of(ledger, "spec"),
        kind: String::new(),
        subject: None,
        time: Instant::default(),
        stream: stream.to_owned(),
        streamversion: version,
        actor: PersonId::new(Uuid::nil()),
        onbehalfof: None,
        duty: String::new(),
        requestid: RequestId::new(Uuid::nil()),
        correlationid: None,
        causationid: None,
        reliedon: None,
        channel: Channel::Cli.name().to_owned(),
        traceparent: None,
        data: serde_json::Value::Null,
    };
    Recorded { ledger, position, record, event }
}

/// State after these events, for tests that look at it.
pub fn folded<F: Facts>(events: impl IntoIterator<Item = (String, AnyEvent)>) -> Basis<F> {
    let mut basis = Basis::default();
    for (position, (stream, event)) in (1..).zip(events) {
        let version = basis.versions.get(&stream).copied().unwrap_or(0) + 1;
        basis.apply(&recorded(position, &stream, version, event));
    }
    basis
}

/// Shows an outcome in a failed test.
impl<D: Decider> Debug for Outcome<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
