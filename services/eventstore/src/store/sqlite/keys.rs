//! Keys beside the events, in the same file.

use async_trait::async_trait;
use kernel::{LedgerId, PersonId};
use vault::{KeyFault, KeyRow, KeyStore};

use super::{SqliteStore, append, erase, fault};
use crate::store::rows;

#[async_trait]
impl KeyStore for SqliteStore {
    async fn key(&self, ledger: LedgerId, kid: &str) -> Result<Option<KeyRow>, KeyFault> {
        let query = sqlx::query_as(append::KEY).bind(ledger.uuid()).bind(kid);
        let row: Option<(Option<Vec<u8>>, i32)> =
            query.fetch_optional(&self.readers).await.map_err(fault).map_err(rows::unreachable)?;
        row.map(|(wrapped, generation)| rows::key(wrapped, generation)).transpose().map_err(rows::unreachable)
    }

    async fn keep_key(&self, ledger: LedgerId, kid: &str, row: KeyRow) -> Result<KeyRow, KeyFault> {
        let kid = kid.to_owned();
        let kept = self.writer.write(move |connection| {
            Box::pin(async move { append::keep_key(connection, ledger.uuid(), &kid, row).await })
        });
        kept.await.map_err(rows::unreachable)
    }

    async fn destroy_key(&self, ledger: LedgerId, kid: &str) -> Result<(), KeyFault> {
        let kid = kid.to_owned();
        let destroyed = self.writer.write(move |connection| {
            Box::pin(async move {
                let sql = "insert into keys values (?, ?, null, 0)
                    on conflict (ledger, kid) do update set wrapped = null";
                sqlx::query(sql).bind(ledger.uuid()).bind(kid).execute(connection).await.map_err(fault)?;
                Ok(())
            })
        });
        destroyed.await.map_err(rows::unreachable)
    }

    async fn destroy_keys_of(&self, ledger: LedgerId, person: PersonId) -> Result<Vec<String>, KeyFault> {
        let destroyed = self.writer.write(move |connection| {
            Box::pin(async move { erase::destroy_keys_of(connection, ledger.uuid(), person).await })
        });
        destroyed.await.map_err(rows::unreachable)
    }
}
