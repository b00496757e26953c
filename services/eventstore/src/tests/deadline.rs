//! Deadlines: what is due is done once, in every ledger, whoever watches; what can't be done holds up nothing else.

use kernel::EventId;

use super::office::{END, TERM};
use super::*;
use crate::Fault;
use crate::deadline::{self, Watching};
use crate::follow::{Fares, Next};
use crate::store::conformance::{Place, on_both};

on_both!(
    a_deadline_is_met_once_by_two_processes_and_not_before_it_is_due,
    what_is_refused_is_asked_again_once_its_stream_has_moved,
    one_that_fails_is_parked_and_holds_up_no_other,
    the_runner_meets_the_deadlines_of_every_ledger_until_it_is_told_to_stop,
);

const TERM_MICROS: i64 = 3_600_000_000;

async fn process(place: &Place) -> Process {
    Process::on(place.open().await.unwrap(), Arc::new(LocalBus::default()), LEDGER).await
}

fn stream(n: u128) -> String {
    format!("term-{n}")
}

/// Begins somebody's term.
async fn seat(process: &Process, ledger: LedgerId, n: u128) -> Written {
    let order = Order { stream: stream(n), ..order_in(ledger, n, Command::Seat(person(n))) };
    process.office.execute(order).await.unwrap()
}

async fn turn(process: &Process, watching: &Watching<Office>) -> Option<u64> {
    process.engine.sweep().await.unwrap();
    match Fares::new().turn(&process.engine, watching, LEDGER).await {
        Next::Beyond(position) => Some(position),
        Next::After(_) => None,
    }
}

fn watching(process: &Process) -> Watching<Office> {
    Watching::new("terms", Arc::clone(&process.office))
}

/// What stands in a stream: types, channels and causes.
async fn told(process: &Process, ledger: LedgerId, n: u128) -> Vec<(String, String, Option<EventId>)> {
    let stored = process.engine.store.read_stream(ledger, &stream(n), 0).await.unwrap();
    let record = |stored: &crate::store::Stored| events::Record::parse(&stored.record).unwrap();
    let records = stored.iter().map(record);
    records.map(|record| (record.kind, record.channel, record.causationid)).collect()
}

async fn events_of(process: &Process, ledger: LedgerId, n: u128) -> usize {
    told(process, ledger, n).await.len()
}

async fn a_deadline_is_met_once_by_two_processes_and_not_before_it_is_due(place: &Place) {
    let (one, other) = (process(place).await, process(place).await);
    one.adopt(99).await;
    seat(&one, LEDGER, 1).await;
    one.clock.set(NOON + 1, 0);
    seat(&one, LEDGER, 2).await;
    let watching = [watching(&one), watching(&other)];
    for clock in [&one.clock, &other.clock] {
        clock.set(NOON + TERM_MICROS - 1, 0);
    }
    assert_eq!(turn(&one, &watching[0]).await, Some(3));
    assert_eq!((events_of(&one, LEDGER, 1).await, events_of(&one, LEDGER, 2).await), (1, 1));
    for clock in [&one.clock, &other.clock] {
        clock.set(NOON + TERM_MICROS, 0);
    }
    let both = tokio::join!(turn(&one, &watching[0]), turn(&other, &watching[1]));
    assert!(both.0.is_some() && both.1.is_some(), "{both:?}");
    let told = told(&one, LEDGER, 1).await;
    let (seated, vacated) = (&told[0], &told[1]);
    assert_eq!((told.len(), vacated.1.as_str()), (2, "deadline"));
    assert_ne!(seated.0, vacated.0);
    assert!(vacated.2.is_some());
    assert_eq!(events_of(&one, LEDGER, 2).await, 1);
    // Whoever comes later, and knows nothing of it, finds nothing left to do.
    let third = process(place).await;
    third.clock.set(NOON + TERM_MICROS, 0);
    assert_eq!(turn(&third, &self::watching(&third)).await, Some(4));
    assert_eq!(third.engine.store.head(LEDGER).await.unwrap().position, 4);
}

async fn what_is_refused_is_asked_again_once_its_stream_has_moved(place: &Place) {
    let process = process(place).await;
    seat(&process, LEDGER, 1).await;
    process.clock.set(NOON + TERM_MICROS, 0);
    let watching = watching(&process);
    // There is no policy.
    assert_eq!(turn(&process, &watching).await, Some(1));
    assert_eq!(events_of(&process, LEDGER, 1).await, 1);
    process.adopt(99).await;
    assert_eq!(turn(&process, &watching).await, Some(2));
    assert_eq!(events_of(&process, LEDGER, 1).await, 1);
    let name = Command::Name(person(1), "王".into());
    process.office.execute(Order { stream: stream(1), ..order(98, name) }).await.unwrap();
    turn(&process, &watching).await.unwrap();
    assert_eq!(events_of(&process, LEDGER, 1).await, 3);
    // A new term is a new deadline.
    let again = Order { stream: stream(1), ..order(97, Command::Seat(person(1))) };
    process.office.execute(again).await.unwrap();
    process.clock.set(NOON + 2 * TERM_MICROS, 0);
    turn(&process, &watching).await.unwrap();
    assert_eq!(events_of(&process, LEDGER, 1).await, 5);
}

async fn one_that_fails_is_parked_and_holds_up_no_other(place: &Place) {
    let process = process(place).await;
    process.adopt(99).await;
    let seated = seat(&process, LEDGER, 1).await;
    seat(&process, LEDGER, 2).await;
    // Its request id is taken by another body: nobody's doing, and nothing passes.
    let due = Instant::from_micros(NOON).plus(TERM);
    let taken = LEDGER.derive(&format!("deadline/{}/{END}/{due}", stream(1)));
    process.ask(taken.as_u128(), Command::Seat(person(9))).await.unwrap();
    process.clock.set(NOON + TERM_MICROS, 0);
    let watching = watching(&process);
    assert_eq!(turn(&process, &watching).await, None);
    assert_eq!((events_of(&process, LEDGER, 1).await, events_of(&process, LEDGER, 2).await), (1, 2));
    let parked = process.engine.store.parked().await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].follower.as_str(), parked[0].ledger), ("deadline:terms", LEDGER));
    assert_eq!(parked[0].reason, Fault::RequestReused.to_string());
    assert!(parked[0].position > seated.position);
    // Somebody sees to it by hand.
    let by_hand = Order { stream: stream(1), ..order(98, Command::Vacate(person(1))) };
    process.office.execute(by_hand).await.unwrap();
    assert!(turn(&process, &watching).await.is_some());
    assert_eq!(process.engine.store.parked().await.unwrap(), []);
}

async fn the_runner_meets_the_deadlines_of_every_ledger_until_it_is_told_to_stop(place: &Place) {
    let process = process(place).await;
    let stop = tokio::sync::watch::Sender::new(false);
    let mut running = tokio::task::JoinSet::new();
    running.spawn(deadline::run("terms", Arc::clone(&process.office), stop.subscribe()));
    for (n, ledger) in [(1, LEDGER), (2, OTHER)] {
        process.adopt_in(ledger, 90 + n).await;
        seat(&process, ledger, n).await;
    }
    process.clock.set(NOON + TERM_MICROS, 0);
    for (n, ledger) in [(1, LEDGER), (2, OTHER)] {
        let ended = || async { (events_of(&process, ledger, n).await == 2).then_some(()) };
        until("the end of the term", ended).await;
    }
    stop.send_replace(true);
    tokio::time::timeout(PATIENCE, running.join_all()).await.unwrap();
}
