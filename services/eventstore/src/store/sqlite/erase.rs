//! What an erasure takes away beside the events: keys and claimed values. Each is one transaction.

use kernel::PersonId;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::fault;
use crate::Fault;

/// Destroys every key of a person, leaves the mark that no new one is used by, and answers the keys' ids in order.
pub(super) async fn destroy_keys_of(
    connection: &mut SqliteConnection,
    ledger: Uuid,
    person: PersonId,
) -> Result<Vec<String>, Fault> {
    let mark = vault::erasure_mark(person);
    let sql =
        "insert into keys values (?, ?, null, 0) on conflict (ledger, kid) do update set wrapped = null";
    sqlx::query(sql).bind(ledger).bind(&mark).execute(&mut *connection).await.map_err(fault)?;
    // What begins with the person and a slash: the character after the slash is a zero.
    let sql = "update keys set wrapped = null where ledger = ? and kid >= ? and kid < ? and kid <> ?
        returning kid";
    let query = sqlx::query_scalar(sql).bind(ledger).bind(format!("{person}/")).bind(format!("{person}0"));
    let mut kids: Vec<String> = query.bind(mark).fetch_all(connection).await.map_err(fault)?;
    kids.sort_unstable();
    Ok(kids)
}

/// Gives up the claimed values of whoever is erased, and answers how many they were, these and earlier ones.
pub(super) async fn forget_claims(
    connection: &mut SqliteConnection,
    ledger: Uuid,
    subject: Uuid,
) -> Result<u32, Fault> {
    let sql = "select exists (select 1 from keys where ledger = ? and kid = ? and wrapped is null)";
    let query = sqlx::query_scalar(sql).bind(ledger).bind(vault::erasure_mark(PersonId::new(subject)));
    if !query.fetch_one(&mut *connection).await.map_err(fault)? {
        return Err(Fault::broken("only the claims of whoever is erased are given up"));
    }
    let query = sqlx::query("delete from claims where ledger = ? and subject = ?").bind(ledger).bind(subject);
    let gone = query.execute(&mut *connection).await.map_err(fault)?.rows_affected();
    let sql = "insert into forgotten values (?, ?, ?)
        on conflict (ledger, subject) do update set claims = claims + excluded.claims returning claims";
    let query = sqlx::query_scalar(sql).bind(ledger).bind(subject);
    let gone = i64::try_from(gone).map_err(Fault::broken)?;
    query.bind(gone).fetch_one(connection).await.map_err(fault)
}
