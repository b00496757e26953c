//! A receipt: what arrived, but for what goes wrong.

use proto::central::v1::ReceivedItem;
use serde::Serialize;

use crate::faults::Fate;
use crate::package::Arrived;

/// What a receipt leaves out or says wrongly: item ids, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    pub(crate) dropped: Vec<String>,
    pub(crate) altered: Vec<String>,
    pub(crate) doubled: Vec<String>,
}

/// The receipt's items, and what is wrong in them.
pub(crate) fn receipt(arrived: Vec<Arrived>, fates: &[Fate]) -> (Vec<ReceivedItem>, Told) {
    let (mut items, mut told) = (Vec::with_capacity(arrived.len()), Told::default());
    for (Arrived { item, mut sha256 }, fate) in arrived.into_iter().zip(fates) {
        match fate {
            Fate::Kept => {}
            Fate::Dropped => {
                told.dropped.push(item);
                continue;
            }
            Fate::Altered => {
                told.altered.push(item.clone());
                if let Some(first) = sha256.first_mut() {
                    *first ^= 1;
                }
            }
            Fate::Doubled => {
                told.doubled.push(item.clone());
                items.push(ReceivedItem { item_id: item.clone(), sha256: sha256.clone().into() });
            }
        }
        items.push(ReceivedItem { item_id: item, sha256: sha256.into() });
    }
    (items, told)
}
