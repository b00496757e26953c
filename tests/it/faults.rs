//! Servers that are killed, a bus that forgets and stammers, and what nobody may put in: nothing that was acknowledged
//! is lost or doubled, and the views are the folds of the ledger.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::world::given;

mod bus;
mod clients;
mod disk;
mod input;
pub(crate) mod judge;
mod kills;
mod servers;

pub(crate) use servers::Server;

/// A source of random instants, whose seed is printed; `LICHENG_TEST_SEED` gives it again.
fn random() -> StdRng {
    let seed = given("LICHENG_TEST_SEED").map_or_else(rand::random, |seed| seed.parse().unwrap());
    eprintln!("LICHENG_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Lets the others work until a random instant: the instant itself is what is tried here, no condition.
async fn a_while(random: &mut StdRng) {
    let millis = Duration::from_millis(random.random_range(0..900));
    let nothing = tokio::time::timeout(millis, std::future::pending::<()>()).await;
    nothing.unwrap_err();
}
