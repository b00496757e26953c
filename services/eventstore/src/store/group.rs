//! What a group of commands must be for a store to judge each against the same state.

use std::collections::{HashMap, HashSet};

use super::Commit;
use crate::Fault;

/// How far an event's time may be behind the ledger's last, in microseconds.
pub(super) const BEHIND_MAX_MICROS: i64 = 2_000_000;

/// Refuses a group whose commands share a stream, a guard on one, a claim or a request, and a command that
/// contradicts itself.
pub(super) fn check(commits: &[Commit]) -> Result<(), Fault> {
    let (mut written, mut guarded) = (HashSet::new(), HashSet::new());
    let (mut claims, mut requests) = (HashSet::new(), HashSet::new());
    for commit in commits {
        let meets = written.contains(&commit.stream)
            || guarded.contains(&commit.stream)
            || commit.guards.iter().any(|(stream, _)| written.contains(stream))
            || commit.claims.iter().any(|(claim, _)| claims.contains(claim))
            || requests.contains(&commit.request);
        if meets || commit.events.is_empty() {
            return Err(Fault::broken("a group's commands share something, or one has no events"));
        }
        if commit.guards.iter().any(|(stream, _)| *stream == commit.stream) {
            return Err(Fault::broken("a command guards the stream that it writes"));
        }
        let mut whose = HashMap::new();
        if commit.claims.iter().any(|(claim, subject)| *whose.entry(claim).or_insert(subject) != subject) {
            return Err(Fault::broken("a command claims one value for two"));
        }
        written.insert(&commit.stream);
        guarded.extend(commit.guards.iter().map(|(stream, _)| stream));
        claims.extend(commit.claims.iter().map(|(claim, _)| claim));
        requests.insert(commit.request);
    }
    Ok(())
}
