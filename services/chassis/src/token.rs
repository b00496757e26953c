//! Tokens for trying: an Ed25519 key of the embedded default's own signs them.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::{LedgerId, PersonId};
use serde::{Deserialize, Serialize};

use crate::config::ConfigFault;

/// `iss` of tokens that `licheng token` makes.
pub const LOCAL_ISSUER: &str = "licheng-local";

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The person.
    pub sub: PersonId,
    /// The audience.
    pub aud: String,
    /// Since when it is good, in seconds since 1970, real time.
    pub iat: u64,
    /// Until when, likewise.
    pub exp: u64,
    /// The school's ledger, or several (auditors, districts).
    pub ledger: Ledgers,
}

/// One ledger, or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ledgers {
    /// One.
    One(LedgerId),
    /// Several: a request names one of them by the header `licheng-ledger`.
    Several(Vec<LedgerId>),
}

/// Signs tokens for trying.
#[derive(Clone)]
pub struct Issuer {
    key: EncodingKey,
    audience: String,
}

impl Issuer {
    /// The issuer whose key lies in a folder, made at its first use: `token.pem`, `token.pub.pem`.
    ///
    /// # Errors
    /// The files can't be read or written.
    pub fn local(folder: &Path, audience: &str) -> io::Result<Self> {
        let (private, public) = (folder.join("token.pem"), folder.join("token.pub.pem"));
        if !private.exists() {
            std::fs::create_dir_all(folder)?;
            let key = SigningKey::from_bytes(&rand::random());
            let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
            write_secret(&private, pem.as_bytes())?;
        }
        let pem = std::fs::read_to_string(&private)?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(io::Error::other)?;
        let shown = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(io::Error::other)?;
        if std::fs::read_to_string(&public).ok().as_deref() != Some(&shown) {
            std::fs::write(&public, shown)?;
        }
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).map_err(io::Error::other)?;
        Ok(Self { key, audience: audience.to_owned() })
    }

    /// A token for a person, good for a while from now on, real time.
    ///
    /// # Errors
    /// The key can't sign.
    pub fn token(&self, ledger: LedgerId, person: PersonId, good_for: Duration) -> io::Result<String> {
        let now = seconds_now();
        let claims = Claims {
            iss: LOCAL_ISSUER.to_owned(),
            sub: person,
            aud: self.audience.clone(),
            iat: now,
            exp: now.saturating_add(good_for.as_secs()),
            ledger: Ledgers::One(ledger),
        };
        self.sign(&claims)
    }

    /// A token that says what it is told to.
    ///
    /// # Errors
    /// The key can't sign.
    pub fn sign(&self, claims: &impl Serialize) -> io::Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &self.key).map_err(io::Error::other)
    }
}

/// Writes a file that nobody but its owner may read, durable before this returns.
///
/// # Errors
/// It exists already, or can't be written.
pub fn write_secret(file: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut secret = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    secret.write_all(bytes)?;
    secret.sync_all()?;
    std::fs::File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Real time: tokens are judged by it, never by the service clock.
#[expect(clippy::disallowed_methods, reason = "tokens use real time")]
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl From<io::Error> for ConfigFault {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}
