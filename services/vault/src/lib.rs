//! Keys and sealing: seals and opens what is [`kernel::Personal`] in an event, makes the keyed hashes of claims
//! and requests, signs nothing itself but keeps the key that signs.
//!
//! A data key per person and compartment, wrapped by the key-encryption key; a key destroyed is a row that says
//! so, a key unknown is an error: the two are never confused. No key cache outlives 60 seconds.

mod keys;
mod seal;
mod vault;

pub use keys::{DataKey, KeyEncryptionKey, KeyFault, KeyRow, KeyStore, erasure_mark, erasure_mark_of};
pub use seal::{SealFault, is_sealed, kids};
pub use vault::{LedgerKeys, Vault};
