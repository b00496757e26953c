//! What a process knows of each ledger: authority, a service's facts, the versions of streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use events::{Basis, Facts};
use kernel::LedgerId;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::Fault;
use crate::engine::Engine;

/// Folds every ledger that is asked for, and goes on from where it stood.
pub struct Known<F> {
    engine: Arc<Engine>,
    ledgers: Mutex<HashMap<LedgerId, Arc<RwLock<Basis<F>>>>>,
}

impl<F: Facts> Known<F> {
    /// Knows nothing yet.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine, ledgers: Mutex::default() }
    }

    /// The engine that it reads with.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// What is known, come at least as far as this process has heard of, and as far as `at_least`.
    ///
    /// # Errors
    /// [`Fault::NotYet`] if the store itself hasn't come so far; what the store answers.
    pub async fn at_least(
        &self,
        ledger: LedgerId,
        at_least: u64,
    ) -> Result<OwnedRwLockReadGuard<Basis<F>>, Fault> {
        let heard = *self.engine.tail(ledger).borrow();
        let basis = self.basis(ledger);
        let wanted = heard.max(at_least);
        let now = Arc::clone(&basis).read_owned().await;
        // Whoever has never read the ledger reads it, even if nothing has been heard of it.
        if now.position >= wanted && now.position > 0 {
            return Ok(now);
        }
        drop(now);
        self.refresh(ledger, &basis, Some(wanted)).await?;
        let now = basis.read_owned().await;
        if now.position < at_least { Err(Fault::NotYet(at_least)) } else { Ok(now) }
    }

    /// What is known, come as far as the store has by now: what a refusal is confirmed by.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn confirmed(&self, ledger: LedgerId) -> Result<OwnedRwLockReadGuard<Basis<F>>, Fault> {
        let basis = self.basis(ledger);
        self.refresh(ledger, &basis, None).await?;
        Ok(basis.read_owned().await)
    }

    fn basis(&self, ledger: LedgerId) -> Arc<RwLock<Basis<F>>> {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(ledgers.entry(ledger).or_default())
    }

    /// Reads on until `wanted`, or until the store has no more.
    async fn refresh(
        &self,
        ledger: LedgerId,
        basis: &RwLock<Basis<F>>,
        wanted: Option<u64>,
    ) -> Result<(), Fault> {
        let mut basis = basis.write().await;
        while wanted.is_none_or(|wanted| basis.position < wanted || basis.position == 0) {
            let (last, events) = self.engine.read(ledger, basis.position).await?;
            if last == basis.position {
                break;
            }
            events.iter().for_each(|event| basis.apply(event));
            basis.skip(last);
        }
        Ok(())
    }
}
