use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use async_trait::async_trait;
use kernel::{LedgerId, PersonId};
use rand::Rng;
use zeroize::Zeroizing;

/// A 256-bit key in clear; wiped from memory when it is dropped.
pub type DataKey = Zeroizing<[u8; 32]>;

/// The key that wraps data keys, and its generation.
#[derive(Clone)]
pub struct KeyEncryptionKey {
    key: DataKey,
    generation: u32,
}

/// A data key at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRow {
    /// Wrapped by the key-encryption key of that generation: nonce and ciphertext.
    Wrapped {
        /// Nonce (12 bytes) and ciphertext with tag.
        bytes: Vec<u8>,
        /// Generation of the key-encryption key.
        generation: u32,
    },
    /// Destroyed: what it sealed can't be read by anyone any more.
    Destroyed,
}

/// Where wrapped keys are kept: beside the events, in the same database, so that a key is durable no later than
/// the first event that uses it.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// A ledger's key by its id; `None`: unknown.
    async fn key(&self, ledger: LedgerId, kid: &str) -> Result<Option<KeyRow>, KeyFault>;
    /// Keeps a key unless there is one with that id already, and answers the one that is kept.
    async fn keep_key(&self, ledger: LedgerId, kid: &str, row: KeyRow) -> Result<KeyRow, KeyFault>;
    /// Destroys a key, for good.
    async fn destroy_key(&self, ledger: LedgerId, kid: &str) -> Result<(), KeyFault>;
    /// Destroys every key of a person, for good, and answers their ids in order, with those that were destroyed before.
    /// The person's [`erasure_mark`] is there from then on, so that an event sealed with a key made later is not
    /// appended either.
    async fn destroy_keys_of(&self, ledger: LedgerId, person: PersonId) -> Result<Vec<String>, KeyFault>;
}

/// The id of the row, kept like a destroyed key's, that says that a person is erased.
pub fn erasure_mark(person: PersonId) -> String {
    format!("{person}/erased")
}

/// The person that a key's id names.
pub(crate) fn person_of(kid: &str) -> Option<PersonId> {
    kid.split_once('/').and_then(|(person, _)| person.parse().ok())
}

/// The mark that whatever is sealed with a key must not find.
pub fn erasure_mark_of(kid: &str) -> Option<String> {
    person_of(kid).map(erasure_mark)
}

/// A key can't be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// No key has that id. It is never taken for a destroyed one.
    #[error("no key {0} is known: is this the right key store?")]
    Unknown(String),
    /// The key is there, but the key-encryption key doesn't open it.
    #[error("the key-encryption key doesn't open key {0}")]
    Wrong(String),
    /// The key store can't be reached.
    #[error("the key store can't be reached: {0}")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl KeyEncryptionKey {
    /// The key of that generation.
    pub const fn new(key: DataKey, generation: u32) -> Self {
        Self { key, generation }
    }

    /// A new one, of generation 1.
    pub fn generate() -> Self {
        Self { key: generate(), generation: 1 }
    }

    /// Reads one as a file keeps it: 64 hex digits, and its generation if it isn't the first.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let key: [u8; 32] = hex::decode(words.next()?).ok()?.try_into().ok()?;
        let generation = words.next().map_or(Some(1), |word| word.parse().ok())?;
        Some(Self { key: Zeroizing::new(key), generation })
    }

    /// As a file keeps it.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{} {}\n", hex::encode(*self.key), self.generation))
    }

    pub(crate) fn wrap(&self, ledger: LedgerId, kid: &str, key: &DataKey) -> Option<KeyRow> {
        let bytes = encrypt(&self.key, wrapping(ledger, kid).as_bytes(), &**key)?;
        Some(KeyRow::Wrapped { bytes, generation: self.generation })
    }

    pub(crate) fn unwrap(&self, ledger: LedgerId, kid: &str, bytes: &[u8]) -> Option<DataKey> {
        let open = Zeroizing::new(decrypt(&self.key, wrapping(ledger, kid).as_bytes(), bytes)?);
        <[u8; 32]>::try_from(open.as_slice()).ok().map(Zeroizing::new)
    }
}

fn wrapping(ledger: LedgerId, kid: &str) -> String {
    format!("licheng/key/1\n{ledger}\n{kid}")
}

/// A new random key.
pub(crate) fn generate() -> DataKey {
    let mut key = Zeroizing::new([0; 32]);
    rand::rng().fill_bytes(&mut *key);
    key
}

/// Nonce and ciphertext; `None` only if the text is longer than AES-GCM can take.
pub(crate) fn encrypt(key: &DataKey, associated: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; 12];
    rand::rng().fill_bytes(&mut nonce);
    let cipher = Aes256Gcm::new((&**key).into());
    let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: text, aad: associated }).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

/// The text, if key, associated data and ciphertext belong together.
pub(crate) fn decrypt(key: &DataKey, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_first_chunk::<12>()?;
    let cipher = Aes256Gcm::new((&**key).into());
    cipher.decrypt(&Nonce::from(*nonce), Payload { msg: text, aad: associated }).ok()
}
