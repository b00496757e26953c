use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use eventstore::store::Store;
use eventstore::{Engine, Fault, leaf_of};
use kernel::LedgerId;

use crate::note::{Checkpoint, NotACheckpoint, Signer, VerifierKey};
use crate::outside::{Kept, Outside};
use crate::tree::{Frontier, Hash};

/// Records read at a time.
pub(crate) const PAGE: u32 = 1_000;

/// A ledger's tree as far as it has been integrated, and its checkpoints inside and outside the database.
pub(crate) struct Book {
    store: Arc<dyn Store>,
    ledger: LedgerId,
    outside: Outside,
    signer: Signer,
    /// The tree at the newest checkpoint that was held against the records.
    proven: Frontier,
    now: Frontier,
    /// What was found at each place the last time, so that it is not read again and again.
    met: Vec<(Place, Checkpoint)>,
}

/// Where a checkpoint is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the database.
    Inside,
    /// In the folder of checkpoints.
    Outside,
}

impl Place {
    /// As a message names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Inside => "in the database",
            Self::Outside => "outside the database",
        }
    }
}

/// Why nothing is signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The log ends before a checkpoint does.
    #[error(
        "the log has {size} events, but the checkpoint kept {} covers {covered}: events after {size} are gone",
        .place.name()
    )]
    Shorter {
        /// Events that the log has.
        size: u64,
        /// Events that the checkpoint covers.
        covered: u64,
        /// Where it is kept.
        place: Place,
    },
    /// The records are not those that were signed.
    #[error(
        "events {} to {upto} are not those that were signed: the root of the checkpoint of {upto} differs",
        .after + 1
    )]
    Differs {
        /// The last size whose root is met.
        after: u64,
        /// The size whose root is not.
        upto: u64,
    },
    /// A kept checkpoint is none.
    #[error("the checkpoint of {size} kept {} was altered: {why}", .place.name())]
    Note {
        /// The size that it is kept for.
        size: u64,
        /// Where it is kept.
        place: Place,
        /// What is wrong with it.
        why: NotACheckpoint,
    },
    /// Two histories were signed.
    #[error("another checkpoint of {0} is kept already: two histories have been signed")]
    Fork(u64),
    /// An event is missing.
    #[error("event {0} is missing")]
    Missing(u64),
    /// An event and its leaf don't fit each other.
    #[error("event {0} was altered: its record and its leaf don't fit each other")]
    Altered(u64),
    /// The folder of checkpoints can't be read or written.
    #[error("the checkpoints outside the database can't be read or written: {0}")]
    Outside(#[from] io::Error),
    /// The store doesn't answer, or not yet.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Trouble {
    /// Whether it passes: what is kept is as it was, and can only not be had at the moment.
    pub(crate) const fn passes(&self) -> bool {
        match self {
            Self::Outside(_) | Self::Fault(_) => true,
            Self::Shorter { .. }
            | Self::Differs { .. }
            | Self::Note { .. }
            | Self::Fork(_)
            | Self::Missing(_)
            | Self::Altered(_) => false,
        }
    }
}

/// The signer of a ledger, by the keys that its vault keeps.
pub(crate) async fn signer(engine: &Engine, ledger: LedgerId) -> Result<Signer, Fault> {
    let keys = engine.vault.ledger_keys(ledger).await?;
    Ok(Signer::new(ledger, &keys))
}

/// Reads a kept note; it must be of the size that it is kept for.
pub(crate) fn opened(key: &VerifierKey, place: Place, size: u64, note: &[u8]) -> Result<Checkpoint, Trouble> {
    let checkpoint = key.open(note).map_err(|why| Trouble::Note { size, place, why })?;
    let why = NotACheckpoint::Line { line: 2, problem: "is another size than it is kept for" };
    if checkpoint.size == size { Ok(checkpoint) } else { Err(Trouble::Note { size, place, why }) }
}

impl Book {
    /// The book of a ledger whose tree stands at `now`, and whose newest known checkpoint was met at `proven`: both
    /// empty, where nothing has been read.
    pub(crate) async fn open(
        engine: &Engine,
        ledger: LedgerId,
        checkpoints: &Path,
        (proven, now): (Frontier, Frontier),
    ) -> Result<Self, Trouble> {
        let signer = signer(engine, ledger).await?;
        let (store, outside) = (Arc::clone(&engine.store), Outside::new(checkpoints, ledger));
        Ok(Self { store, ledger, outside, signer, proven, now, met: Vec::new() })
    }

    /// How many records are integrated.
    pub(crate) const fn size(&self) -> u64 {
        self.now.size()
    }

    /// Whether records are integrated that no checkpoint covers.
    pub(crate) const fn unsigned(&self) -> bool {
        self.now.size() > self.proven.size()
    }

    /// How many records the newest checkpoint covers that was held against them.
    pub(crate) const fn proven_size(&self) -> u64 {
        self.proven.size()
    }

    /// The tree as it stands.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { size: self.now.size(), root: self.now.root() }
    }

    /// The newest checkpoint that was held against the records, signed.
    pub(crate) fn signed(&self) -> String {
        self.signer.sign(&Checkpoint { size: self.proven.size(), root: self.proven.root() })
    }

    /// The key by which its checkpoints are checked.
    pub(crate) fn verifier(&self) -> &VerifierKey {
        self.signer.verifier()
    }

    /// Integrates what the store has beyond.
    pub(crate) async fn integrate(&mut self) -> Result<(), Trouble> {
        read_on(&*self.store, self.ledger, &mut self.now, None).await
    }

    /// Holds the newest checkpoints, inside and outside, against the records: each is recomputed at its size from
    /// the stored bytes. Where nothing was integrated yet, the tree stands at the newest of them afterwards.
    pub(crate) async fn compare(&mut self) -> Result<(), Trouble> {
        let mut newest = Vec::new();
        if let Some((size, note)) = blocking(&self.outside, Outside::newest).await? {
            newest.push((Place::Outside, opened(self.verifier(), Place::Outside, size, &note)?));
        }
        if let Some((size, note)) = self.store.newest_signed(self.ledger).await? {
            newest.push((Place::Inside, opened(self.verifier(), Place::Inside, size, note.as_bytes())?));
        }
        newest.sort_by_key(|(_, checkpoint)| checkpoint.size);
        for (place, checkpoint) in &newest {
            if !self.met.contains(&(*place, *checkpoint)) {
                self.meet(*place, checkpoint).await?;
            }
        }
        self.met = newest;
        if self.now.size() == 0 {
            self.now = self.proven.clone();
        }
        Ok(())
    }

    async fn meet(&mut self, place: Place, checkpoint: &Checkpoint) -> Result<(), Trouble> {
        let size = checkpoint.size;
        let mut tree = match size {
            _ if size >= self.now.size() => self.now.clone(),
            _ if size >= self.proven.size() => self.proven.clone(),
            _ => Frontier::default(),
        };
        let after = tree.size();
        read_on(&*self.store, self.ledger, &mut tree, Some(size)).await?;
        if tree.size() < size {
            return Err(Trouble::Shorter { size: tree.size(), covered: size, place });
        }
        if tree.root() != checkpoint.root {
            return Err(self.narrowed(after, size).await);
        }
        if size > self.proven.size() {
            self.proven = tree;
        }
        Ok(())
    }

    /// Signs the tree as it stands, unless a checkpoint, inside or outside, is inconsistent with it; keeps the note
    /// outside first, so that the database never knows a newer one.
    pub(crate) async fn sign(&mut self) -> Result<(), Trouble> {
        self.compare().await?;
        let checkpoint = self.checkpoint();
        let (size, note) = (checkpoint.size, self.signer.sign(&checkpoint));
        let written = note.clone();
        match blocking(&self.outside, move |outside| outside.keep(size, &written)).await? {
            Kept::Same => {}
            Kept::Other => return Err(Trouble::Fork(size)),
        }
        self.store.keep_signed(self.ledger, size, &note).await?;
        if size >= self.proven.size() {
            self.proven = self.now.clone();
            self.met = vec![(Place::Outside, checkpoint), (Place::Inside, checkpoint)];
        }
        Ok(())
    }

    /// Between which two checkpoints the records begin to be others than were signed.
    async fn narrowed(&self, after: u64, upto: u64) -> Trouble {
        match self.first_unmet().await {
            Ok(Some((after, upto))) => Trouble::Differs { after, upto },
            Ok(None) => Trouble::Differs { after, upto },
            Err(trouble) => trouble,
        }
    }

    async fn first_unmet(&self) -> Result<Option<(u64, u64)>, Trouble> {
        let inside = self.store.signed(self.ledger).await?;
        let outside = blocking(&self.outside, Outside::sizes).await?;
        let sizes: BTreeSet<u64> = inside.iter().map(|(size, _)| *size).chain(outside).collect();
        let (mut tree, mut after) = (Frontier::default(), 0);
        for size in sizes {
            read_on(&*self.store, self.ledger, &mut tree, Some(size)).await?;
            if self.roots_of(size, &inside).await?.iter().any(|root| *root != tree.root()) {
                return Ok(Some((after, size)));
            }
            after = size;
        }
        Ok(None)
    }

    async fn roots_of(&self, size: u64, inside: &[(u64, String)]) -> Result<Vec<Hash>, Trouble> {
        let mut roots = Vec::new();
        if let Ok(found) = inside.binary_search_by_key(&size, |(size, _)| *size)
            && let Some((_, note)) = inside.get(found)
        {
            roots.push(opened(self.verifier(), Place::Inside, size, note.as_bytes())?.root);
        }
        match blocking(&self.outside, move |outside| outside.read(size)).await {
            Ok(note) => roots.push(opened(self.verifier(), Place::Outside, size, &note)?.root),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        Ok(roots)
    }
}

/// Reads on, hashing each record anew, until the tree has a size or the store has no more.
async fn read_on(
    store: &dyn Store,
    ledger: LedgerId,
    tree: &mut Frontier,
    upto: Option<u64>,
) -> Result<(), Trouble> {
    loop {
        let wanted = upto.map_or(u64::from(PAGE), |upto| upto.saturating_sub(tree.size()));
        let limit = u32::try_from(wanted).unwrap_or(PAGE).min(PAGE);
        let page = if limit == 0 { Vec::new() } else { store.read(ledger, tree.size(), limit).await? };
        if page.is_empty() {
            return Ok(());
        }
        for stored in page {
            if stored.position != tree.size() + 1 {
                return Err(Trouble::Missing(tree.size() + 1));
            }
            let leaf = leaf_of(&stored.record);
            if leaf != stored.leaf {
                return Err(Trouble::Altered(stored.position));
            }
            tree.push(leaf);
        }
    }
}

/// Works with the folder where that may take a while.
pub(crate) async fn blocking<T: Send + 'static>(
    outside: &Outside,
    work: impl FnOnce(&Outside) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let outside = outside.clone();
    tokio::task::spawn_blocking(move || work(&outside)).await.map_err(io::Error::other)?
}
