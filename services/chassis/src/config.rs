//! One configuration: a file, the environment, flags; later ones win. An unknown key is refused.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// Environment variables that set a key begin so; two underscores part the levels: `LICHENG__STORE__URL`.
pub const ENVIRONMENT: &str = "LICHENG__";

/// What a process is told at its start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where gRPC listens.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Facts at rest.
    pub store: StoreConfig,
    /// Facts in motion; without it, within this process.
    #[serde(default)]
    pub bus: BusConfig,
    /// Files of works.
    pub files: FilesConfig,
    /// Keys.
    pub keys: KeysConfig,
    /// Where signed checkpoints are kept outside the database.
    pub checkpoints: PathBuf,
    /// Whose tokens are believed.
    #[serde(default)]
    pub identity: IdentityConfig,
    /// The central database.
    #[serde(default)]
    pub central: CentralConfig,
    /// The service clock.
    #[serde(default)]
    pub clock: ClockConfig,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// How long shutdown waits for what is under way, in seconds.
    #[serde(default = "default_shutdown")]
    pub shutdown_seconds: u64,
}

/// Facts at rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// `postgres://user@host/database`, or `sqlite:path/to/file`.
    pub url: String,
}

/// Facts in motion.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusConfig {
    /// `nats://host:4222`; absent: within this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Files of works.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// A folder.
    pub folder: PathBuf,
}

/// Keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// File of the key-encryption key: 64 hex digits, then its generation.
    pub key_encryption_key: PathBuf,
}

/// Whose tokens are believed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// The audience that a token must be for.
    #[serde(default = "default_audience")]
    pub audience: String,
    /// Seconds by which clocks may differ.
    #[serde(default = "default_leeway")]
    pub leeway_seconds: u64,
    /// Issuers, by a name that only the configuration knows.
    #[serde(default)]
    pub issuers: BTreeMap<String, IssuerConfig>,
}

/// An issuer of tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// Its `iss` claim.
    pub issuer: String,
    /// `EdDSA` or `RS256`: the only algorithm that its tokens may have.
    pub algorithm: String,
    /// File of its public key, PEM.
    pub public_key: PathBuf,
}

/// The central database (中央資料庫).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentralConfig {
    /// `http://host:port` or `https://…` of its gRPC service; absent: approved batches wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The service clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    /// A file that holds the instant, for demos and tests; absent: the host's clock. A store remembers which of the
    /// two made it, and refuses the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<PathBuf>,
}

/// Logs and traces.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// What is logged, such as `info` or `info,eventstore=debug`.
    #[serde(default = "default_log")]
    pub log: String,
    /// OTLP endpoint over gRPC, such as `http://collector:4317`; absent: traces go nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp: Option<String>,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self { audience: default_audience(), leeway_seconds: default_leeway(), issuers: BTreeMap::new() }
    }
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log: default_log(), otlp: None }
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 50051))
}

fn default_shutdown() -> u64 {
    25
}

fn default_audience() -> String {
    "licheng".to_owned()
}

fn default_leeway() -> u64 {
    5
}

fn default_log() -> String {
    "info".to_owned()
}

/// A configuration can't be read: which key, and from where.
#[derive(Debug, thiserror::Error)]
#[error("the configuration can't be read: {0}")]
pub struct ConfigFault(String);

impl ConfigFault {
    /// A fault with that text.
    pub(crate) fn new(problem: String) -> Self {
        Self(problem)
    }
}

impl Config {
    /// The embedded default: everything in one folder. A `licheng.toml` in it, and the environment, may change it;
    /// relative paths there are relative to the folder.
    ///
    /// # Errors
    /// [`ConfigFault`], naming the key.
    pub fn embedded(folder: &Path) -> Result<Self, ConfigFault> {
        let folder = &*std::path::absolute(folder)?;
        let own = Self {
            listen: default_listen(),
            store: StoreConfig { url: format!("sqlite:{}", folder.join("licheng.db").display()) },
            bus: BusConfig::default(),
            files: FilesConfig { folder: folder.join("files") },
            keys: KeysConfig { key_encryption_key: folder.join("keys/key-encryption-key") },
            checkpoints: folder.join("checkpoints"),
            identity: IdentityConfig {
                issuers: BTreeMap::from([(
                    "local".to_owned(),
                    IssuerConfig {
                        issuer: crate::token::LOCAL_ISSUER.to_owned(),
                        algorithm: "EdDSA".to_owned(),
                        public_key: folder.join("keys/token.pub.pem"),
                    },
                )]),
                ..IdentityConfig::default()
            },
            central: CentralConfig::default(),
            clock: ClockConfig::default(),
            telemetry: TelemetryConfig::default(),
            shutdown_seconds: default_shutdown(),
        };
        let settings = Toml::file(folder.join("licheng.toml"));
        Ok(Self::merged(Figment::from(Serialized::defaults(own)).merge(settings))?.within(folder))
    }

    /// A configuration from a file; relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`ConfigFault`], naming the key.
    pub fn from_file(file: &Path) -> Result<Self, ConfigFault> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigFault(format!("{}: {error}", file.display())))?;
        let config = Self::merged(Figment::from(Toml::string(&text)))?;
        Ok(config.within(file.parent().unwrap_or(Path::new("."))))
    }

    /// The same with relative paths, which are so no more, within a folder.
    fn within(mut self, folder: &Path) -> Self {
        for path in self.paths() {
            *path = folder.join(&*path);
        }
        if let Some(file) = self.sqlite_file() {
            self.store.url = format!("sqlite:{}", folder.join(file).display());
        }
        self
    }

    fn merged(figment: Figment) -> Result<Self, ConfigFault> {
        let environment = Env::prefixed(ENVIRONMENT).split("__");
        figment.merge(environment).extract().map_err(|error| ConfigFault(error.to_string()))
    }

    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let mut paths =
            vec![&mut self.files.folder, &mut self.keys.key_encryption_key, &mut self.checkpoints];
        paths.extend(self.identity.issuers.values_mut().map(|issuer| &mut issuer.public_key));
        paths.extend(self.clock.simulated.as_mut());
        paths
    }

    /// The file of a SQLite store; `None`: it is PostgreSQL.
    pub fn sqlite_file(&self) -> Option<&Path> {
        self.store.url.strip_prefix("sqlite:").map(Path::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISTRICT: &str = r#"
        checkpoints = "checkpoints"
        store.url = "postgres://licheng@db/licheng"
        bus.url = "nats://bus:4222"
        files.folder = "/srv/files"
        keys.key_encryption_key = "kek"
        [identity.issuers.school]
        issuer = "https://sso.example"
        algorithm = "RS256"
        public_key = "sso.pem"
    "#;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("district.toml");
        std::fs::write(&file, text).unwrap();
        (folder, file)
    }

    #[test]
    fn a_file_is_read_and_its_paths_are_relative_to_it() {
        let (folder, file) = written(DISTRICT);
        let config = Config::from_file(&file).unwrap();
        assert_eq!(config.files.folder, Path::new("/srv/files"));
        assert_eq!(config.keys.key_encryption_key, folder.path().join("kek"));
        assert_eq!(config.identity.issuers["school"].public_key, folder.path().join("sso.pem"));
        assert_eq!(config.sqlite_file(), None);
        assert_eq!(config.listen.port(), 50051);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        for (text, key) in [("colour = 'red'", "colour"), ("[telemetry]\nlevel = 'info'", "level")] {
            let (_folder, file) =
                written(&format!("{text}\n{}", if key == "colour" { DISTRICT } else { "" }));
            let fault = Config::from_file(&file).unwrap_err().to_string();
            assert!(fault.contains(key), "{fault}");
        }
    }

    #[test]
    fn the_embedded_default_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::embedded(folder.path()).unwrap();
        assert_eq!(config.sqlite_file(), Some(&*folder.path().join("licheng.db")));
        std::fs::write(folder.path().join("licheng.toml"), "listen = '127.0.0.1:7'\nstroe.url = 'x'")
            .unwrap();
        assert!(Config::embedded(folder.path()).unwrap_err().to_string().contains("stroe"));
    }

    #[test]
    fn a_relative_path_is_within_the_folder_of_who_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = "clock.simulated = 'clock'\nstore.url = 'sqlite:other.db'";
        std::fs::write(folder.path().join("licheng.toml"), settings).unwrap();
        let config = Config::embedded(folder.path()).unwrap();
        assert_eq!(config.clock.simulated, Some(folder.path().join("clock")));
        assert_eq!(config.sqlite_file(), Some(&*folder.path().join("other.db")));
        assert_eq!(config.files.folder, folder.path().join("files"));
    }
}
