//! Views and reactors: what stops one stops it alone, in one ledger alone; what is stored is the fold of the ledger.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;
use kernel::Duty;

use super::*;
use crate::Fault;
use crate::follow::{Fares, Follower, Next};
use crate::project::{self, Of, Projecting, Projection, digest, replay};
use crate::react::{self, Reacting, Reactor};
use crate::store::{Document, Parked};

/// Whom no follower gets past.
const POISON: u128 = 13;

fn is_poison(event: &Recorded) -> bool {
    office::who(event) == Some(person(POISON))
}

/// [`Seats`], which gets past the poison only once it is cured.
#[derive(Default)]
struct Sick {
    cured: AtomicI64,
}

impl Projection for Sick {
    fn name(&self) -> &'static str {
        "sick"
    }

    fn version(&self) -> u32 {
        2
    }

    fn keys(&self, event: &Recorded) -> Vec<String> {
        Seats::keys(event)
    }

    fn fold(&self, documents: &mut BTreeMap<String, Vec<u8>>, events: &[Arc<Recorded>]) -> Result<(), Fault> {
        let ill = self.cured.load(Ordering::Relaxed) == 0;
        if ill && events.iter().any(|event| is_poison(event)) {
            return Err(Fault::broken("poison"));
        }
        Of::<Seats>::default().fold(documents, events)
    }
}

/// How a reactor fails at the poison.
type AtPoison = fn() -> Result<(), Fault>;

/// Reacts by seating whom it hasn't seated yet, one number higher, up to nine.
struct Chain {
    office: Arc<Executor<Office>>,
    at_poison: AtPoison,
    seen: Mutex<HashMap<u64, usize>>,
}

impl Chain {
    fn new(process: &Process, at_poison: AtPoison) -> Arc<Self> {
        Arc::new(Self { office: Arc::clone(&process.office), at_poison, seen: Mutex::default() })
    }
}

#[async_trait]
impl Reactor for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    async fn react(&self, event: &Recorded) -> Result<(), Fault> {
        *self.seen.lock().unwrap().entry(event.position).or_default() += 1;
        if is_poison(event) {
            return (self.at_poison)();
        }
        let Some(next) = office::who(event).map(|who| who.uuid().as_u128() + 1).filter(|next| *next < 10)
        else {
            return Ok(());
        };
        let goes = (Duty::AssignOffice, format!("office-{next}"));
        let order = react::order(event, ("chain", "0"), goes, Command::Seat(person(next)));
        match self.office.execute(order).await {
            Ok(_) | Err(Rejected::Refused(_)) => Ok(()),
            Err(Rejected::Fault(fault)) => Err(fault),
            Err(Rejected::Denied(duty)) => panic!("{duty}"),
        }
    }
}

async fn seat(process: &Process, ledger: LedgerId, persons: &[u128]) {
    for n in persons {
        let seat = order_in(ledger, *n, Command::Seat(person(*n)));
        process.office.execute(seat).await.unwrap();
    }
}

/// How far it got in one turn; `None`: it failed.
async fn turn(
    fares: &mut Fares,
    process: &Process,
    follower: &dyn Follower,
    ledger: LedgerId,
) -> Option<u64> {
    match fares.turn(&process.engine, follower, ledger).await {
        Next::Beyond(position) => Some(position),
        Next::After(_) => None,
    }
}

async fn parked(process: &Process) -> Vec<Parked> {
    process.engine.store.parked().await.unwrap()
}

async fn stored(
    process: &Process,
    view: &str,
    version: u32,
    ledger: LedgerId,
) -> (u64, BTreeMap<String, Vec<u8>>) {
    let (position, documents) = process.engine.store.all_documents(view, version, ledger).await.unwrap();
    (position, documents.into_iter().map(|Document { key, body }| (key, body)).collect())
}

#[tokio::test]
async fn a_poison_event_parks_that_view_for_that_ledger_alone() {
    let folder = folder();
    let process = Process::start(&folder).await;
    seat(&process, LEDGER, &[1, 2, POISON, 4]).await;
    seat(&process, OTHER, &[1, 2]).await;
    let cause = Arc::new(Sick::default());
    let sick = Projecting(Arc::clone(&cause) as _);
    let sound = Projecting(Arc::new(Of::<Seats>::default()));
    let mut here = Fares::new();
    assert_eq!(turn(&mut here, &process, &sick, LEDGER).await, None);
    assert_eq!(turn(&mut Fares::new(), &process, &sick, OTHER).await, Some(2));
    assert_eq!(turn(&mut Fares::new(), &process, &sound, LEDGER).await, Some(4));
    let told = Parked {
        follower: "view:sick/2".into(),
        ledger: LEDGER,
        position: 2,
        reason: "poison".into(),
        since: Instant::from_micros(NOON),
    };
    assert_eq!(parked(&process).await, std::slice::from_ref(&told));
    // What comes before the event is there.
    let (position, documents) = stored(&process, "sick", 2, LEDGER).await;
    assert_eq!((position, documents.len()), (2, 2));
    // It has been parked since it was first.
    process.clock.set(NOON + 1_000_000, 0);
    assert_eq!(turn(&mut here, &process, &sick, LEDGER).await, None);
    assert_eq!(parked(&process).await, [told]);
    // Another process, once it is mended, as after an update.
    let again = Process::start(&folder).await;
    cause.cured.store(1, Ordering::Relaxed);
    assert_eq!(turn(&mut Fares::new(), &again, &sick, LEDGER).await, Some(4));
    assert_eq!(parked(&again).await, []);
    let (_, sound) = stored(&again, "seats", 1, LEDGER).await;
    assert_eq!(stored(&again, "sick", 2, LEDGER).await, (4, sound));
}

#[tokio::test]
async fn a_reactor_that_fails_or_panics_is_parked_and_one_that_waits_is_not() {
    let folder = folder();
    let process = Process::start(&folder).await;
    seat(&process, LEDGER, &[20, POISON, 21]).await;
    let cases: [(AtPoison, Option<&str>); 4] = [
        (|| Err(Fault::Contended), None),
        (|| Err(Fault::NewerEvent("of tomorrow".into())), None),
        (|| Err(Fault::broken("poison")), Some("poison")),
        (|| panic!("it can't be"), Some("it panicked; the log says more")),
    ];
    for (at_poison, reason) in cases {
        let chain = Reacting(Chain::new(&process, at_poison));
        assert_eq!(turn(&mut Fares::new(), &process, &chain, LEDGER).await, None);
        let parked = parked(&process).await;
        let told: Vec<_> =
            parked.iter().map(|p| (p.follower.as_str(), p.position, p.reason.as_str())).collect();
        assert_eq!(told, reason.map(|reason| ("reactor:chain", 1, reason)).as_slice());
    }
    let chain = Reacting(Chain::new(&process, || Ok(())));
    assert_eq!(turn(&mut Fares::new(), &process, &chain, LEDGER).await, Some(3));
    assert_eq!(parked(&process).await, []);
    // What it got through, it doesn't see again.
    let seen = Chain::new(&process, || Ok(()));
    assert_eq!(turn(&mut Fares::new(), &process, &Reacting(Arc::clone(&seen) as _), LEDGER).await, Some(3));
    assert!(seen.seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_run_on_side_by_side_until_they_are_told_to_stop() {
    let folder = folder();
    let process = Process::start(&folder).await;
    let stop = tokio::sync::watch::Sender::new(false);
    let view = project::run(Arc::clone(&process.engine), Arc::new(Of::<Seats>::default()), stop.subscribe());
    let sick = project::run(Arc::clone(&process.engine), Arc::new(Sick::default()), stop.subscribe());
    let chain = Chain::new(&process, || Err(Fault::broken("poison")));
    let chain = react::run(Arc::clone(&process.engine), chain, stop.subscribe());
    let mut running = tokio::task::JoinSet::new();
    running.spawn(view);
    running.spawn(sick);
    running.spawn(chain);
    seat(&process, LEDGER, &[POISON, 1]).await;
    seat(&process, OTHER, &[1]).await;
    // It reacts to what it made itself, up to nine: 1, 2, …, 9 in the ledger that has no poison.
    let engine = &process.engine;
    let at = |view: &'static str, version, ledger, wanted| async move {
        let at = engine.store.checkpoint(view, version, ledger).await.unwrap();
        (at == wanted).then_some(())
    };
    until("the reactor in the sound ledger", || at("reactor:chain", 1, OTHER, 9)).await;
    until("the sick view in the sound ledger", || at("sick", 2, OTHER, 9)).await;
    until("the sound view", || at("seats", 1, OTHER, 9)).await;
    until("the sound view in the ledger of the poison", || at("seats", 1, LEDGER, 2)).await;
    let told = until("both parked", || async {
        let parked = parked(&process).await;
        (parked.len() == 2).then_some(parked)
    });
    let told = told.await;
    assert!(told.iter().all(|parked| (parked.ledger, parked.position) == (LEDGER, 0)));
    stop.send_replace(true);
    tokio::time::timeout(PATIENCE, running.join_all()).await.unwrap();
}

#[tokio::test]
async fn two_processes_react_once() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    seat(&one, OTHER, &[1]).await;
    let chains = [Reacting(Chain::new(&one, || Ok(()))), Reacting(Chain::new(&other, || Ok(())))];
    loop {
        let mut fares = (Fares::new(), Fares::new());
        let both = tokio::join!(
            turn(&mut fares.0, &one, &chains[0], OTHER),
            turn(&mut fares.1, &other, &chains[1], OTHER),
        );
        one.engine.sweep().await.unwrap();
        other.engine.sweep().await.unwrap();
        if both == (Some(9), Some(9)) {
            break;
        }
    }
    let events = one.engine.store.read(OTHER, 0, 99).await.unwrap();
    assert_eq!(events.len(), 9);
}

#[tokio::test]
async fn a_view_of_several_pages_is_what_a_replay_folds() {
    let folder = folder();
    let process = Process::start(&folder).await;
    for n in 0..5 {
        process.ask(n, Command::Make(997)).await.unwrap();
    }
    let one = process.ask(5, Command::Make(1)).await.unwrap();
    // Of no document.
    process.ask(6, Command::Vacate(person(5))).await.unwrap();
    let last = 5 * 997 + 2;
    let view = Of::<Seats>::default();
    // From memory, and from the store.
    let follower = Projecting(Arc::new(Of::<Seats>::default()));
    assert_eq!(turn(&mut Fares::new(), &process, &follower, LEDGER).await, Some(last));
    let (position, documents) = stored(&process, "seats", 1, LEDGER).await;
    assert_eq!((position, documents.len()), (last, 5 * 997 + 1));
    let other = Process::start(&folder).await;
    for process in [&process, &other] {
        let replayed = replay(&process.engine, &view, LEDGER, last).await.unwrap();
        assert_eq!(digest(&replayed), digest(&documents));
        let half = replay(&process.engine, &view, LEDGER, 2_345).await.unwrap();
        assert_eq!(half.len(), 2_345);
        let beyond = replay(&process.engine, &view, LEDGER, last + 1).await;
        assert!(matches!(beyond, Err(Fault::NotYet(_))));
    }
    // The other process reads it all from the store, page by page.
    let follower = Projecting(Arc::new(Sick { cured: AtomicI64::new(1) }));
    other.engine.sweep().await.unwrap();
    assert_eq!(turn(&mut Fares::new(), &other, &follower, LEDGER).await, Some(last));
    assert_eq!(stored(&other, "sick", 2, LEDGER).await, (last, documents));
    // One document, not older than asked.
    let key = PersonId::new(one.ids[0]).to_string();
    let (at, document) =
        project::document::<Seats>(&other.engine, LEDGER, &key, last, PATIENCE).await.unwrap();
    assert_eq!((at, document), (last, Some(vec![last - 1])));
    let late = project::document::<Seats>(&other.engine, LEDGER, &key, last + 1, Duration::ZERO).await;
    assert!(matches!(late, Err(Fault::NotYet(_))));
}
