use std::collections::BTreeMap;

use eventstore::project::Projection;
use eventstore::{Engine, Fault};
use kernel::{Instant, LedgerId};

/// Replays a ledger into one document of a view; up to a position, or to the end where it is 0. With it come the
/// position and the time of its event.
///
/// # Errors
/// [`Fault::NotYet`] if the ledger has no such position; what the store answers.
pub(super) async fn document(
    engine: &Engine,
    view: &dyn Projection,
    ledger: LedgerId,
    key: &str,
    position: u64,
) -> Result<(u64, Instant, Option<Vec<u8>>), Fault> {
    let upto = match position {
        0 => engine.store.head(ledger).await?.position,
        position => position,
    };
    let (mut at, mut time, mut documents) = (0, Instant::default(), BTreeMap::new());
    while at < upto {
        let (last, mut events) = engine.read(ledger, at).await?;
        if last == at {
            return Err(Fault::NotYet(upto));
        }
        events.retain(|event| event.position <= upto);
        time = events.last().map_or(time, |event| event.record.time);
        events.retain(|event| view.keys(event).iter().any(|concerned| concerned == key));
        view.fold(&mut documents, &events)?;
        // An event may concern other documents besides: half folded, they are nobody's.
        documents.retain(|folded, _| folded == key);
        at = last;
    }
    Ok((upto, time, documents.remove(key)))
}
