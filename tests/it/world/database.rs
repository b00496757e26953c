//! A PostgreSQL database for one test.

use std::path::PathBuf;
use std::process::Command;

use super::setting;

/// It is dropped with this.
pub(super) struct Database {
    name: String,
    url: String,
}

impl Database {
    /// A new one, empty.
    pub(super) fn create() -> Self {
        Self::created(&[])
    }

    /// A new one with all that is in this one, which nobody may use meanwhile.
    pub(super) fn copy(&self) -> Self {
        Self::created(&[&format!("--template={}", self.name)])
    }

    fn created(options: &[&str]) -> Self {
        let server = setting("LICHENG_TEST_POSTGRES");
        let name = format!("world_{}", hex::encode(rand::random::<[u8; 8]>()));
        let (place, _) = server.rsplit_once('/').unwrap();
        let url = format!("{place}/{name}");
        let created = on_server("createdb", &name, options).output().unwrap();
        assert!(created.status.success(), "{created:?}");
        Self { name, url }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that failed has said so already; the server goes soon anyway.
        drop(on_server("dropdb", &self.name, &["--force", "--if-exists"]).output());
    }
}

fn on_server(program: &str, name: &str, options: &[&str]) -> Command {
    let program = PathBuf::from(setting("LICHENG_TEST_BIN_POSTGRES")).join(program);
    let mut command = Command::new(program);
    command.args(options).arg(format!("--maintenance-db={}", setting("LICHENG_TEST_POSTGRES"))).arg(name);
    command
}
