//! What goes wrong at the ministry, by a seed.

use sha2::{Digest as _, Sha256};

/// How much of each package goes wrong: in so many of a thousand items, at least one if any.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Faults {
    /// Chooses which items go wrong.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Items of a thousand that are dropped.
    #[arg(long, value_name = "PERMILLE", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    drop: u32,
    /// Items of a thousand that are altered.
    #[arg(long, value_name = "PERMILLE", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    alter: u32,
    /// Items of a thousand that are doubled.
    #[arg(long, value_name = "PERMILLE", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    double: u32,
    /// Packages in which things go wrong: later ones arrive well. Without it, all.
    #[arg(long, value_name = "N")]
    packages: Option<usize>,
    /// How often a receipt is asked for in vain.
    #[arg(long, value_name = "TIMES", default_value_t = 0)]
    pub(crate) delay: u32,
}

/// What becomes of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Dropped,
    Altered,
    Doubled,
}

impl Faults {
    /// What becomes of each of so many items of the n-th package: how many go wrong depends on their number alone, which
    /// do on the seed.
    pub(crate) fn fates(&self, nth: usize, items: usize) -> Vec<Fate> {
        let mut fates = vec![Fate::Kept; items];
        if self.packages.is_some_and(|packages| nth >= packages) {
            return fates;
        }
        let mut order: Vec<_> = (0..items).collect();
        order.sort_by_cached_key(|item| {
            let hash = Sha256::new().chain_update(self.seed.to_be_bytes());
            hash.chain_update(nth.to_be_bytes()).chain_update(item.to_be_bytes()).finalize()
        });
        let mut order = order.into_iter();
        let wrong = [(self.drop, Fate::Dropped), (self.alter, Fate::Altered), (self.double, Fate::Doubled)];
        for (permille, fate) in wrong {
            let share = usize::try_from(permille).unwrap_or(0).saturating_mul(items).div_ceil(1_000);
            for item in order.by_ref().take(share) {
                if let Some(kept) = fates.get_mut(item) {
                    *kept = fate;
                }
            }
        }
        fates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(seed: u64) -> Faults {
        Faults { seed, drop: 10, alter: 20, double: 30, packages: Some(1), delay: 0 }
    }

    #[test]
    fn how_many_go_wrong_depends_on_their_number_alone() {
        let count = |fates: &[Fate], fate| fates.iter().filter(|it| **it == fate).count();
        for seed in 0..20 {
            let fates = faults(seed).fates(0, 250);
            let counts = [Fate::Dropped, Fate::Altered, Fate::Doubled].map(|fate| count(&fates, fate));
            assert_eq!(counts, [3, 5, 8]);
        }
        assert_ne!(faults(1).fates(0, 250), faults(2).fates(0, 250));
        assert_eq!(faults(1).fates(0, 250), faults(1).fates(0, 250));
        assert_eq!(faults(1).fates(1, 250), vec![Fate::Kept; 250]);
        assert_eq!(faults(1).fates(0, 0), []);
    }
}
