//! The bus: reachable, with JetStream.

use eventstore::bus::nats::NatsBus;

use super::Patient;
use super::report::Report;
use crate::causes;

pub(super) async fn look(patient: &Patient, report: &mut Report) {
    match &patient.config.bus.url {
        Some(url) => match NatsBus::look(url).await {
            Ok(()) => report.ok("bus", "NATS answers, with JetStream"),
            Err(fault) => {
                let way_out = "start nats-server with JetStream (-js), or correct bus.url; until then events arrive \
                    late, and none is lost";
                report.fail("bus", causes(&fault), way_out);
            }
        },
        None if patient.is_embedded() => report.ok("bus", "within the process"),
        None => {
            let detail = "none is configured: a process hears of the others' events once a second";
            report.warn("bus", detail, "if there are several processes, set bus.url = nats://…");
        }
    }
}
