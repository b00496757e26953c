//! `licheng token`.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use chassis::token::Issuer;
use events::{ClaimKind, ClaimName};
use eventstore::Engine;
use kernel::{LedgerId, PersonId};

use crate::house::{House, Which};

/// Makes a token for trying the services in a person's name.
///
/// It is signed by a key of the folder's own, which the embedded default believes. A district's platform believes
/// the school's sign-in; to try it so, name a folder for a key, and its token.pub.pem in the configuration, as an
/// issuer `licheng-local` with algorithm EdDSA.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    house: House,
    #[command(flatten)]
    which: Which,
    /// Who: `principal`, the name that a person signs in by (username), or a person's id.
    #[arg(long, value_name = "WHO")]
    person: String,
    /// Hours that it is good for.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=8_760))]
    hours: u64,
    /// The folder with the key that signs it (token.pem), made at its first use; DIR/keys of --data without it.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

pub(crate) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let platform = options.house.open().await?;
    let own = options.house.data.map(|folder| folder.join("keys"));
    let keys = options.keys.or(own).ok_or("name the folder of the key that signs it: --keys DIR")?;
    let ledger = options.which.ledger(&platform.engine).await?;
    let person = person(&platform.engine, ledger, &options.person).await?;
    let issuer = Issuer::local(&keys, &platform.config.identity.audience)
        .map_err(|error| format!("{}: {error}", keys.display()))?;
    let token = issuer.token(ledger, person, Duration::from_secs(options.hours * 60 * 60))?;
    Ok(writeln!(std::io::stdout(), "{token}")?)
}

async fn person(engine: &Engine, ledger: LedgerId, who: &str) -> Result<PersonId, Box<dyn Error>> {
    if who == "principal" {
        return Ok(PersonId::new(ledger.derive("principal")));
    }
    if let Ok(id) = who.parse() {
        return Ok(id);
    }
    let name = ClaimName::new(ClaimKind::Username, who);
    let found = engine.resolve(ledger, std::slice::from_ref(&name)).await?.remove(&name);
    found.map(PersonId::new).ok_or_else(|| {
        format!("nobody signs in as {who} here; `principal` and a person's id can be named too").into()
    })
}
