//! `licheng school`.

use std::error::Error;
use std::io::Write as _;

use audit::Signer;
use chassis::Platform;
use governance::{Opened, Opening};

use crate::house::House;

#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Opens a school's ledger: its keys, its first principal, the duties of Annex 1 (附件一).
    ///
    /// Prints one line of JSON: the ledger, the principal's id, the position of the last event, and the key by which
    /// the ledger's checkpoints are checked. Keep that key elsewhere: by it, `licheng audit verify --key` proves an
    /// export. A second ledger for the same code is refused; an opening that broke off goes on where it stood.
    Create(Create),
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Create {
    #[command(flatten)]
    house: House,
    /// The school's code at the ministry (學校代碼): six capital letters or digits.
    #[arg(long)]
    code: String,
    /// The school's name.
    #[arg(long)]
    name: String,
    /// The principal's name (校長).
    #[arg(long)]
    principal: String,
}

pub(crate) async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    let Command::Create(Create { house, code, name, principal }) = command;
    let platform = house.open().await?;
    let (opened, checkpoint_key) = open(&platform, &code, &name, &principal).await?;
    let line = serde_json::json!({
        "ledger": opened.ledger,
        "principal": opened.principal,
        "position": opened.position,
        "checkpointKey": checkpoint_key,
    });
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Opens a school's ledger; answers too the key by which its checkpoints are checked.
pub(crate) async fn open(
    platform: &Platform,
    code: &str,
    name: &str,
    principal: &str,
) -> Result<(Opened, String), Box<dyn Error>> {
    let ledger = governance::draw_ledger(&platform.engine, code).await?;
    let keys = platform.vault.ledger_keys(ledger).await?;
    let checkpoint_key = Signer::new(ledger, &keys).verifier().to_string();
    let opening = Opening {
        ledger,
        code: code.to_owned(),
        name: name.to_owned(),
        principal: principal.to_owned(),
        checkpoint_key: checkpoint_key.clone(),
    };
    Ok((governance::open_school(&platform.engine, opening).await?, checkpoint_key))
}
