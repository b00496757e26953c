//! The services of a district, each a process of its own.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::Stdio;

use clap::ValueEnum as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::serve::Service;

/// The services as processes of this one: they end with it.
pub(crate) struct Processes(Vec<Serving>);

struct Serving {
    child: Child,
    // Held open, so that the child can go on printing.
    _printed: Lines<BufReader<ChildStdout>>,
}

/// Starts a process for each service; where each listens, by its name.
///
/// # Errors
/// One doesn't start.
pub(crate) async fn start(
    config: &Path,
    central: Option<&str>,
) -> Result<(Processes, BTreeMap<String, String>), Box<dyn Error>> {
    let (mut processes, mut servers) = (Processes(Vec::new()), BTreeMap::new());
    for service in Service::value_variants() {
        let name = service.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let (serving, address) = serve(config, &name, central).await?;
        processes.0.push(serving);
        servers.insert(name, format!("http://{address}"));
    }
    Ok((processes, servers))
}

async fn serve(
    config: &Path,
    name: &str,
    central: Option<&str>,
) -> Result<(Serving, String), Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--only", name, "--listen", "127.0.0.1:0", "--config"]).arg(config);
    if let Some(central) = central {
        command.env(format!("{}CENTRAL__URL", chassis::config::ENVIRONMENT), central);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let printed = child.stdout.take().ok_or("a process without output")?;
    let mut printed = BufReader::new(printed).lines();
    while let Some(line) = printed.next_line().await? {
        if let Some(address) = line.strip_prefix("listening on ") {
            let address = address.to_owned();
            return Ok((Serving { child, _printed: printed }, address));
        }
    }
    Err(format!("licheng serve --only {name} ended: {}", child.wait().await?).into())
}

impl Processes {
    /// Asks all of them to end, and waits until they have.
    ///
    /// # Errors
    /// One can't be asked, or didn't end well.
    pub(crate) async fn shut_down(mut self) -> Result<(), Box<dyn Error>> {
        let pids = self.0.iter().filter_map(|serving| serving.child.id());
        for pid in pids.filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            kill_process(pid, Signal::TERM)?;
        }
        for serving in &mut self.0 {
            let ended = serving.child.wait().await?;
            if !ended.success() {
                return Err(format!("a service ended with {ended}").into());
            }
        }
        Ok(())
    }
}
