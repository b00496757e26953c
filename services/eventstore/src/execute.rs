//! One command: duty → load → fold → decide → seal → append with version and guards.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use events::{Basis, Caller, ClaimName, Context, Decider, DomainEvent, Record, Reliance, claims};
use kernel::{Duty, Instant, LedgerId, RequestId};
use uuid::Uuid;

use crate::engine::Engine;
use crate::known::Known;
use crate::states::{Forgets, States};
use crate::store::{ClaimHash, Commit, NewEvent, Receipt, Verdict};
use crate::{Fault, leaf_of};

/// How often a command is decided anew because others were faster: more than any cap.
const TRIES_MAX: usize = 20;

/// A command for one stream.
#[derive(Clone)]
pub struct Order<C> {
    /// The ledger.
    pub ledger: LedgerId,
    /// What the caller named it by.
    pub request: RequestId,
    /// The method and body that were asked, to know the same request again.
    pub asked: (&'static str, Vec<u8>),
    /// Who asks.
    pub caller: Caller,
    /// The duty that it needs.
    pub duty: Duty,
    /// The stream that it is for.
    pub stream: String,
    /// Claimed values that it names or would take.
    pub names: Vec<ClaimName>,
    /// The position that the caller has seen: nothing older is decided with.
    pub at_least: u64,
    /// The command itself.
    pub command: C,
}

/// An accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The ledger.
    pub ledger: LedgerId,
    /// The position of its last event; where it changed nothing, the position that it was decided at.
    pub position: u64,
    /// The position of its first event; `None` if it changed nothing.
    pub first: Option<u64>,
    /// The ids that it made.
    pub ids: Vec<Uuid>,
}

/// A command that was not accepted.
#[derive(Debug)]
pub enum Rejected<R> {
    /// The caller has no office with that duty.
    Denied(Duty),
    /// A rule said no.
    Refused(R),
    /// Nobody's rule.
    Fault(Fault),
}

impl<R> From<Fault> for Rejected<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Executes the commands of one decider.
pub struct Executor<D: Decider> {
    engine: Arc<Engine>,
    known: Arc<Known<D::Facts>>,
    states: Arc<States<D>>,
    locks: Locks,
}

type Lock = Arc<tokio::sync::Mutex<()>>;

/// A lock for each stream in use: commands on one stream go one after another.
#[derive(Default)]
struct Locks(Mutex<HashMap<(LedgerId, String), Lock>>);

impl Locks {
    async fn lock(&self, name: (LedgerId, String)) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if locks.len() > 1_000 {
                locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            }
            Arc::clone(locks.entry(name).or_default())
        };
        lock.lock_owned().await
    }
}

/// What one try came to.
enum Tried<R> {
    Done(Written),
    /// Others were faster, or the time was behind.
    Again(Fault),
    Rejected(Rejected<R>),
}

impl<D: Decider> Executor<D> {
    /// An executor over an engine, with the facts that its service knows.
    pub fn new(engine: Arc<Engine>, known: Arc<Known<D::Facts>>) -> Self {
        let states = Arc::new(States::new());
        let forgets: Arc<dyn Forgets> = Arc::clone(&states) as _;
        engine.tells(&forgets);
        Self { engine, known, states, locks: Locks::default() }
    }

    /// The engine that it works with.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// What its service knows.
    pub fn known(&self) -> &Arc<Known<D::Facts>> {
        &self.known
    }

    /// Executes a command. A refusal, a denial or a no-op is confirmed against the store before it is answered; a
    /// repeated request that was accepted gets its first answer.
    ///
    /// # Errors
    /// [`Rejected`].
    pub async fn execute(&self, order: Order<D::Command>) -> Result<Written, Rejected<D::Refusal>> {
        let _turn = self.locks.lock((order.ledger, order.stream.clone())).await;
        let keys = self.engine.vault.ledger_keys(order.ledger).await.map_err(Fault::from)?;
        let hash = keys.request_hash(order.asked.0, &order.asked.1);
        let mut fresh = false;
        let mut fault = Fault::Contended;
        for _ in 0..TRIES_MAX {
            let tried = self.attempt(&order, hash, fresh).await?;
            match tried {
                Tried::Done(written) if fresh || written.first.is_some() => return Ok(written),
                Tried::Rejected(rejected) if fresh => return Err(rejected),
                Tried::Done(_) | Tried::Rejected(_) => {
                    if let Some(written) = self.first_answer(&order, hash).await? {
                        return Ok(written);
                    }
                }
                // The clock is read anew once; a second time it is really behind.
                Tried::Again(Fault::ClockSkew) if matches!(fault, Fault::ClockSkew) => {
                    return Err(Fault::ClockSkew.into());
                }
                Tried::Again(why) => fault = why,
            }
            fresh = true;
        }
        Err(fault.into())
    }

    async fn attempt(
        &self,
        order: &Order<D::Command>,
        hash: [u8; 32],
        fresh: bool,
    ) -> Result<Tried<D::Refusal>, Fault> {
        let (ledger, engine) = (order.ledger, &self.engine);
        let basis = match fresh {
            true => self.known.confirmed(ledger).await?,
            false => self.known.at_least(ledger, order.at_least).await?,
        };
        let now = engine.clock.now();
        if !allowed(&basis, order, now) {
            return Ok(Tried::Rejected(Rejected::Denied(order.duty)));
        }
        let claimed = engine.resolve(ledger, &order.names).await?;
        let age = self.states.age();
        let (version, state) = self.state(ledger, &order.stream, fresh).await?;
        let (decided, relied, made) = {
            let context = Context::new(now, &order.caller, order.duty, order.request, &basis, &claimed);
            let decided = state.decide(&context, order.command.clone());
            (decided, context.relied(), context.made())
        };
        let position = basis.position;
        drop(basis);
        let events = match decided {
            Ok(events) if events.is_empty() => {
                return Ok(Tried::Done(Written { ledger, position, first: None, ids: Vec::new() }));
            }
            Ok(events) => events,
            Err(refusal) => return Ok(Tried::Rejected(Rejected::Refused(refusal))),
        };
        let commit = self.commit(order, hash, (version, now), &relied, &events, made).await?;
        let verdict = engine.append(ledger, commit).await?;
        self.follow_up(order, verdict, (age, version, state), &events)
    }

    fn follow_up(
        &self,
        order: &Order<D::Command>,
        verdict: Verdict,
        (age, version, mut state): (u64, u32, D),
        events: &[D::Event],
    ) -> Result<Tried<D::Refusal>, Fault> {
        match verdict {
            Verdict::Appended(receipt) => {
                events.iter().for_each(|event| state.evolve(event));
                let version = version.saturating_add(u32::try_from(events.len()).unwrap_or(u32::MAX));
                self.states.put(age, (order.ledger, order.stream.clone()), (version, state));
                Ok(Tried::Done(answered(order.ledger, receipt)))
            }
            Verdict::Known(receipt) => Ok(Tried::Done(answered(order.ledger, receipt))),
            Verdict::RequestReused => Err(Fault::RequestReused),
            Verdict::Behind => Ok(Tried::Again(Fault::ClockSkew)),
            Verdict::Moved | Verdict::GuardMoved(_) | Verdict::Claimed(..) => {
                Ok(Tried::Again(Fault::Contended))
            }
            Verdict::KeyDestroyed(key) => Err(Fault::broken(format!("key {key} has been destroyed"))),
        }
    }

    /// The state of a stream as the store has it by now.
    ///
    /// # Errors
    /// A record that can't be read, what the store answers.
    pub async fn folded(&self, ledger: LedgerId, stream: &str) -> Result<D, Fault> {
        Ok(self.state(ledger, stream, true).await?.1)
    }

    /// State and version of a stream: from memory, or with what the store has beyond it.
    async fn state(&self, ledger: LedgerId, stream: &str, fresh: bool) -> Result<(u32, D), Fault> {
        let (age, name) = (self.states.age(), (ledger, stream.to_owned()));
        let kept = self.states.get(&name);
        if let (Some(kept), false) = (&kept, fresh) {
            return Ok(kept.clone());
        }
        let (mut version, mut state) = kept.unwrap_or_default();
        for (at, event) in self.engine.read_stream_open(ledger, stream, version).await? {
            let event = D::Event::try_from(event);
            state
                .evolve(&event.map_err(|_| Fault::broken(format!("stream {stream} holds another's event")))?);
            version = at;
        }
        self.states.put(age, name, (version, state.clone()));
        Ok((version, state))
    }

    async fn commit(
        &self,
        order: &Order<D::Command>,
        request_hash: [u8; 32],
        (version, time): (u32, Instant),
        relied: &[Reliance],
        events: &[D::Event],
        ids: Vec<Uuid>,
    ) -> Result<Commit, Fault> {
        let keys = self.engine.vault.ledger_keys(order.ledger).await.map_err(Fault::from)?;
        let mut commit = Commit {
            request: order.request,
            actor: order.caller.person,
            request_hash,
            stream: order.stream.clone(),
            version,
            time,
            guards: relied
                .iter()
                .filter(|fact| fact.hard && fact.stream != order.stream)
                .map(|fact| (fact.stream.clone(), fact.version))
                .collect(),
            claims: Vec::new(),
            keys: Vec::new(),
            events: Vec::with_capacity(events.len()),
            ids,
        };
        for (ordinal, event) in events.iter().enumerate() {
            for claim in claims(&event.clone().into()) {
                let hash = ClaimHash { kind: claim.name.kind.name(), hash: keys.claim_hash(&claim.name) };
                commit.claims.push((hash, claim.subject));
            }
            let (event, kids) = self.event(order, (version, time), relied, (ordinal, event)).await?;
            // Nothing is sealed for whoever is erased, with an old key or a new one.
            commit.keys.extend(kids.iter().filter_map(|kid| vault::erasure_mark_of(kid)));
            commit.keys.extend(kids);
            commit.events.push(event);
        }
        Ok(commit)
    }

    async fn event(
        &self,
        order: &Order<D::Command>,
        (version, time): (u32, Instant),
        relied: &[Reliance],
        (ordinal, event): (usize, &D::Event),
    ) -> Result<(NewEvent, Vec<String>), Fault> {
        let id = Record::id_of(order.ledger, order.request, ordinal);
        let (mut written, kids) =
            self.engine.vault.seal(order.ledger, id, event).await.map_err(Fault::from)?;
        let kind = written.get("type").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
        let data = written.get_mut("data").map(serde_json::Value::take).unwrap_or_default();
        let relied: Vec<_> = relied.iter().map(|fact| format!("{}@{}", fact.stream, fact.version)).collect();
        let subject = event.subject();
        let record = Record {
            specversion: "1.0".into(),
            id,
            source: Record::source_of(order.ledger, D::Event::SERVICE),
            kind: kind.clone(),
            subject,
            time,
            stream: order.stream.clone(),
            streamversion: version.saturating_add(u32::try_from(ordinal + 1).unwrap_or(u32::MAX)),
            actor: order.caller.person,
            onbehalfof: None,
            duty: order.duty.name().to_owned(),
            requestid: order.request,
            correlationid: order.caller.correlation.clone(),
            causationid: order.caller.causation,
            reliedon: (!relied.is_empty()).then(|| relied.join(" ")),
            channel: order.caller.channel.name().to_owned(),
            traceparent: order.caller.traceparent.clone(),
            data,
        };
        let record = record.line().map_err(Fault::broken)?;
        let leaf = leaf_of(&record);
        let event = NewEvent { service: D::Event::SERVICE, record, leaf, kind, subject };
        Ok((event, kids.into_iter().collect()))
    }

    /// The first answer of a request that was accepted before.
    async fn first_answer(
        &self,
        order: &Order<D::Command>,
        hash: [u8; 32],
    ) -> Result<Option<Written>, Fault> {
        match self.engine.store.receipt(order.ledger, order.request).await? {
            None => Ok(None),
            Some((actor, known, receipt)) if actor == order.caller.person && known == hash => {
                Ok(Some(answered(order.ledger, receipt)))
            }
            Some(_) => Err(Fault::RequestReused),
        }
    }
}

/// The ledger itself acts in its reactors and at its deadlines: what started them was allowed.
fn allowed<F: events::Facts, C>(basis: &Basis<F>, order: &Order<C>, now: Instant) -> bool {
    let itself = order.caller.person.uuid() == order.ledger.uuid();
    itself || basis.authority.allows(order.caller.person, order.duty, now).is_some()
}

fn answered(ledger: LedgerId, receipt: Receipt) -> Written {
    Written { ledger, position: receipt.last, first: Some(receipt.first), ids: receipt.ids }
}
