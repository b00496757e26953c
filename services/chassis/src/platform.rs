use std::path::{Path, PathBuf};
use std::sync::Arc;

use eventstore::bus::Bus;
use eventstore::bus::local::LocalBus;
use eventstore::bus::nats::NatsBus;
use eventstore::store::Store;
use eventstore::store::postgres::PostgresStore;
use eventstore::store::sqlite::SqliteStore;
use eventstore::{Engine, Fault};
use kernel::Clock;
use vault::{KeyEncryptionKey, KeyStore, Vault};

use crate::config::{ClockConfig, Config, ConfigFault};
use crate::{Tasks, clock, token};

/// What every service of a process stands on.
pub struct Platform {
    /// The configuration.
    pub config: Config,
    /// The event store.
    pub engine: Arc<Engine>,
    /// Keys and sealing.
    pub vault: Vault,
    /// The process's tasks.
    pub tasks: Tasks,
}

/// A process can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The configuration is not what it must be.
    #[error(transparent)]
    Config(#[from] ConfigFault),
    /// The store, or the bus, says no.
    #[error(transparent)]
    Store(#[from] Fault),
    /// A file can't be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// The store was made with the other clock.
    #[error("this store was made with a {kept} clock and can't go on with a {asked} one")]
    Clock {
        /// The clock that made it.
        kept: String,
        /// The clock that is configured.
        asked: String,
    },
    /// The address can't be listened on, or serving ended.
    #[error("can't serve: {0}")]
    Serve(String),
}

impl Platform {
    /// Opens the store, the bus, the keys and the clock that a configuration names. An embedded store is made where
    /// there is none; a district's must have been migrated.
    ///
    /// # Errors
    /// [`StartFault`].
    pub async fn open(config: Config) -> Result<Self, StartFault> {
        let tasks = Tasks::default();
        let (store, keys) = store(&config).await?;
        let kek = key_encryption_key(&config)?;
        let clock: Arc<dyn Clock> = clock(&config.clock)?;
        let asked = if config.clock.simulated.is_some() { "simulated" } else { "real" };
        let kept = store.keep_setting("clock", asked).await?;
        if kept != asked {
            return Err(StartFault::Clock { kept, asked: asked.to_owned() });
        }
        let bus: Arc<dyn Bus> = match &config.bus.url {
            Some(url) => Arc::new(NatsBus::connect(url).await?),
            None => Arc::new(LocalBus::default()),
        };
        let vault = Vault::new(keys, kek);
        let engine = Engine::new(store, bus, vault.clone(), clock, Arc::new(tasks.clone()));
        engine.sweep().await?;
        Ok(Self { config, engine, vault, tasks })
    }
}

async fn store(config: &Config) -> Result<(Arc<dyn Store>, Arc<dyn KeyStore>), StartFault> {
    let Some(file) = config.sqlite_file() else {
        let store = Arc::new(PostgresStore::connect(&config.store.url).await?);
        return Ok((Arc::clone(&store) as Arc<dyn Store>, store));
    };
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| StartFault::File(folder.to_owned(), error))?;
    let store = Arc::new(SqliteStore::open(file).await?);
    Ok((Arc::clone(&store) as Arc<dyn Store>, store))
}

fn clock(config: &ClockConfig) -> Result<Arc<dyn Clock>, StartFault> {
    Ok(match &config.simulated {
        None => Arc::new(clock::Real),
        Some(file) => {
            let clock = clock::Simulated::new(file).map_err(|error| StartFault::File(file.clone(), error))?;
            Arc::new(clock)
        }
    })
}

/// The key-encryption key; an embedded store's is made with it, a district's must be there.
fn key_encryption_key(config: &Config) -> Result<KeyEncryptionKey, StartFault> {
    let file = &config.keys.key_encryption_key;
    let wrong = |error| StartFault::File(file.clone(), error);
    if !file.exists() && config.sqlite_file().is_some() {
        let folder = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(wrong)?;
        token::write_secret(file, KeyEncryptionKey::generate().to_text().as_bytes()).map_err(wrong)?;
    }
    let text = std::fs::read_to_string(file).map_err(wrong)?;
    let key = KeyEncryptionKey::parse(&text);
    key.ok_or_else(|| wrong(std::io::Error::other("must hold 64 hex digits, and a generation")))
}
