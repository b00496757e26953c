//! The demo's school: on the embedded default, a folder and a server in this process; or on a district's platform, a
//! process for each service. Its clock is simulated.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chassis::token::{Issuer, LOCAL_ISSUER, write_secret};
use chassis::{Config, Platform, Serving};
use eventstore::store::postgres::PostgresStore;
use kernel::{Instant, LedgerId, PersonId};
use vault::KeyEncryptionKey;

use super::desk::House;
use super::district::Processes;
use super::school;
use crate::road::Road;

/// How long the demo's tokens are good.
const GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A school that is served.
pub(crate) struct Server {
    /// The way to its services.
    pub(crate) road: Road,
    /// Where each service listens, or all of them.
    pub(crate) addresses: Addresses,
    /// What it stands on.
    pub(crate) platform: Platform,
    /// The school's ledger.
    pub(crate) ledger: LedgerId,
    /// Its principal.
    pub(crate) principal: PersonId,
    /// The key by which its checkpoints are checked, as it was when the ledger was opened.
    pub(crate) verifier_key: String,
    /// Tokens and the clock.
    pub(crate) house: Arc<Local>,
    served: Served,
}

/// Where services listen.
#[derive(Clone, Debug)]
pub(crate) enum Addresses {
    /// All of them, at one.
    One(SocketAddr),
    /// Each at its own, by its name.
    Each(BTreeMap<String, String>),
}

/// By what it is served.
enum Served {
    /// By this process.
    Here(Serving),
    /// By processes of this one.
    Apart(Processes),
    /// By others.
    Elsewhere,
}

impl Addresses {
    /// Where a service listens, as host and port.
    pub(crate) fn of(&self, service: &str) -> String {
        match self {
            Self::One(address) => address.to_string(),
            Self::Each(addresses) => {
                let address = addresses.get(service).map(String::as_str).unwrap_or_default();
                address.trim_start_matches("http://").to_owned()
            }
        }
    }
}

impl Server {
    /// Ends what serves it.
    ///
    /// # Errors
    /// It didn't end well.
    pub(crate) async fn shut_down(self) -> Result<(), Box<dyn Error>> {
        match self.served {
            Served::Here(serving) => Ok(serving.shut_down().await?),
            Served::Apart(processes) => processes.shut_down().await,
            Served::Elsewhere => Ok(()),
        }
    }

    /// Serves on until this process is told to end.
    ///
    /// # Errors
    /// It didn't end well.
    pub(crate) async fn until_told(self) -> Result<(), Box<dyn Error>> {
        match self.served {
            Served::Here(serving) => Ok(serving.until_told().await?),
            Served::Apart(processes) => {
                tokio::signal::ctrl_c().await?;
                processes.shut_down().await
            }
            Served::Elsewhere => Ok(()),
        }
    }
}

/// Tokens by the folder's own key, the clock by its file.
pub(crate) struct Local {
    issuer: Issuer,
    ledger: LedgerId,
    clock: PathBuf,
}

impl Local {
    /// The clock's file.
    pub(crate) fn clock(&self) -> &Path {
        &self.clock
    }
}

impl House for Local {
    fn token(&self, person: PersonId) -> io::Result<String> {
        self.issuer.token(self.ledger, person, GOOD_FOR)
    }

    fn advance(&self, to: Instant) -> io::Result<()> {
        chassis::clock::advance(&self.clock, to)
    }
}

/// Opens a school in a folder and serves it; the clock begins at an instant.
///
/// # Errors
/// The folder has a school already, or can't be used; the address is taken.
pub(crate) async fn embedded(
    data: &Path,
    listen: SocketAddr,
    central: Option<String>,
    from: Instant,
) -> Result<Server, Box<dyn Error>> {
    let clock = clock(data, from)?;
    let mut config = Config::embedded(data)?;
    config.listen = listen;
    config.central.url = central;
    let issuer = Issuer::local(&data.join("keys"), &config.identity.audience)?;
    let school = open(config, issuer, clock).await?;
    let serving = crate::serve::start(&school.platform, &[]).await?;
    let address = serving.address;
    let road = Road::to(&format!("http://{address}"))?;
    Ok(school.server(road, Addresses::One(address), Served::Here(serving)))
}

/// Opens a school on a district's platform, and starts a process for each service unless somebody has.
///
/// # Errors
/// The configuration is not one for a demo; the database has such a school already; a process doesn't start.
pub(crate) async fn district(
    file: &Path,
    servers: Option<BTreeMap<String, String>>,
    central: Option<&str>,
    from: Instant,
) -> Result<Server, Box<dyn Error>> {
    let config = Config::from_file(file)?;
    let clock = config.clock.simulated.clone();
    let clock = clock.ok_or("a demo plays a year: name the file of a simulated clock, clock.simulated")?;
    begin(&clock, from)?;
    let local = config.identity.issuers.values().find(|issuer| issuer.issuer == LOCAL_ISSUER);
    let local =
        local.ok_or_else(|| format!("the demo signs tokens itself: name the issuer {LOCAL_ISSUER}"))?;
    let keys = local.public_key.parent().unwrap_or(Path::new("."));
    let issuer = Issuer::local(keys, &config.identity.audience)?;
    let kek = &config.keys.key_encryption_key;
    if !kek.exists() {
        write_secret(kek, KeyEncryptionKey::generate().to_text().as_bytes())?;
    }
    if config.sqlite_file().is_none() {
        PostgresStore::migrate(&config.store.url).await?;
    }
    let school = open(config, issuer, clock).await?;
    let (served, servers) = match servers {
        Some(servers) => (Served::Elsewhere, servers),
        None => {
            let (processes, servers) = super::district::start(file, central).await?;
            (Served::Apart(processes), servers)
        }
    };
    Ok(school.server(Road::to_each(&servers)?, Addresses::Each(servers), served))
}

/// A school that isn't served yet.
struct School {
    platform: Platform,
    ledger: LedgerId,
    principal: PersonId,
    verifier_key: String,
    house: Arc<Local>,
}

impl School {
    fn server(self, road: Road, addresses: Addresses, served: Served) -> Server {
        let Self { platform, ledger, principal, verifier_key, house } = self;
        Server { road, addresses, platform, ledger, principal, verifier_key, house, served }
    }
}

async fn open(mut config: Config, issuer: Issuer, clock: PathBuf) -> Result<School, Box<dyn Error>> {
    "warn".clone_into(&mut config.telemetry.log);
    chassis::start_telemetry(&config.telemetry)?;
    let platform = Platform::open(config).await?;
    let (opened, verifier_key) =
        crate::school::open(&platform, school::CODE, school::NAME, school::PRINCIPAL).await?;
    let house = Arc::new(Local { issuer, ledger: opened.ledger, clock });
    Ok(School { platform, ledger: opened.ledger, principal: opened.principal, verifier_key, house })
}

/// The clock's file, and the setting by which `licheng serve --data` finds it again.
fn clock(data: &Path, from: Instant) -> io::Result<PathBuf> {
    std::fs::create_dir_all(data)?;
    let data = std::path::absolute(data)?;
    let (clock, settings) = (data.join("clock"), data.join("licheng.toml"));
    if !settings.exists() {
        let mut table = toml::Table::new();
        table.insert("simulated".to_owned(), clock.display().to_string().into());
        let mut settings_text = toml::Table::new();
        settings_text.insert("clock".to_owned(), table.into());
        std::fs::write(&settings, settings_text.to_string())?;
    }
    begin(&clock, from)?;
    Ok(clock)
}

/// Sets a clock that doesn't run yet.
fn begin(clock: &Path, from: Instant) -> io::Result<()> {
    if clock.exists() { Ok(()) } else { chassis::clock::advance(clock, from) }
}

/// Whether the ledger can be exported, and its export verifies with the key that the school was opened with.
pub(crate) async fn verified(server: &Server, out: &Path, events: u64) -> Result<(), Box<dyn Error>> {
    let (engine, config) = (&server.platform.engine, &server.platform.config);
    let exported = audit::export(engine, server.ledger, &config.checkpoints, out, &mut |_, _| {}).await?;
    let verified = audit::verify(out, Some(&server.verifier_key))?;
    match (exported.events, verified.events) == (events, events) {
        true => Ok(()),
        false => Err(format!(
            "the ledger has {events} records, its export {}, of which {} were verified",
            exported.events, verified.events
        )
        .into()),
    }
}
