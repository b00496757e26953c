//! `licheng migrate`.

use std::error::Error;
use std::io::Write as _;

use eventstore::store::postgres::PostgresStore;
use eventstore::store::sqlite::SqliteStore;

use crate::house::House;

/// Brings the database to this version's schema; one that is there already is left as it is.
///
/// A district's database: connect as the owner of the schema (store.url, or LICHENG__STORE__URL for this one run).
/// The services themselves connect as a role that is a member of licheng_service, which can append and read, and
/// nothing else.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    house: House,
}

pub(crate) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let config = options.house.config()?;
    match config.sqlite_file() {
        Some(file) => drop(SqliteStore::open(file).await?),
        None => PostgresStore::migrate(&config.store.url).await?,
    }
    Ok(writeln!(std::io::stdout(), "the database has this version's schema")?)
}
