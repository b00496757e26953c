//! Programs that serve, as children.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tonic::transport::{Channel, Endpoint};

use super::{PATIENCE, executable, setting};

/// It is killed with this.
pub(crate) struct Process {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// A connection to it.
    pub(crate) channel: Channel,
    child: Child,
    // Held open, so that the child can go on printing.
    _printed: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Serves; it takes requests by now.
    pub(super) async fn serve(place: &[String; 2], options: &[&str], log: &Path) -> Self {
        let place = place.iter().map(String::as_str);
        let arguments: Vec<_> = ["serve"].into_iter().chain(place).chain(options.iter().copied()).collect();
        Self::start(&executable(), &arguments, log).await
    }

    /// The stand-in ministry, with its packages in a folder.
    pub(crate) async fn ministry(data: &Path, options: &[&str], log: &Path) -> Self {
        let place = ["--data", data.to_str().unwrap()];
        let arguments: Vec<_> = place.into_iter().chain(options.iter().copied()).collect();
        Self::start(&setting("LICHENG_TEST_BIN_MINISTRY"), &arguments, log).await
    }

    async fn start(program: &str, arguments: &[&str], log: &Path) -> Self {
        // A file that is larger than a limit allows is then an error, as on a full disk.
        let mut child = Command::new("env")
            .arg("--ignore-signal=XFSZ")
            .arg(program)
            .args(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = tokio::time::timeout(PATIENCE, address(&mut printed)).await.ok().flatten();
        let Some(address) = address else {
            panic!("{program} doesn't listen: {}", std::fs::read_to_string(log).unwrap());
        };
        Self { address, channel: connect(address).await, child, _printed: printed }
    }

    /// Its id, while it runs.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Ends it as a crash would.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}

/// A connection of its own to a server.
async fn connect(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

async fn address(printed: &mut Lines<BufReader<ChildStdout>>) -> Option<SocketAddr> {
    while let Some(line) = printed.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("listening on ") {
            return Some(address.parse().unwrap());
        }
    }
    None
}
