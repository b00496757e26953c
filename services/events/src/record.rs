use std::borrow::Cow;

use kernel::{EventId, Instant, LedgerId, PersonId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The most bytes that a record may have: an entry of a C2SP tile is at most 64 KiB.
pub const RECORD_BYTES_MAX: usize = 60_000;

/// An event as it is stored, hashed, published and exported: one line of JSON, a CloudEvent 1.0 in structured
/// mode. It is written once; nobody serialises a stored record again. Its position is given by the log alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of CloudEvents: `1.0`.
    pub specversion: Cow<'static, str>,
    /// UUIDv5 of ledger, request and ordinal.
    pub id: EventId,
    /// `/ledgers/<ledger>/<service>`.
    pub source: String,
    /// Type and version: `licheng.uploads.OutcomeSubmitted.v1`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The person concerned, by pseudonym.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<PersonId>,
    /// When it was decided, in microseconds: the one instant by which windows are judged.
    pub time: Instant,
    /// The stream, `noun-{id}`.
    pub stream: String,
    /// Its version in that stream, from 1 without a gap.
    pub streamversion: u32,
    /// Who did it.
    pub actor: PersonId,
    /// For whom a deputy acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onbehalfof: Option<PersonId>,
    /// The duty by which it was allowed.
    pub duty: String,
    /// The request that asked for it.
    pub requestid: RequestId,
    /// What the whole undertaking is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<String>,
    /// The event that caused it, when a reactor did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<EventId>,
    /// The facts that the decision relied on: `stream@version`, space-separated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reliedon: Option<String>,
    /// By which way the command came: `grpc`, `cli`, `reactor`.
    pub channel: String,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The event itself; what is personal in it is sealed.
    pub data: Value,
}

/// A line is not a record.
#[derive(Debug, thiserror::Error)]
pub enum NotARecord {
    /// The JSON is not that of a record.
    #[error("not a record: {0}")]
    Json(#[from] serde_json::Error),
    /// Longer than a record may be.
    #[error("a record has at most {RECORD_BYTES_MAX} bytes, this one has {0}")]
    TooLong(usize),
    /// The source is not `/ledgers/<ledger>/<service>`.
    #[error("the source is not /ledgers/<ledger>/<service>")]
    Source,
}

impl Record {
    /// The line, as it is stored.
    ///
    /// # Errors
    /// [`NotARecord::TooLong`], and what serialising answers.
    pub fn line(&self) -> Result<Vec<u8>, NotARecord> {
        let line = serde_json::to_vec(self)?;
        if line.len() > RECORD_BYTES_MAX { Err(NotARecord::TooLong(line.len())) } else { Ok(line) }
    }

    /// Reads a stored line.
    ///
    /// # Errors
    /// [`NotARecord`].
    pub fn parse(line: &[u8]) -> Result<Self, NotARecord> {
        Ok(serde_json::from_slice(line)?)
    }

    /// The source of a ledger's service.
    pub fn source_of(ledger: LedgerId, service: &str) -> String {
        format!("/ledgers/{ledger}/{service}")
    }

    /// The ledger that the source names.
    ///
    /// # Errors
    /// [`NotARecord::Source`].
    pub fn ledger(&self) -> Result<LedgerId, NotARecord> {
        let rest = self.source.strip_prefix("/ledgers/").ok_or(NotARecord::Source)?;
        let (ledger, _) = rest.split_once('/').ok_or(NotARecord::Source)?;
        ledger.parse().map_err(|_| NotARecord::Source)
    }

    /// The id of a request's n-th event.
    pub fn id_of(ledger: LedgerId, request: RequestId, ordinal: usize) -> EventId {
        EventId::new(ledger.derive(&format!("{request}/{ordinal}")))
    }
}

/// The leaf of a record in the ledger's Merkle tree (RFC 6962): SHA-256 of 0x00 and the stored bytes.
pub fn leaf(line: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(line);
    hash.finalize().into()
}

/// Whether a text may name a stream: 1 to 120 of `a-z 0-9 -`, beginning with a letter.
pub fn well_formed_stream(stream: &str) -> bool {
    stream.len() <= 120
        && stream.starts_with(|c: char| c.is_ascii_lowercase())
        && stream.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
