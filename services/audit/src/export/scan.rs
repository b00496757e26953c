use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use eventstore::leaf_of;
use eventstore::store::{Store, Stored};
use kernel::LedgerId;

use super::{Along, Damage, ExportFault, Notes};
use crate::book::{PAGE, Place, blocking, opened};
use crate::note::{Checkpoint, VerifierKey};
use crate::outside::Outside;
use crate::trail::{Doubt, Trail, Versions};
use crate::tree::Frontier;

/// The most damages that are told at once.
const DAMAGES_MAX: usize = 100;

/// Reads the store from the first event to the last and holds everything against everything.
pub(super) struct Scan<'a> {
    store: Arc<dyn Store>,
    ledger: LedgerId,
    key: &'a VerifierKey,
    inside: Notes,
    outside: Outside,
    sizes: BTreeSet<u64>,
    head: u64,
    trail: Trail,
    versions: Versions,
    damages: Vec<Damage>,
}

impl<'a> Scan<'a> {
    /// Learns which checkpoints there are, and then how far the log has come: it may have grown since, but not
    /// shrunk.
    pub(super) async fn new(
        store: &Arc<dyn Store>,
        key: &'a VerifierKey,
        checkpoints: &Path,
    ) -> Result<Self, ExportFault> {
        let (store, ledger) = (Arc::clone(store), key.ledger());
        let outside = Outside::new(checkpoints, ledger);
        let inside: Notes = store.signed(ledger).await?.into_iter().collect();
        let kept = blocking(&outside, Outside::sizes).await.map_err(super::at(checkpoints))?;
        let sizes = inside.keys().copied().chain(kept).collect();
        let head = store.head(ledger).await?.position;
        let (trail, versions) = (Trail::default(), Versions::new(ledger));
        Ok(Self { store, ledger, key, inside, outside, sizes, head, trail, versions, damages: Vec::new() })
    }

    /// Reads everything up to where the log stood, and hands it over.
    pub(super) async fn run(
        &mut self,
        along: &mut dyn Along,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<(), ExportFault> {
        progress(0, self.head);
        self.meet(along).await?;
        // A head that was set back, too, must not hide what a checkpoint covers.
        let end = self.sizes.last().copied().unwrap_or(0).max(self.head);
        while self.trail.size() < end && self.damages.len() < DAMAGES_MAX {
            let wanted = u32::try_from(end - self.trail.size()).unwrap_or(PAGE).min(PAGE);
            let page = self.store.read(self.ledger, self.trail.size(), wanted).await?;
            if page.is_empty() {
                break;
            }
            for stored in page {
                if stored.position != self.trail.size() + 1 {
                    let gone = self.trail.size() + 1..=stored.position - 1;
                    self.damage(gone, "is missing: the log has a hole");
                    return Ok(());
                }
                self.record(&stored);
                along.record(&stored).await?;
                self.meet(along).await?;
            }
            progress(self.trail.size(), self.head);
        }
        self.ends();
        Ok(())
    }

    /// The trees at the newest checkpoint and at the end, and the size of that checkpoint.
    ///
    /// # Errors
    /// [`ExportFault::Altered`], if anything is not as it was signed.
    pub(super) fn finish(self) -> Result<((Frontier, Frontier), Option<u64>), ExportFault> {
        if self.damages.is_empty() {
            Ok((self.trail.into_trees(), self.sizes.last().copied()))
        } else {
            Err(ExportFault::Altered(self.damages))
        }
    }

    /// Holds a record against its leaf, and its columns against the record.
    fn record(&mut self, stored: &Stored) {
        if !self.trail.push(leaf_of(&stored.record), stored.leaf) {
            self.versions.skip();
            return;
        }
        let event = stored.position;
        let (record, mut problems) = match self.versions.read(&stored.record) {
            Ok(read) => read,
            Err(error) => return self.damage(event..=event, &error.to_string()),
        };
        let columns = [
            ("stream", stored.stream == record.stream),
            ("version", stored.version == record.streamversion),
            ("kind", stored.kind == record.kind),
            ("subject", stored.subject == record.subject),
            ("time", stored.time == record.time),
        ];
        let others = columns.iter().filter(|(_, same)| !same);
        problems
            .extend(others.map(|(column, _)| format!("its {column} in the table is not that of its record")));
        for problem in problems {
            self.damage(event..=event, &problem);
        }
    }

    /// Holds the root against the checkpoints of the present size, if there are any, and hands them over.
    async fn meet(&mut self, along: &mut dyn Along) -> Result<(), ExportFault> {
        let size = self.trail.size();
        if !self.sizes.contains(&size) {
            return Ok(());
        }
        let mut signed: Option<Checkpoint> = None;
        for (place, note) in self.notes(size).await? {
            match opened(self.key, place, size, &note) {
                Ok(checkpoint) if signed.is_some_and(|signed| signed != checkpoint) => {
                    let problem = "two different checkpoints of it are kept: two histories have been signed";
                    self.damage(size..=size, problem);
                }
                Ok(checkpoint) if signed.is_none() => {
                    along.checkpoint(size, &note).await?;
                    signed = Some(checkpoint);
                }
                Ok(_) => {}
                Err(trouble) => self.damage(size..=size, &trouble.to_string()),
            }
        }
        if let Some(signed) = signed {
            let doubts = self.trail.meet(signed.root);
            self.doubt(doubts);
        }
        Ok(())
    }

    async fn notes(&self, size: u64) -> Result<Vec<(Place, Vec<u8>)>, ExportFault> {
        let inside = self.inside.get(&size).map(|note| (Place::Inside, note.clone().into_bytes()));
        let mut notes: Vec<_> = inside.into_iter().collect();
        match blocking(&self.outside, move |outside| outside.read(size)).await {
            Ok(note) => notes.push((Place::Outside, note)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ExportFault::Unsignable(error.to_string())),
        }
        Ok(notes)
    }

    /// The log must have come as far as its head says, and as any checkpoint covers.
    fn ends(&mut self) {
        let doubts = self.trail.end();
        self.doubt(doubts);
        let size = self.trail.size();
        let covered = self.sizes.last().copied().unwrap_or(0);
        if self.damages.len() >= DAMAGES_MAX {
            return;
        }
        if size < covered {
            let problem = format!("gone: the log has {size} events, but a checkpoint covers {covered}");
            self.damage(size + 1..=covered, &problem);
        } else if size < self.head {
            let problem = format!("gone: the log has {size} events, but its head says {}", self.head);
            self.damage(size + 1..=self.head, &problem);
        }
    }

    fn doubt(&mut self, doubts: Vec<Doubt>) {
        for doubt in doubts {
            match doubt {
                Doubt::Record(event) => self.damage(event..=event, "its record was altered: its leaf is as it was signed"),
                Doubt::Leaf(event) => self.damage(event..=event, "its leaf was altered: its record is as it was signed"),
                Doubt::Either(event) => {
                    self.damage(event..=event, "its record or its leaf was altered: they don't fit each other");
                }
                Doubt::Between { after, upto } => self.damage(
                    after + 1..=upto,
                    &format!(
                        "between the checkpoints of {after} and {upto} a record was altered together with its leaf: \
                         the root differs"
                    ),
                ),
            }
        }
    }

    fn damage(&mut self, events: std::ops::RangeInclusive<u64>, problem: &str) {
        if self.damages.len() < DAMAGES_MAX {
            self.damages.push(Damage { events, problem: problem.to_owned() });
        }
    }
}
