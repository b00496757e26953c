//! The gRPC contracts as Rust: messages, servers and clients of `licheng/*/v1/*.proto`, and their descriptors.
//!
//! Generated at build time from the .proto files beside it; field comments there carry limits and clauses.
#![allow(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::too_many_lines,
    clippy::allow_attributes_without_reason,
    clippy::wildcard_enum_match_arm,
    reason = "generated from the .proto files, whose comments are copied"
)]

macro_rules! packages {
    ($($package:ident),+ $(,)?) => {$(
        pub mod $package {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/licheng.", stringify!($package), ".v1.rs"));
            }
        }
    )+};
}

packages!(types, governance, records, uploads, certification, submission, archive, portfolio, audit, central);

/// The descriptor of every file that is served, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// A message that asks for something to be done.
pub trait Command: prost::Message + Default {
    /// The UUID that the caller names it by (AIP-155).
    fn request_id(&self) -> &str;
    /// The position that the caller has seen.
    fn at_least_position(&self) -> u64;
}

include!(concat!(env!("OUT_DIR"), "/commands.rs"));
