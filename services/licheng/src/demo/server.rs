//! The demo's school on the embedded default: a folder, a simulated clock, a server in this process.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chassis::token::Issuer;
use chassis::{Config, Platform, Serving};
use kernel::{Instant, LedgerId, PersonId};

use super::desk::House;
use super::school;

/// How long the demo's tokens are good.
const GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A school that is served.
pub(crate) struct Server {
    /// The server.
    pub(crate) serving: Serving,
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
}

/// Tokens by the folder's own key, the clock by its file.
pub(crate) struct Local {
    issuer: Issuer,
    ledger: LedgerId,
    clock: PathBuf,
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
pub(crate) async fn start(data: &Path, listen: SocketAddr, from: Instant) -> Result<Server, Box<dyn Error>> {
    let clock = clock(data, from)?;
    let mut config = Config::embedded(data)?;
    config.listen = listen;
    "warn".clone_into(&mut config.telemetry.log);
    chassis::start_telemetry(&config.telemetry)?;
    let issuer = Issuer::local(&data.join("keys"), &config.identity.audience)?;
    let platform = Platform::open(config).await?;
    let (opened, verifier_key) =
        crate::school::open(&platform, school::CODE, school::NAME, school::PRINCIPAL).await?;
    let serving = crate::serve::start(&platform, &[]).await?;
    let house = Arc::new(Local { issuer, ledger: opened.ledger, clock });
    Ok(Server { serving, platform, ledger: opened.ledger, principal: opened.principal, verifier_key, house })
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
    if !clock.exists() {
        chassis::clock::advance(&clock, from)?;
    }
    Ok(clock)
}

/// Whether the ledger can be exported, and its export verifies with the key that the school was opened with.
pub(crate) async fn verified(server: &Server, data: &Path, events: u64) -> Result<(), Box<dyn Error>> {
    let (engine, config) = (&server.platform.engine, &server.platform.config);
    let out = data.join("export");
    let exported = audit::export(engine, server.ledger, &config.checkpoints, &out, &mut |_, _| {}).await?;
    let verified = audit::verify(&out, Some(&server.verifier_key))?;
    match (exported.events, verified.events) == (events, events) {
        true => Ok(()),
        false => Err(format!(
            "the ledger has {events} records, its export {}, of which {} were verified",
            exported.events, verified.events
        )
        .into()),
    }
}
