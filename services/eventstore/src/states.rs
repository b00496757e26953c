//! Folded states in memory. They hold opened values: none outlives a key, or its person's erasure.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::LedgerId;
use moka::sync::Cache;

/// Folded states kept in memory.
const MOST: u64 = 10_000;
/// How long one is kept at most.
const KEPT: Duration = Duration::from_secs(60);

/// What drops everything that was opened, once somebody is erased.
pub(crate) trait Forgets: Send + Sync {
    /// Drops it, at once.
    fn forget(&self);
}

/// States of one decider's streams, each with its version.
pub(crate) struct States<D> {
    kept: Cache<(LedgerId, String), (u64, u32, D)>,
    /// How often everything was dropped. A state that was folded before is not given out after.
    age: AtomicU64,
}

impl<D: Clone + Send + Sync + 'static> States<D> {
    pub(crate) fn new() -> Self {
        let kept = Cache::builder().max_capacity(MOST).time_to_live(KEPT).build();
        Self { kept, age: AtomicU64::new(0) }
    }

    /// The present age: asked for before folding, and told when what was folded is put.
    pub(crate) fn age(&self) -> u64 {
        self.age.load(Ordering::SeqCst)
    }

    /// A state and its version, if it is of the present age.
    pub(crate) fn get(&self, name: &(LedgerId, String)) -> Option<(u32, D)> {
        let (age, version, state) = self.kept.get(name)?;
        (age == self.age()).then_some((version, state))
    }

    /// Keeps a state that was folded at that age.
    pub(crate) fn put(&self, age: u64, name: (LedgerId, String), (version, state): (u32, D)) {
        if age == self.age() {
            self.kept.insert(name, (age, version, state));
        }
    }
}

impl<D: Clone + Send + Sync + 'static> Forgets for States<D> {
    fn forget(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
        self.kept.invalidate_all();
        self.kept.run_pending_tasks();
    }
}
