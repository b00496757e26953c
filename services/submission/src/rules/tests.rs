use kernel::{Date, Instant, Rule, SchoolYear, Window, WorkId};
use uuid::Uuid;

use super::RULES;
use crate::domain::{Of, Refusal, batch, receipt};

/// Whoever adds a variant adds it here, and to the test below.
fn known(refusal: &Refusal) {
    match refusal {
        Refusal::UnknownWork { .. }
        | Refusal::AnothersWork { .. }
        | Refusal::OtherKind { .. }
        | Refusal::OtherYear { .. }
        | Refusal::NoPolicy { .. }
        | Refusal::WindowClosed { .. }
        | Refusal::NotEnrolled
        | Refusal::Locked { .. }
        | Refusal::NotCertified
        | Refusal::NotHandedIn
        | Refusal::Full { .. } => {}
    }
}

fn known_of_batch(refusal: &batch::Refusal) {
    match refusal {
        batch::Refusal::NoPolicy { .. }
        | batch::Refusal::SelectionOpen { .. }
        | batch::Refusal::UnderWay { .. }
        | batch::Refusal::NothingToSend { .. }
        | batch::Refusal::NotPrepared { .. }
        | batch::Refusal::NotLocked { .. }
        | batch::Refusal::NotChecked { .. }
        | batch::Refusal::Blocked { .. } => {}
    }
}

fn of_batch(year: SchoolYear) -> Vec<batch::Refusal> {
    vec![
        batch::Refusal::NoPolicy { year },
        batch::Refusal::SelectionOpen { until: Instant::default() },
        batch::Refusal::UnderWay { round: 1 },
        batch::Refusal::NothingToSend { year },
        batch::Refusal::NotPrepared { year },
        batch::Refusal::NotLocked { round: 1 },
        batch::Refusal::NotChecked { round: 1 },
        batch::Refusal::Blocked { blocking: 1 },
    ]
}

fn known_of_receipt(refusal: &receipt::Refusal) {
    match refusal {
        receipt::Refusal::NotIssued
        | receipt::Refusal::OtherRound { .. }
        | receipt::Refusal::Closed { .. }
        | receipt::Refusal::InDispute
        | receipt::Refusal::Incomplete { .. }
        | receipt::Refusal::Confirmed
        | receipt::Refusal::NotInReceipt { .. }
        | receipt::Refusal::NotDisputed
        | receipt::Refusal::NotLeft
        | receipt::Refusal::NotPosted
        | receipt::Refusal::AnsweredBeforePosted { .. }
        | receipt::Refusal::InFuture { .. } => {}
    }
}

fn of_receipt() -> Vec<receipt::Refusal> {
    let day = Date::constant(2026, 8, 10);
    vec![
        receipt::Refusal::NotIssued,
        receipt::Refusal::OtherRound { newest: 2 },
        receipt::Refusal::Closed { until: Instant::default(), now: Instant::default() },
        receipt::Refusal::InDispute,
        receipt::Refusal::Incomplete { wrong: 1 },
        receipt::Refusal::Confirmed,
        receipt::Refusal::NotInReceipt { work: WorkId::new(Uuid::nil()) },
        receipt::Refusal::NotDisputed,
        receipt::Refusal::NotLeft,
        receipt::Refusal::NotPosted,
        receipt::Refusal::AnsweredBeforePosted { posted: day },
        receipt::Refusal::InFuture { today: day },
    ]
}

fn window() -> Window {
    Window::try_new(Instant::from_micros(0), Instant::from_micros(1)).unwrap()
}

#[test]
fn every_refusal_has_a_row_and_no_row_is_left_over() {
    let year = SchoolYear::try_new(114).unwrap();
    let mut every =
        vec![Refusal::NoPolicy { year }, Refusal::NotEnrolled, Refusal::NotCertified, Refusal::NotHandedIn];
    for of in [Of::Outcomes, Of::Performances] {
        every.push(Refusal::UnknownWork { of });
        every.push(Refusal::AnothersWork { of });
        every.push(Refusal::OtherKind { of });
        every.push(Refusal::OtherYear { of, year });
        every.push(Refusal::WindowClosed { of, window: window(), now: Instant::from_micros(1) });
        every.push(Refusal::Locked { of });
        every.push(Refusal::Full { of, cap: 6 });
    }
    every.iter().for_each(known);
    let (batches, receipts) = (of_batch(year), of_receipt());
    batches.iter().for_each(known_of_batch);
    receipts.iter().for_each(known_of_receipt);
    let refusals: Vec<_> = every.iter().map(|refusal| refusal as &dyn kernel::Refusal).collect();
    let batches = batches.iter().map(|refusal| refusal as &dyn kernel::Refusal);
    let receipts = receipts.iter().map(|refusal| refusal as &dyn kernel::Refusal);
    let refusals: Vec<_> = refusals.into_iter().chain(batches).chain(receipts).collect();
    assert_eq!(Rule::differences(RULES, &refusals), Vec::<String>::new());
}
