//! The clock: which one, and whether it goes right.

use std::time::Duration;

use chassis::clock::{Real, Simulated};
use kernel::{Clock, Instant};

use super::Patient;
use super::report::Report;
use super::store::Opened;
use crate::causes;

/// By how much clocks may differ; events that are further behind the last one are refused.
const SKEW_MAX: Duration = Duration::from_secs(2);

pub(super) async fn look(patient: &Patient, report: &mut Report) {
    let Some(clock) = clock(patient, report) else { return };
    kept(patient, report).await;
    if let (Some(Opened::Postgres(store)), None) = (&patient.store, &patient.config.clock.simulated) {
        let before = clock.now();
        match store.now().await {
            Ok(theirs) => skew(before, theirs, clock.now(), report),
            Err(fault) => report.fail("clock", causes(&fault), "start the database"),
        }
    }
    for ledger in &patient.ledgers {
        let ahead = ledger.head.time.since(clock.now());
        if ahead > SKEW_MAX {
            let detail = format!(
                "the last event of school {} is {} s in the future, at {}: until then every command is refused",
                ledger.code,
                ahead.as_secs(),
                ledger.head.time
            );
            report.fail(
                "clock",
                detail,
                "set this host's clock right (NTP); if it is right, another's was wrong",
            );
        }
    }
}

fn clock(patient: &Patient, report: &mut Report) -> Option<Box<dyn Clock>> {
    let Some(file) = &patient.config.clock.simulated else { return Some(Box::new(Real)) };
    match Simulated::new(file) {
        Ok(clock) => Some(Box::new(clock)),
        Err(error) => {
            let detail = format!("simulated by {}, which can't be read: {error}", file.display());
            report.fail("clock", detail, "write an RFC 3339 instant into the file");
            None
        }
    }
}

/// The store remembers which clock made it.
async fn kept(patient: &Patient, report: &mut Report) {
    let asked = if patient.config.clock.simulated.is_some() { "simulated" } else { "real" };
    let Some(store) = &patient.store else {
        return report.ok("clock", format!("{asked}; the store can't be asked which one made it"));
    };
    match store.store().setting("clock").await {
        Ok(Some(kept)) if kept != asked => {
            let detail = format!("the store was made with a {kept} clock, and a {asked} one is configured");
            report.fail("clock", detail, "set clock.simulated as it was, or leave it out as it was");
        }
        Ok(Some(_) | None) => report.ok("clock", asked),
        Err(fault) => report.fail("clock", causes(&fault), "start the database"),
    }
}

fn skew(before: Instant, theirs: Instant, after: Instant, report: &mut Report) {
    // Whatever the answer took is no skew.
    let skew = before.since(theirs).max(theirs.since(after));
    if skew > SKEW_MAX {
        let detail = format!("this host and the database differ by {:.1} s", skew.as_secs_f64());
        report.warn("clock", detail, "set both by the same time server (NTP)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_by_two_seconds_besides_what_the_answer_took() {
        let at = |seconds: i64| Instant::from_micros(1_800_000_000_000_000 + seconds * 1_000_000);
        for (before, theirs, after, warned) in [
            (0, 0, 0, false),
            (0, 2, 0, false),
            (0, -2, 0, false),
            (0, 5, 4, false),
            (0, 3, 0, true),
            (0, -3, 9, true),
        ] {
            let mut report = Report::default();
            skew(at(before), at(theirs), at(after), &mut report);
            let none = Report::default();
            assert_eq!(format!("{report:?}") != format!("{none:?}"), warned, "{before} {theirs} {after}");
            assert!(!report.failed());
        }
    }
}
