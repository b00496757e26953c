use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use kernel::LedgerId;
use sha2::{Digest, Sha256};
use vault::LedgerKeys;

use crate::tree::Hash;

/// Signature type of Ed25519 in C2SP signed notes.
const ED25519: u8 = 1;

/// A ledger's tree at a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many records it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// A ledger's key, as whoever checks its checkpoints needs it. Its text is a C2SP verifier key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    ledger: LedgerId,
    key: VerifyingKey,
}

/// Signs a ledger's checkpoints as C2SP signed notes. Ed25519 is deterministic: whoever signs the same tree writes
/// the same bytes.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
}

/// The text is no verifier key of a ledger.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a verifier key of a ledger: licheng/<ledger>+<8 hex digits>+<base64>")]
pub struct NotAKey;

/// The text is no checkpoint that the key signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotACheckpoint {
    /// A line is not what it must be.
    #[error("line {line} {problem}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Its form is right, and the key didn't sign it.
    #[error("the ledger's key did not sign this text")]
    Signature,
}

impl Checkpoint {
    /// What is signed, line by line: origin, size, root.
    pub(crate) fn lines(&self, ledger: LedgerId) -> [String; 3] {
        [origin(ledger), self.size.to_string(), STANDARD.encode(self.root)]
    }

    fn text(&self, ledger: LedgerId) -> String {
        self.lines(ledger).map(|line| line + "\n").concat()
    }
}

impl Signer {
    /// The signer of a ledger.
    pub fn new(ledger: LedgerId, keys: &LedgerKeys) -> Self {
        let key = SigningKey::from_bytes(keys.checkpoint_seed());
        let verifier = VerifierKey { ledger, key: key.verifying_key() };
        Self { key, verifier }
    }

    /// The key that its notes are checked by.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signed note of a checkpoint.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.text(self.verifier.ledger);
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        self.verifier.note(&text, &signature)
    }
}

impl VerifierKey {
    /// The ledger.
    pub const fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The checkpoint of a signed note: exactly three lines of text and this key's signature, as [`Signer::sign`]
    /// writes them, and not a byte else.
    ///
    /// # Errors
    /// [`NotACheckpoint`].
    pub fn open(&self, note: &[u8]) -> Result<Checkpoint, NotACheckpoint> {
        let wrong = |line, problem| NotACheckpoint::Line { line, problem };
        let note = std::str::from_utf8(note).map_err(|error| {
            let before = note.get(..error.valid_up_to()).unwrap_or_default();
            let line = (1..).zip(before.split(|byte| *byte == b'\n')).map(|(line, _)| line).last();
            wrong(line.unwrap_or(1), "is not UTF-8")
        })?;
        let mut lines = note.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let checkpoint_origin = next();
        if checkpoint_origin != origin(self.ledger) {
            return Err(wrong(1, "is not the ledger's origin"));
        }
        let size = next();
        let size: u64 = canonical(size).ok_or_else(|| wrong(2, "is not a size"))?;
        let root: Option<Hash> = STANDARD.decode(next()).ok().and_then(|root| root.try_into().ok());
        let checkpoint = Checkpoint { size, root: root.ok_or_else(|| wrong(3, "is not a root"))? };
        if !next().is_empty() {
            return Err(wrong(4, "is not empty"));
        }
        let signature = self.signature(next()).ok_or_else(|| wrong(5, "is not a signature of this key"))?;
        let text = checkpoint.text(self.ledger);
        // Whatever base64 lets pass, the note as it is written does not.
        if self.note(&text, &signature) != note {
            return Err(wrong(5, "is not the last, or ends otherwise"));
        }
        let signed = self.key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature));
        signed.map(|()| checkpoint).map_err(|_| NotACheckpoint::Signature)
    }

    fn signature(&self, line: &str) -> Option<[u8; 64]> {
        let encoded = line.strip_prefix("— ")?.strip_prefix(&origin(self.ledger))?.strip_prefix(' ')?;
        let decoded = STANDARD.decode(encoded).ok()?;
        let (id, signature) = decoded.split_first_chunk::<4>()?;
        if *id == self.id() { signature.try_into().ok() } else { None }
    }

    fn note(&self, text: &str, signature: &[u8; 64]) -> String {
        let signature = STANDARD.encode([self.id().as_slice(), signature].concat());
        format!("{text}\n— {} {signature}\n", origin(self.ledger))
    }

    /// First four bytes of SHA-256 of name, line feed, signature type and public key.
    fn id(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(origin(self.ledger));
        hash.update([b'\n', ED25519]);
        hash.update(self.key.as_bytes());
        let [a, b, c, d, ..] = <Hash>::from(hash.finalize());
        [a, b, c, d]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", origin(self.ledger), hex::encode(self.id()))
    }
}

impl FromStr for VerifierKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The base64 at the end may hold a plus sign itself.
        let mut parts = text.splitn(3, '+');
        let ledger = parts.next().and_then(|origin| origin.strip_prefix("licheng/")).ok_or(NotAKey)?;
        let ledger = ledger.parse().map_err(|_| NotAKey)?;
        let key = STANDARD.decode(parts.nth(1).ok_or(NotAKey)?).map_err(|_| NotAKey)?;
        let Some((&[ED25519], key)) = key.split_first_chunk::<1>() else { return Err(NotAKey) };
        let key = VerifyingKey::from_bytes(key.try_into().map_err(|_| NotAKey)?).map_err(|_| NotAKey)?;
        let known = Self { ledger, key };
        if known.to_string() == text { Ok(known) } else { Err(NotAKey) }
    }
}

/// What a ledger's checkpoints are known by.
fn origin(ledger: LedgerId) -> String {
    format!("licheng/{ledger}")
}

/// A number in the one way that it is written.
pub(crate) fn canonical(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn signer_of(ledger: LedgerId, key: SigningKey) -> Signer {
        Signer { verifier: VerifierKey { ledger, key: key.verifying_key() }, key }
    }

    fn signer() -> Signer {
        let ledger = "8f1c1c1e-0b1f-5d2a-9a55-3f0a3c1f2b11".parse().unwrap();
        signer_of(ledger, SigningKey::from_bytes(&[7; 32]))
    }

    #[test]
    fn t3_a_note_is_read_back_and_is_the_same_whoever_signs_it() {
        let (signer, checkpoint) = (signer(), Checkpoint { size: 41, root: [9; 32] });
        let note = signer.sign(&checkpoint);
        assert_eq!(note, self::signer().sign(&checkpoint));
        assert_eq!(signer.verifier().open(note.as_bytes()), Ok(checkpoint));
        let lines: Vec<_> = note.lines().collect();
        assert_eq!(lines[..4], ["licheng/8f1c1c1e-0b1f-5d2a-9a55-3f0a3c1f2b11", "41", lines[2], ""]);
        assert!(lines[4].starts_with("— licheng/8f1c1c1e-0b1f-5d2a-9a55-3f0a3c1f2b11 "));
    }

    #[test]
    fn t3_a_note_with_one_bit_changed_is_no_checkpoint() {
        let signer = signer();
        let note = signer.sign(&Checkpoint { size: 41, root: [9; 32] }).into_bytes();
        for bit in 0..note.len() * 8 {
            let mut changed = note.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(signer.verifier().open(&changed).is_err(), "bit {bit}");
        }
        for changed in [&note[..note.len() - 1], &[note.as_slice(), b"\n"].concat(), &note[1..], b""] {
            assert!(signer.verifier().open(changed).is_err());
        }
    }

    #[test]
    fn t3_a_key_is_written_in_one_way_alone() {
        let text = signer().verifier().to_string();
        assert_eq!(text.parse(), Ok(signer().verifier().clone()));
        for bit in 0..text.len() * 8 {
            let mut changed = text.clone().into_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = String::from_utf8(changed).ok().and_then(|text| text.parse::<VerifierKey>().ok());
            assert_eq!(changed, None, "bit {bit}");
        }
        assert!(format!("{text}\n").parse::<VerifierKey>().is_err());
    }
}
