//! Views and reactors: how far each has come in each ledger, and which are parked.

use eventstore::store::{Parked, Store};
use eventstore::{Fault, project, react};
use kernel::LedgerId;

use super::Patient;
use super::report::Report;
use super::store::Ledger;
use crate::causes;

pub(super) async fn look(patient: &Patient, report: &mut Report) {
    let Some(store) = &patient.store else { return };
    let store = store.store();
    if let Err(fault) = all(&*store, patient, report).await {
        report.fail("followers", causes(&fault), "start the database, or correct store.url");
    }
}

async fn all(store: &dyn Store, patient: &Patient, report: &mut Report) -> Result<(), Fault> {
    let parked = store.parked().await?;
    let reactors = submission::reactors(patient.config.central.url.is_some());
    for ledger in &patient.ledgers {
        // What it has by now: while it is served, followers may have come further than the head that was read first.
        let positions = positions(store, ledger.id, reactors).await?;
        let (mut in_step, mut late) = (0_u32, false);
        for (follower, position) in &positions {
            let stands =
                parked.iter().find(|parked| parked.ledger == ledger.id && parked.follower == *follower);
            if let Some(parked) = stands {
                tell_parked(ledger, parked, report);
                late = true;
            } else if *position < ledger.head.position {
                let behind = ledger.head.position - position;
                let what = format!("{follower} in {}", ledger.code);
                let detail = format!("stands at {position} of {}, {behind} behind", ledger.head.position);
                report.warn(what, detail, "it catches up by itself while `licheng serve` runs");
                late = true;
            } else {
                in_step += 1;
            }
        }
        // What no service of this version runs any more can be parked too.
        let others = parked.iter().filter(|parked| parked.ledger == ledger.id);
        for parked in
            others.filter(|parked| positions.iter().all(|(follower, _)| *follower != parked.follower))
        {
            tell_parked(ledger, parked, report);
        }
        if !late {
            let detail = format!("all {in_step} are at {}", ledger.head.position);
            report.ok(format!("followers of {}", ledger.code), detail);
        }
    }
    Ok(())
}

fn tell_parked(ledger: &Ledger, parked: &Parked, report: &mut Report) {
    let Parked { follower, position, reason, since, .. } = parked;
    let what = format!("{follower} in {}", ledger.code);
    let behind = ledger.head.position.saturating_sub(*position);
    let detail = format!("parked since {since} after event {position}, {behind} behind: {reason}");
    let way_out = "it tries again every five seconds; if the reason stays, update licheng or ask its makers, with event \
        and reason";
    report.fail(what, detail, way_out);
}

/// Every follower of this version, and how far it has come.
async fn positions(
    store: &dyn Store,
    ledger: LedgerId,
    reactors: &[&str],
) -> Result<Vec<(String, u64)>, Fault> {
    let mut positions = Vec::new();
    for view in portfolio::projections() {
        let position = store.checkpoint(view.name(), view.version(), ledger).await?;
        positions.push((project::follower(&*view), position));
    }
    for reactor in reactors.iter().chain(archive::REACTORS) {
        positions.push((react::follower(reactor), react::checkpoint(store, reactor, ledger).await?));
    }
    Ok(positions)
}
