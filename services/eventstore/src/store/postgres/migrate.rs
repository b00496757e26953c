//! The schema's versions.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor, PgConnection, PgPool, Postgres};

use super::{PATIENCE, fault};
use crate::Fault;
use crate::store::Schema;

/// The schema's versions, in order, from 1.
const SCHEMA: &[&str] = &[include_str!("1.sql"), include_str!("2.sql")];
/// The advisory lock under which a schema changes; the number has no meaning.
const LOCK: i64 = 0x6c69_6368_656e_6731;

/// Refuses a schema that isn't this version's.
pub(super) async fn check(pool: &PgPool) -> Result<(), Fault> {
    Schema { found: version(pool).await?.unwrap_or(0), needed: newest() }.check()
}

/// The schema as it is found.
pub(super) async fn schema(options: &PgConnectOptions) -> Result<Schema, Fault> {
    let connecting = tokio::time::timeout(PATIENCE, options.connect()).await;
    let late = |late| Fault::Unavailable("the database", Some(Box::new(late)));
    let mut connection = connecting.map_err(late)?.map_err(fault)?;
    let found = version(&mut connection).await;
    drop(connection.close().await);
    Ok(Schema { found: found?.unwrap_or(0), needed: newest() })
}

/// Brings the schema up to date, version by version, each in a transaction.
pub(super) async fn migrate(options: &PgConnectOptions) -> Result<(), Fault> {
    let mut connection = options.connect().await.map_err(fault)?;
    sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await.map_err(fault)?;
    // Closing the connection gives the lock back, however this ends.
    let outcome = upgrade(&mut connection).await;
    drop(connection.close().await);
    outcome
}

async fn upgrade(connection: &mut PgConnection) -> Result<(), Fault> {
    let (found, known) = (version(&mut *connection).await?.unwrap_or(0), newest());
    if found > known {
        return Err(Fault::NewerStore { found, known });
    }
    for (version, schema) in (1..).zip(SCHEMA).skip(usize::try_from(found).unwrap_or(0)) {
        let mut transaction = connection.begin().await.map_err(fault)?;
        if version == 1 {
            let sql = "create schema if not exists licheng;
                create table licheng.schema_version (version bigint not null);
                insert into licheng.schema_version values (0);";
            sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(fault)?;
        }
        sqlx::raw_sql(*schema).execute(&mut *transaction).await.map_err(fault)?;
        let sql = "update licheng.schema_version set version = $1";
        sqlx::query(sql).bind(version).execute(&mut *transaction).await.map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
    }
    Ok(())
}

/// The schema's version; `None`: there is none.
async fn version<'e>(database: impl Executor<'e, Database = Postgres>) -> Result<Option<i64>, Fault> {
    match sqlx::query_scalar("select version from licheng.schema_version").fetch_one(database).await {
        Ok(version) => Ok(Some(version)),
        // Undefined table, undefined schema.
        Err(error)
            if error
                .as_database_error()
                .is_some_and(|error| error.code().is_some_and(|code| code == "42P01" || code == "3F000")) =>
        {
            Ok(None)
        }
        Err(error) => Err(fault(error)),
    }
}

fn newest() -> i64 {
    i64::try_from(SCHEMA.len()).unwrap_or(i64::MAX)
}
