//! A nats-server of a test's own, whose folder can be read.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use crate::world::{PATIENCE, setting};

/// It is killed with this.
pub(super) struct Nats {
    /// Where clients connect.
    pub(super) url: String,
    folder: PathBuf,
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Nats {
    /// A server that keeps its streams, and when it has stopped its log, in a folder.
    pub(super) async fn start(folder: &Path) -> Self {
        let mut child = Command::new(setting("LICHENG_TEST_BIN_NATS"))
            .args(["--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let address = tokio::time::timeout(PATIENCE, address(&mut said)).await.unwrap();
        Self { url: format!("nats://{address}"), folder: folder.to_owned(), child, said }
    }

    /// Stops it, so that all it had is in its folder.
    pub(super) async fn stop(mut self) {
        let signal = format!("stop={}", self.child.id().unwrap());
        let told = Command::new(setting("LICHENG_TEST_BIN_NATS")).args(["--signal", &signal]).output().await;
        assert!(told.as_ref().unwrap().status.success(), "{told:?}");
        let mut log = Vec::new();
        self.said.read_to_end(&mut log).await.unwrap();
        self.child.wait().await.unwrap();
        std::fs::write(self.folder.join("log"), log).unwrap();
    }
}

async fn address(said: &mut BufReader<ChildStderr>) -> String {
    let (mut line, mut address) = (String::new(), String::new());
    loop {
        line.clear();
        assert_ne!(said.read_line(&mut line).await.unwrap(), 0, "nats-server doesn't start");
        if let Some((_, listens)) = line.split_once("Listening for client connections on ") {
            listens.trim().clone_into(&mut address);
        }
        if line.contains("Server is ready") {
            return address;
        }
    }
}
