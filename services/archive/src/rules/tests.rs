use events::HoldScope;
use kernel::{Instant, Rule};

use super::RULES;
use crate::{HoldRefusal, Refusal};

/// Whoever adds a variant adds it here, and to the test below.
fn known(refusal: &Refusal) {
    match refusal {
        Refusal::NotSealed
        | Refusal::Erased
        | Refusal::AnothersPortfolio
        | Refusal::AccessNotRequested
        | Refusal::AccessToOneself
        | Refusal::AccessUntilPast { .. }
        | Refusal::AccessTooLong { .. }
        | Refusal::NothingSealed
        | Refusal::TooEarly { .. }
        | Refusal::ErasureNotRequested
        | Refusal::ApprovedByWhoRequested
        | Refusal::ErasureNotApproved
        | Refusal::ErasureNotDue { .. }
        | Refusal::Held { .. }
        | Refusal::ErasureBegun => {}
    }
}

#[test]
fn every_refusal_has_a_row_and_no_row_is_left_over() {
    let at = Instant::from_micros(0);
    let every = [
        Refusal::NotSealed,
        Refusal::Erased,
        Refusal::AnothersPortfolio,
        Refusal::AccessNotRequested,
        Refusal::AccessToOneself,
        Refusal::AccessUntilPast { until: at, now: at },
        Refusal::AccessTooLong { until: at, most: at },
        Refusal::NothingSealed,
        Refusal::TooEarly { until: at, now: at },
        Refusal::ErasureNotRequested,
        Refusal::ApprovedByWhoRequested,
        Refusal::ErasureNotApproved,
        Refusal::ErasureNotDue { starts: at },
        Refusal::Held { scope: HoldScope::School },
        Refusal::ErasureBegun,
    ];
    every.iter().for_each(known);
    let mut refusals: Vec<_> = every.iter().map(|refusal| refusal as &dyn kernel::Refusal).collect();
    let hold = HoldRefusal::Unknown { scope: HoldScope::School };
    refusals.push(&hold);
    assert_eq!(Rule::differences(RULES, &refusals), Vec::<String>::new());
}
