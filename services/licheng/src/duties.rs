//! `licheng duties`.

use std::error::Error;
use std::io::Write as _;

use chassis::Rpc;
use kernel::{Duty, Office};

/// The methods of every service, and the duty of each.
pub(crate) fn rpcs() -> impl Iterator<Item = &'static Rpc> {
    let all = [
        governance::RPCS,
        records::RPCS,
        uploads::RPCS,
        certification::RPCS,
        submission::RPCS,
        archive::RPCS,
        portfolio::RPCS,
        audit::RPCS,
    ];
    all.into_iter().flatten()
}

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Each task (職責), its clause, the offices that have it by Annex 1 (附件一), and its methods."
    )?;
    writeln!(out, "A school gives tasks to other offices by governance.v1.GovernanceService/AssignDuty.")?;
    for duty in Duty::ALL.iter().copied() {
        let offices = duty.default_offices().iter().map(|office| named(*office)).collect::<Vec<_>>();
        writeln!(out, "\n{duty} ({}): to {}", duty.clause(), duty.text())?;
        writeln!(out, "  {}", offices.join(", "))?;
        for rpc in rpcs().filter(|rpc| rpc.duty == duty) {
            writeln!(out, "  {}", rpc.path.trim_start_matches("/licheng."))?;
        }
    }
    Ok(out.flush()?)
}

fn named(office: Office) -> String {
    format!("{office} {}", office.chinese())
}
