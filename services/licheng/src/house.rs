//! Which platform a command works on: a folder, or what a configuration names; and which school of it.

use std::error::Error;
use std::path::PathBuf;

use chassis::token::Issuer;
use chassis::{Config, Platform};
use eventstore::Engine;
use kernel::LedgerId;

/// Which platform.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct House {
    /// Everything embedded in this folder, which is made if need be; a licheng.toml in it may change its settings.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration file (TOML) of a district's platform.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl House {
    /// Its configuration. A folder gets the key that signs tokens for trying.
    pub(crate) fn config(&self) -> Result<Config, Box<dyn Error>> {
        match (&self.data, &self.config) {
            (Some(folder), _) => {
                let config = Config::embedded(folder)?;
                Issuer::local(&folder.join("keys"), &config.identity.audience)
                    .map_err(|error| format!("{}: {error}", folder.join("keys").display()))?;
                Ok(config)
            }
            (None, Some(file)) => Ok(Config::from_file(file)?),
            (None, None) => Err("name a folder (--data DIR) or a configuration (--config FILE)".into()),
        }
    }

    /// The platform, with warnings alone in the log: for a command that ends by itself.
    pub(crate) async fn open(&self) -> Result<Platform, Box<dyn Error>> {
        let mut config = self.config()?;
        "warn".clone_into(&mut config.telemetry.log);
        chassis::start_telemetry(&config.telemetry)?;
        Ok(Platform::open(config).await?)
    }
}

/// Which school.
#[derive(Clone, Debug, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Which {
    /// The school by its ledger; needed only where there are several.
    #[arg(long, value_name = "UUID")]
    pub(crate) ledger: Option<LedgerId>,
    /// The school by its code (學校代碼).
    #[arg(long, value_name = "CODE")]
    pub(crate) school: Option<String>,
}

impl Which {
    /// The ledger: the one that is named, or the only one.
    pub(crate) async fn ledger(&self, engine: &Engine) -> Result<LedgerId, Box<dyn Error>> {
        let there = engine.store.ledgers().await?;
        if let Some(ledger) = self.ledger {
            let known = there.iter().any(|(known, _)| *known == ledger);
            return if known { Ok(ledger) } else { Err(format!("there is no ledger {ledger} here").into()) };
        }
        if let Some(code) = &self.school {
            let ledger = engine.store.ledger_of(code).await?;
            return ledger.ok_or_else(|| format!("there is no school {code} here").into());
        }
        match there.as_slice() {
            [] => Err("there is no school here yet; open one with `licheng school create`".into()),
            [(only, _)] => Ok(*only),
            [_, ..] => Err(format!("there are {} schools here; name one: --school CODE", there.len()).into()),
        }
    }
}
