//! One command: what it is decided with, and what it is answered when others were faster.

use std::sync::Arc;

use events::{Caller, Channel, Record};
use kernel::Duty;
use tokio::task::JoinSet;

use super::office::CAP;
use super::*;
use crate::Fault;

fn refused(answer: &Answer) -> Option<No> {
    match answer {
        Err(Rejected::Refused(no)) => Some(*no),
        Ok(_) => None,
        Err(Rejected::Denied(_) | Rejected::Fault(_)) => panic!("{answer:?}"),
    }
}

fn fault(answer: Answer) -> Fault {
    match answer {
        Err(Rejected::Fault(fault)) => fault,
        Ok(_) | Err(_) => panic!("{answer:?}"),
    }
}

/// The record at a position.
async fn record(process: &Process, position: u64) -> Record {
    let stored = process.engine.store.read(LEDGER, position - 1, 1).await.unwrap();
    Record::parse(&stored[0].record).unwrap()
}

/// Fifty ask for a seat at once, shared out among these processes.
async fn fifty(processes: &[&Process]) -> Vec<Answer> {
    let mut asking = JoinSet::new();
    for n in 0..50 {
        let office = Arc::clone(&processes[usize::try_from(n).unwrap() % processes.len()].office);
        asking.spawn(async move { office.execute(order(n, Command::Seat(person(n)))).await });
    }
    asking.join_all().await
}

async fn assert_cap(process: &Process, answers: &[Answer]) {
    let no: Vec<_> = answers.iter().filter_map(refused).collect();
    assert_eq!(no, [No::Full; 50 - CAP]);
    let stored = process.engine.store.read(LEDGER, 0, 99).await.unwrap();
    assert_eq!(stored.len(), CAP);
    let mut positions: Vec<_> = answers.iter().flatten().map(|written| written.position).collect();
    positions.sort_unstable();
    assert_eq!(positions, (1..=6).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_six_are_accepted_and_the_others_refused() {
    let folder = folder();
    let process = Process::start(&folder).await;
    let answers = fifty(&[&process]).await;
    assert_cap(&process, &answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_in_two_processes_six_are_accepted_and_the_others_refused() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    let answers = fifty(&[&one, &other]).await;
    assert_cap(&one, &answers).await;
}

#[tokio::test]
async fn a_refusal_decided_on_a_stale_state_is_confirmed() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    for n in 0..6 {
        other.ask(n, Command::Seat(person(n))).await.unwrap();
    }
    one.ask(10, Command::Vacate(person(0))).await.unwrap();
    // It believes that the office is full.
    assert_eq!(other.ask(11, Command::Seat(person(11))).await.unwrap().position, 8);
    // And that this one is seated: nothing to do.
    one.ask(12, Command::Vacate(person(11))).await.unwrap();
    let seated = other.ask(13, Command::Seat(person(11))).await.unwrap();
    assert_eq!((seated.first, seated.position), (Some(10), 10));
    assert_eq!(refused(&one.ask(14, Command::Seat(person(14))).await), Some(No::Full));
}

#[tokio::test]
async fn what_changes_nothing_says_where_it_was_decided() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    one.ask(1, Command::Seat(person(1))).await.unwrap();
    other.ask(2, Command::Seat(person(2))).await.unwrap();
    let nothing = one.ask(3, Command::Seat(person(1))).await.unwrap();
    assert_eq!(nothing, Written { ledger: LEDGER, position: 2, first: None, ids: vec![] });
    assert_eq!(one.engine.store.head(LEDGER).await.unwrap().position, 2);
}

#[tokio::test]
async fn a_request_that_was_accepted_gets_its_first_answer_again() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    let made = one.ask(1, Command::Make(3)).await.unwrap();
    assert_eq!((made.first, made.position, made.ids.len()), (Some(1), 3, 3));
    let seated = one.ask(2, Command::Seat(person(2))).await.unwrap();
    for process in [&one, &other] {
        assert_eq!(process.ask(1, Command::Make(3)).await.unwrap(), made);
        // By now it would change nothing.
        assert_eq!(process.ask(2, Command::Seat(person(2))).await.unwrap(), seated);
    }
    for n in 3..5 {
        one.ask(n, Command::Seat(person(n))).await.unwrap();
    }
    one.ask(5, Command::Vacate(person(2))).await.unwrap();
    one.ask(6, Command::Seat(person(6))).await.unwrap();
    for process in [&one, &other] {
        // By now it would be refused.
        assert_eq!(process.ask(2, Command::Seat(person(2))).await.unwrap(), seated);
    }
    one.ask(7, Command::Vacate(person(6))).await.unwrap();
    for process in [&one, &other] {
        // By now it would be accepted once more.
        assert_eq!(process.ask(2, Command::Seat(person(2))).await.unwrap(), seated);
    }
    assert_eq!(one.engine.store.head(LEDGER).await.unwrap().position, 9);
}

#[tokio::test]
async fn a_request_at_once_in_two_processes_is_accepted_once() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    let (first, second) = tokio::join!(one.ask(1, Command::Make(2)), other.ask(1, Command::Make(2)));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(one.engine.store.head(LEDGER).await.unwrap().position, 2);
}

#[tokio::test]
async fn a_request_id_stands_for_one_actor_and_one_body() {
    let folder = folder();
    let process = Process::start(&folder).await;
    process.ask(1, Command::Seat(person(1))).await.unwrap();
    process.ask(2, Command::Allow).await.unwrap();
    let body = process.ask(1, Command::Seat(person(3))).await;
    assert!(matches!(fault(body), Fault::RequestReused));
    let nothing_new = Order { asked: ("Office", vec![]), ..order(1, Command::Seat(person(1))) };
    assert!(matches!(fault(process.office.execute(nothing_new).await), Fault::RequestReused));
    let method =
        Order { asked: ("Other", order(1, Command::Seat(person(1))).asked.1), ..order(1, Command::Make(1)) };
    assert!(matches!(fault(process.office.execute(method).await), Fault::RequestReused));
    for asker in [1, 9] {
        // Who may, and who may not.
        let caller = Caller::new(person(asker), Channel::Grpc);
        let actor = Order { caller, ..order(1, Command::Seat(person(1))) };
        assert!(matches!(fault(process.office.execute(actor).await), Fault::RequestReused));
    }
    assert_eq!(process.engine.store.head(LEDGER).await.unwrap().position, 2);
}

#[tokio::test]
async fn a_request_that_was_refused_is_decided_anew() {
    let folder = folder();
    let process = Process::start(&folder).await;
    for n in 0..6 {
        process.ask(n, Command::Seat(person(n))).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(refused(&process.ask(6, Command::Seat(person(6))).await), Some(No::Full));
    }
    process.ask(7, Command::Vacate(person(0))).await.unwrap();
    assert_eq!(process.ask(6, Command::Seat(person(6))).await.unwrap().position, 8);
}

#[tokio::test]
async fn who_has_no_duty_is_denied_until_it_is_given_elsewhere() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    other.ask(1, Command::Seat(person(1))).await.unwrap();
    let caller = Caller::new(person(1), Channel::Grpc);
    let asked = Order { caller, ..order(2, Command::Seat(person(2))) };
    let denied = other.office.execute(asked.clone()).await;
    assert!(matches!(denied, Err(Rejected::Denied(Duty::AssignOffice))), "{denied:?}");
    one.ask(3, Command::Allow).await.unwrap();
    let written = other.office.execute(asked).await.unwrap();
    let record = record(&other, written.position).await;
    assert_eq!((record.actor, record.duty.as_str()), (person(1), Duty::AssignOffice.name()));
}

#[tokio::test]
async fn a_guard_that_has_moved_is_read_again() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    assert_eq!(refused(&other.ask(1, Command::SeatByPolicy(person(1))).await), Some(No::NoPolicy));
    one.adopt(2).await;
    // It knows of no policy: the refusal is confirmed.
    let written = other.ask(1, Command::SeatByPolicy(person(1))).await.unwrap();
    assert_eq!(record(&other, written.position).await.reliedon.as_deref(), Some("policy-115@1"));
    one.adopt(3).await;
    // It knows the former policy: the append says so.
    let written = other.ask(4, Command::SeatByPolicy(person(4))).await.unwrap();
    assert_eq!(record(&other, written.position).await.reliedon.as_deref(), Some("policy-115@2"));
}

#[tokio::test]
async fn a_clock_that_is_behind_is_read_anew_once() {
    let folder = folder();
    let process = Process::start(&folder).await;
    process.ask(1, Command::Seat(person(1))).await.unwrap();
    process.clock.set(NOON - 2_000_000, 0);
    process.ask(2, Command::Seat(person(2))).await.unwrap();
    process.clock.set(NOON + 10_000_000, 0);
    process.ask(3, Command::Seat(person(3))).await.unwrap();
    process.clock.set(NOON, 0);
    assert!(matches!(fault(process.ask(4, Command::Seat(person(4))).await), Fault::ClockSkew));
    assert_eq!(process.engine.store.head(LEDGER).await.unwrap().position, 3);
    // Behind when it is read first, and not when it is read again.
    process.clock.set(NOON + 7_999_999, 1);
    let written = process.ask(4, Command::Seat(person(4))).await.unwrap();
    assert_eq!(record(&process, written.position).await.time, Instant::from_micros(NOON + 8_000_000));
}

#[tokio::test]
async fn nothing_older_than_what_the_caller_has_seen_is_decided_with() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    other.ask(1, Command::Seat(person(1))).await.unwrap();
    let seen = one.adopt(2).await.position;
    let basis = other.office.known().at_least(LEDGER, 0).await.unwrap();
    assert_eq!(basis.position, 1);
    drop(basis);
    let basis = other.office.known().at_least(LEDGER, seen).await.unwrap();
    assert_eq!(basis.position, 2);
    drop(basis);
    let beyond = Order { at_least: 3, ..order(3, Command::Seat(person(3))) };
    assert!(matches!(fault(other.office.execute(beyond.clone()).await), Fault::NotYet(3)));
    one.adopt(4).await;
    assert_eq!(other.office.execute(beyond).await.unwrap().position, 4);
}

#[tokio::test]
async fn what_is_personal_is_sealed_at_rest_and_open_in_the_stream() {
    let folder = folder();
    let (one, other) = (Process::start(&folder).await, Process::start(&folder).await);
    let name = "王小明";
    one.ask(1, Command::Name(person(1), name.into())).await.unwrap();
    let stored = &other.engine.store.read(LEDGER, 0, 1).await.unwrap()[0];
    assert!(!String::from_utf8(stored.record.clone()).unwrap().contains(name));
    let open = other.engine.read_stream_open(LEDGER, "office-library", 0).await.unwrap();
    let events::AnyEvent::Governance(events::GovernanceEvent::OfficerNamed { name: opened, .. }) = &open[0].1
    else {
        panic!("{open:?}");
    };
    assert_eq!(opened.open().map(String::as_str), Some(name));
}
