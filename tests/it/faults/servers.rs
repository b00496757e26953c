//! A PostgreSQL and a nats-server of a test's own, to be killed and started again.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::world::{PATIENCE, said, scratch, setting};

/// One of the two.
pub(crate) struct Server {
    kind: Kind,
    port: u16,
    child: Child,
    // After the child: it goes when nobody uses it any more.
    folder: TempDir,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Postgres,
    Nats,
}

impl Server {
    /// PostgreSQL, empty, durable as by default.
    pub(crate) async fn postgres() -> Self {
        let folder = scratch();
        // Whoever runs it, if we are root, must reach it.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let inner = folder.path().join("server");
        std::fs::create_dir(&inner).unwrap();
        if let Some([user, group]) = other_user() {
            chown(&inner, Some(user), Some(group)).unwrap();
        }
        let mut initdb = as_server(&inner, &postgres_program("initdb"));
        initdb.arg("--pgdata").arg(inner.join("data")).args(["--username=postgres", "--auth=trust"]);
        let made = initdb.args(["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]).output().await.unwrap();
        assert!(made.status.success(), "{}", said(&made));
        Self::start(Kind::Postgres, folder).await
    }

    /// nats-server with JetStream.
    pub(crate) async fn nats() -> Self {
        Self::start(Kind::Nats, scratch()).await
    }

    async fn start(kind: Kind, folder: TempDir) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = spawn(kind, folder.path(), port);
        let mut server = Self { kind, port, child, folder };
        server.ready().await;
        server
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        match self.kind {
            Kind::Postgres => format!("postgres://postgres@127.0.0.1:{}/postgres", self.port),
            Kind::Nats => format!("nats://127.0.0.1:{}", self.port),
        }
    }

    /// Ends it as a crash would.
    pub(crate) async fn stop(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends it as a crash would, and starts it again.
    pub(crate) async fn crash(&mut self) {
        self.child.kill().await.unwrap();
        self.child = spawn(self.kind, self.folder.path(), self.port);
        self.ready().await;
    }

    /// It answers. PostgreSQL doesn't start while a child of the one that was killed is still ending.
    async fn ready(&mut self) {
        let waiting = async {
            let mut again = tokio::time::interval(Duration::from_millis(50));
            loop {
                again.tick().await;
                if self.child.try_wait().unwrap().is_some() {
                    self.child = spawn(self.kind, self.folder.path(), self.port);
                } else if answers(self.kind, &self.url()).await {
                    return;
                }
            }
        };
        let ready = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(ready.is_ok(), "{:?} doesn't start", self.kind);
    }
}

async fn answers(kind: Kind, url: &str) -> bool {
    match kind {
        Kind::Postgres => PgConnection::connect(url).await.is_ok(),
        Kind::Nats => async_nats::connect(url).await.is_ok(),
    }
}

fn spawn(kind: Kind, folder: &Path, port: u16) -> Child {
    let port = port.to_string();
    let mut command = match kind {
        Kind::Postgres => {
            let inner = folder.join("server");
            let mut command = as_server(&inner, &postgres_program("postgres"));
            command.arg("-D").arg(inner.join("data")).args(["-p", &port]);
            command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
            command
        }
        Kind::Nats => {
            let mut command = Command::new(setting("LICHENG_TEST_BIN_NATS"));
            command.args(["-js", "-a", "127.0.0.1", "-p", &port, "-sd"]).arg(folder);
            command
        }
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.kill_on_drop(true).spawn().unwrap()
}

fn postgres_program(name: &str) -> PathBuf {
    PathBuf::from(setting("LICHENG_TEST_BIN_POSTGRES")).join(name)
}

/// A program as the user that PostgreSQL may run as.
fn as_server(folder: &Path, program: &Path) -> Command {
    let mut command = match other_user() {
        Some([user, group]) => {
            let (user, group) = (user.to_string(), group.to_string());
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &user, "--regid", &group, "--clear-groups", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir(folder);
    command
}

/// The user and group that it must run as, if they aren't ours.
fn other_user() -> Option<[u32; 2]> {
    let id = |name| setting(name).parse().unwrap();
    let (user, group) = (id("LICHENG_TEST_UID"), id("LICHENG_TEST_GID"));
    let own = std::fs::metadata("/proc/self").unwrap().uid();
    (own != user).then_some([user, group])
}
