use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use events::{AnyEvent, ClaimName, DomainEvent, Recorded};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{EventId, LedgerId, Owner, PersonId};
use moka::future::Cache;
use serde_json::Value;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::keys::{
    DataKey, KeyEncryptionKey, KeyFault, KeyRow, KeyStore, decrypt, encrypt, generate, person_of,
};
use crate::seal::{self, SealFault};

/// How long a key stays in memory at most.
const CACHED_FOR: Duration = Duration::from_secs(60);
/// How many keys stay in memory at most.
const CACHED_MOST: u64 = 100_000;

/// Seals and opens, with the keys of a key store.
#[derive(Clone)]
pub struct Vault {
    store: Arc<dyn KeyStore>,
    kek: KeyEncryptionKey,
    cache: Cache<(LedgerId, String), Option<DataKey>>,
    erased: Arc<RwLock<HashSet<(LedgerId, PersonId)>>>,
}

/// A ledger's own keys.
#[derive(Clone)]
pub struct LedgerKeys {
    index: DataKey,
    checkpoint: DataKey,
}

impl Vault {
    /// A vault over a key store.
    pub fn new(store: Arc<dyn KeyStore>, kek: KeyEncryptionKey) -> Self {
        let cache = Cache::builder().max_capacity(CACHED_MOST).time_to_live(CACHED_FOR).build();
        Self { store, kek, cache, erased: Arc::default() }
    }

    /// Forgets every key that is cached.
    pub fn forget(&self) {
        self.cache.invalidate_all();
    }

    /// Forgets a person for good: from now on nothing of theirs is opened or sealed here, whether their keys are
    /// destroyed already or only about to be. `false`: they were forgotten before.
    pub fn forget_person(&self, ledger: LedgerId, person: PersonId) -> bool {
        let mut erased = self.erased.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = erased.insert((ledger, person));
        drop(erased);
        self.forget();
        is_new
    }

    /// Whether a key is one of a person who was forgotten.
    fn is_forgotten(&self, ledger: LedgerId, kid: &str) -> bool {
        let erased = self.erased.read().unwrap_or_else(PoisonError::into_inner);
        !erased.is_empty() && person_of(kid).is_some_and(|person| erased.contains(&(ledger, person)))
    }

    /// An event as it will be stored, `{"type", "data"}` with every personal value sealed, and the ids of the keys
    /// that it was sealed with. A first use makes the key.
    ///
    /// # Errors
    /// [`SealFault`]; a destroyed key seals nothing new.
    pub async fn seal<E: DomainEvent>(
        &self,
        ledger: LedgerId,
        id: EventId,
        event: &E,
    ) -> Result<(Value, BTreeSet<String>), SealFault> {
        let mut written = kernel::sealing(event)?;
        let mut owners = BTreeSet::new();
        seal::owners(&written, &mut owners);
        let mut keys = HashMap::with_capacity(owners.len());
        for kid in &owners {
            keys.insert(kid.clone(), self.sealing_key(ledger, kid).await?);
        }
        if let Some(data) = written.get_mut("data") {
            seal::seal(ledger, id, data, "", &keys)?;
        }
        Ok((written, owners))
    }

    /// The same JSON with every sealed value opened (`{"$open": …}`), or marked as erased.
    ///
    /// # Errors
    /// [`SealFault`].
    pub async fn open(&self, ledger: LedgerId, mut value: Value) -> Result<Value, SealFault> {
        let mut kids = BTreeSet::new();
        seal::kids(&value, &mut kids);
        let mut keys = HashMap::with_capacity(kids.len());
        for kid in kids {
            let key = self.opening_key(ledger, &kid).await?;
            keys.insert(kid, key);
        }
        seal::open(ledger, &mut value, &keys)?;
        Ok(value)
    }

    /// The same document with its personal values opened, or marked as erased.
    ///
    /// # Errors
    /// [`SealFault`].
    pub async fn opened<T>(&self, ledger: LedgerId, document: &T) -> Result<T, SealFault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        let value = self.open(ledger, serde_json::to_value(document)?).await?;
        Ok(kernel::opening(value)?)
    }

    /// A recorded event with its personal values opened; its record keeps the sealed data.
    ///
    /// # Errors
    /// [`SealFault`].
    pub async fn opened_event(&self, recorded: &Recorded, data: Value) -> Result<AnyEvent, SealFault> {
        let data = self.open(recorded.ledger, data).await?;
        match AnyEvent::read(&recorded.record.kind, data) {
            Ok(Some(event)) => Ok(event),
            Ok(None) | Err(_) => Ok(recorded.event.clone()),
        }
    }

    /// Seals bytes of a file for an owner: nonce and ciphertext. `name` binds them to their place.
    ///
    /// # Errors
    /// [`SealFault`].
    pub async fn seal_bytes(
        &self,
        ledger: LedgerId,
        owner: Owner,
        name: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>, SealFault> {
        let kid = owner.to_string();
        let key = self.sealing_key(ledger, &kid).await?;
        let sealed = encrypt(&key, &file_associated(ledger, name, &kid), bytes);
        sealed.ok_or_else(|| SealFault::Altered(name.to_owned()))
    }

    /// Opens what [`Vault::seal_bytes`] sealed under the same name; `None`: the key is destroyed.
    ///
    /// # Errors
    /// [`SealFault`].
    pub async fn open_bytes(
        &self,
        ledger: LedgerId,
        owner: Owner,
        name: &str,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, SealFault> {
        let kid = owner.to_string();
        let Some(key) = self.opening_key(ledger, &kid).await? else { return Ok(None) };
        let open = decrypt(&key, &file_associated(ledger, name, &kid), sealed);
        open.map(Some).ok_or_else(|| SealFault::Altered(name.to_owned()))
    }

    /// The ledger's own keys, made at first use.
    ///
    /// # Errors
    /// [`SealFault`].
    pub async fn ledger_keys(&self, ledger: LedgerId) -> Result<LedgerKeys, SealFault> {
        let index = self.sealing_key(ledger, &format!("{ledger}/index")).await?;
        let checkpoint = self.sealing_key(ledger, &format!("{ledger}/checkpoint")).await?;
        Ok(LedgerKeys { index, checkpoint })
    }

    async fn sealing_key(&self, ledger: LedgerId, kid: &str) -> Result<DataKey, SealFault> {
        if let Some(known) = self.known_key(ledger, kid).await? {
            return known.ok_or_else(|| SealFault::Destroyed(kid.to_owned()));
        }
        let key = generate();
        let row = self.kek.wrap(ledger, kid, &key).ok_or_else(|| KeyFault::Wrong(kid.to_owned()))?;
        // Two first users at once: the store keeps one key, and both go on with that.
        let kept = self.store.keep_key(ledger, kid, row).await?;
        let key = self.unwrapped(ledger, kid, &kept)?;
        let key = self.kept(ledger, kid, key).await;
        key.ok_or_else(|| SealFault::Destroyed(kid.to_owned()))
    }

    async fn opening_key(&self, ledger: LedgerId, kid: &str) -> Result<Option<DataKey>, SealFault> {
        let known = self.known_key(ledger, kid).await?;
        known.ok_or_else(|| SealFault::Key(KeyFault::Unknown(kid.to_owned())))
    }

    /// `None`: unknown. `Some(None)`: destroyed.
    async fn known_key(&self, ledger: LedgerId, kid: &str) -> Result<Option<Option<DataKey>>, SealFault> {
        if self.is_forgotten(ledger, kid) {
            return Ok(Some(None));
        }
        if let Some(key) = self.cache.get(&(ledger, kid.to_owned())).await {
            return Ok(Some(key));
        }
        let Some(row) = self.store.key(ledger, kid).await? else { return Ok(None) };
        let key = self.unwrapped(ledger, kid, &row)?;
        Ok(Some(self.kept(ledger, kid, key).await))
    }

    /// Keeps a key in memory, unless its person was forgotten while it was fetched.
    async fn kept(&self, ledger: LedgerId, kid: &str, key: Option<DataKey>) -> Option<DataKey> {
        let name = (ledger, kid.to_owned());
        self.cache.insert(name.clone(), key.clone()).await;
        if self.is_forgotten(ledger, kid) {
            self.cache.invalidate(&name).await;
            return None;
        }
        key
    }

    fn unwrapped(&self, ledger: LedgerId, kid: &str, row: &KeyRow) -> Result<Option<DataKey>, KeyFault> {
        match row {
            KeyRow::Destroyed => Ok(None),
            KeyRow::Wrapped { bytes, .. } => {
                let key = self.kek.unwrap(ledger, kid, bytes);
                key.map(Some).ok_or_else(|| KeyFault::Wrong(kid.to_owned()))
            }
        }
    }
}

impl LedgerKeys {
    /// The keyed hash of a claimed value (HMAC-SHA-256).
    pub fn claim_hash(&self, name: &ClaimName) -> [u8; 32] {
        self.mac(&["claim", name.kind.name(), &name.value])
    }

    /// The keyed hash of what a request asks.
    pub fn request_hash(&self, method: &str, body: &[u8]) -> [u8; 32] {
        let mut mac = self.begin();
        mac.update(format!("request\n{method}\n").as_bytes());
        mac.update(body);
        mac.finalize().into_bytes().into()
    }

    /// Seed of the Ed25519 key that signs the ledger's checkpoints.
    pub fn checkpoint_seed(&self) -> &[u8; 32] {
        &self.checkpoint
    }

    fn mac(&self, words: &[&str]) -> [u8; 32] {
        let mut mac = self.begin();
        mac.update(words.join("\n").as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn begin(&self) -> Hmac<Sha256> {
        // HMAC fills a short key with zeros up to the hash's block of 64 bytes.
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(self.index.iter()).for_each(|(to, from)| *to = *from);
        <Hmac<Sha256> as KeyInit>::new((&*block).into())
    }
}

fn file_associated(ledger: LedgerId, name: &str, kid: &str) -> Vec<u8> {
    format!("licheng/segment/1\n{ledger}\n{name}\n{kid}").into_bytes()
}
