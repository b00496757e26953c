//! The key backup: the present state of all keys, in one file that its owner alone may read.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::clock::Real;
use chassis::token::{Issuer, write_secret};
use eventstore::store::sqlite::copy::{self, KeptKey};
use kernel::{Clock as _, Instant, LedgerId, PersonId};
use serde::{Deserialize, Serialize};
use vault::{KeyEncryptionKey, KeyFault, KeyRow, KeyStore, Vault};

use super::evidence::Evidence;
use super::{Source, paper};

/// The shape of what is written.
const FORMAT: u32 = 1;
/// Its name.
const KEYS: &str = "keys.json";

/// Everything that opens a backup.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    format: u32,
    made: Instant,
    key_encryption_key: String,
    /// The private key that signs tokens for trying, if the platform has one.
    token: Option<String>,
    ledgers: BTreeMap<LedgerId, BTreeMap<String, Kept>>,
}

/// A data key as it is kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Base64; `None`: destroyed.
    wrapped: Option<String>,
    generation: u32,
}

impl Keys {
    /// Those of a platform, as they are now.
    pub(super) async fn of(source: &Source) -> Result<Self, Box<dyn Error>> {
        let file = &source.config.keys.key_encryption_key;
        let key_encryption_key = fs::read_to_string(file).map_err(|error| paper::named(file, &error))?;
        let token = fs::read_to_string(source.data.join("keys/token.pem")).ok();
        let mut ledgers: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (ledger, kid, row) in copy::keys(&source.database).await? {
            let kept = match row {
                KeyRow::Wrapped { bytes, generation } => {
                    Kept { wrapped: Some(STANDARD.encode(bytes)), generation }
                }
                KeyRow::Destroyed => Kept { wrapped: None, generation: 0 },
            };
            ledgers.entry(ledger).or_default().insert(kid, kept);
        }
        Ok(Self { format: FORMAT, made: Real.now(), key_encryption_key, token, ledgers })
    }

    /// Those of a key backup.
    ///
    /// # Errors
    /// There is none; it was altered, or is of another version.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let file = folder.join(KEYS);
        let keys: Option<Self> = paper::read_sealed(&file)?;
        let keys =
            keys.ok_or_else(|| io::Error::other(format!("there is no key backup in {}", folder.display())))?;
        if keys.format == FORMAT {
            Ok(keys)
        } else {
            Err(io::Error::other(format!("{} needs another version of licheng", file.display())))
        }
    }

    /// Puts them in the place of those in a folder, which must be this platform's.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        if folder.join(KEYS).exists() {
            let former = Self::read(folder)?;
            if let Some(other) = former.ledgers.keys().find(|ledger| !self.ledgers.contains_key(ledger)) {
                let text =
                    format!("{} holds the keys of another platform (ledger {other})", folder.display());
                return Err(io::Error::other(format!("{text}; name another folder for these")));
            }
        }
        paper::write_sealed(&folder.join(KEYS), self)
    }

    /// When they were backed up.
    pub(super) const fn made(&self) -> Instant {
        self.made
    }

    /// A vault that opens with them, and makes none.
    pub(super) fn vault(&self) -> Result<Vault, Box<dyn Error>> {
        let key = KeyEncryptionKey::parse(&self.key_encryption_key);
        let key = key.ok_or("the key-encryption key is not 64 hex digits and a generation")?;
        Ok(Vault::new(Arc::new(self.clone()), key))
    }

    /// Whether a key has been destroyed.
    pub(super) fn is_destroyed(&self, ledger: LedgerId, kid: &str) -> bool {
        self.ledgers.get(&ledger).and_then(|keys| keys.get(kid)).is_some_and(|kept| kept.wrapped.is_none())
    }

    /// Takes over that keys have been destroyed: it is never undone, whichever of two backups knows it.
    pub(super) fn destroy(&mut self, destroyed: impl IntoIterator<Item = KeptKey>) {
        for (ledger, kid, _) in destroyed {
            self.ledgers.entry(ledger).or_default().insert(kid, Kept { wrapped: None, generation: 0 });
        }
    }

    /// Every key that an event names must be there, be it destroyed.
    ///
    /// # Errors
    /// Which one isn't.
    pub(super) fn hold(&self, evidence: &[Evidence]) -> Result<(), Box<dyn Error>> {
        for Evidence { ledger, code, kids, .. } in evidence {
            let known = self.ledgers.get(ledger);
            let mut missing = kids.iter().filter(|kid| known.is_none_or(|keys| !keys.contains_key(*kid)));
            if let Some(first) = missing.next() {
                return Err(format!(
                    "{} keys that events of school {code} name are not among the keys of {}, such as {first}: these keys \
                     are older than the ledger, or another platform's; use a newer key backup",
                    1 + missing.count(),
                    self.made
                )
                .into());
            }
        }
        Ok(())
    }

    /// As a store keeps them.
    pub(super) fn rows(&self) -> Result<Vec<KeptKey>, Box<dyn Error>> {
        let mut rows = Vec::new();
        for (ledger, keys) in &self.ledgers {
            for (kid, kept) in keys {
                rows.push((*ledger, kid.clone(), kept.row()?));
            }
        }
        Ok(rows)
    }

    /// Writes the files of a folder's `keys`.
    pub(super) fn put_files(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        write_secret(&folder.join("key-encryption-key"), self.key_encryption_key.as_bytes())?;
        if let Some(token) = &self.token {
            write_secret(&folder.join("token.pem"), token.as_bytes())?;
        }
        // The public one beside it, and where there was none, a new one: as `licheng serve` does.
        Issuer::local(folder, "licheng").map(drop)
    }
}

impl Kept {
    fn row(&self) -> Result<KeyRow, base64::DecodeError> {
        Ok(match &self.wrapped {
            Some(text) => KeyRow::Wrapped { bytes: STANDARD.decode(text)?, generation: self.generation },
            None => KeyRow::Destroyed,
        })
    }
}

#[async_trait]
impl KeyStore for Keys {
    async fn key(&self, ledger: LedgerId, kid: &str) -> Result<Option<KeyRow>, KeyFault> {
        let kept = self.ledgers.get(&ledger).and_then(|keys| keys.get(kid));
        kept.map(Kept::row).transpose().map_err(|error| KeyFault::Unreachable(Box::new(error)))
    }

    async fn keep_key(&self, _: LedgerId, kid: &str, _: KeyRow) -> Result<KeyRow, KeyFault> {
        // A backup's keys are those that there were.
        Err(KeyFault::Unknown(kid.to_owned()))
    }

    async fn destroy_key(&self, _: LedgerId, kid: &str) -> Result<(), KeyFault> {
        Err(KeyFault::Unknown(kid.to_owned()))
    }

    async fn destroy_keys_of(&self, _: LedgerId, person: PersonId) -> Result<Vec<String>, KeyFault> {
        Err(KeyFault::Unknown(person.to_string()))
    }
}
