use std::collections::{BTreeMap, HashMap};

use kernel::{Duty, EventId, Instant, LedgerId, RequestId};

use crate::{Facts, Recorded};

/// A command that a stream is owed from an instant on (期限).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline<C> {
    /// The stream that the command is for.
    pub stream: String,
    /// What falls due there; a stream has one deadline of a name at a time.
    pub name: &'static str,
    /// From when on, by the service clock.
    pub due: Instant,
    /// The duty under which the ledger itself asks.
    pub duty: Duty,
    /// The event that set it.
    pub cause: EventId,
    /// The command.
    pub command: C,
}

impl<C> Deadline<C> {
    /// The request id of its command: the same whoever asks, so that two runners are one.
    pub fn request(&self, ledger: LedgerId) -> RequestId {
        let Self { stream, name, due, .. } = self;
        RequestId::new(ledger.derive(&format!("deadline/{stream}/{name}/{due}")))
    }
}

/// The deadlines that stand, folded from events: set by one, lifted by the one that makes the command needless.
#[derive(Clone, Debug)]
pub struct Deadlines<C> {
    standing: BTreeMap<(Instant, String, &'static str), Deadline<C>>,
    dues: HashMap<(String, &'static str), Instant>,
}

impl<C> Default for Deadlines<C> {
    fn default() -> Self {
        Self { standing: BTreeMap::new(), dues: HashMap::new() }
    }
}

impl<C> Deadlines<C> {
    /// Sets a deadline for the event's stream; one of that name that stood there is replaced.
    pub fn set(&mut self, event: &Recorded, name: &'static str, due: Instant, (duty, command): (Duty, C)) {
        self.set_for(event.record.stream.clone(), event, name, due, (duty, command));
    }

    /// Sets a deadline for a stream, by an event of any; one of that name that stood there is replaced.
    pub fn set_for(
        &mut self,
        stream: String,
        event: &Recorded,
        name: &'static str,
        due: Instant,
        (duty, command): (Duty, C),
    ) {
        self.lift(&stream, name);
        self.dues.insert((stream.clone(), name), due);
        let deadline = Deadline { stream: stream.clone(), name, due, duty, cause: event.record.id, command };
        self.standing.insert((due, stream, name), deadline);
    }

    /// Lifts a stream's deadline of that name, if one stands.
    pub fn lift(&mut self, stream: &str, name: &'static str) {
        if let Some(due) = self.dues.remove(&(stream.to_owned(), name)) {
            self.standing.remove(&(due, stream.to_owned(), name));
        }
    }

    /// What has fallen due by an instant, the earliest first.
    pub fn due(&self, now: Instant) -> impl Iterator<Item = &Deadline<C>> {
        self.standing.values().take_while(move |deadline| deadline.due <= now)
    }
}

/// Facts of a service whose streams have deadlines.
pub trait Timely<C>: Facts {
    /// The deadlines that stand.
    fn deadlines(&self) -> &Deadlines<C>;
}

#[cfg(test)]
mod tests {
    use kernel::{Office, PersonId};
    use uuid::Uuid;

    use super::*;
    use crate::GovernanceEvent;
    use crate::spec::recorded;

    const LEDGER: LedgerId = LedgerId::new(Uuid::nil());

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    fn event(position: u64, stream: &str) -> Recorded {
        let seated = GovernanceEvent::OfficeSeated {
            office: Office::Library,
            person: PersonId::new(Uuid::nil()),
            from: at(0),
        };
        recorded(position, stream, 1, seated.into())
    }

    fn due(deadlines: &Deadlines<u8>, now: i64) -> Vec<(&str, &str, u8)> {
        deadlines.due(at(now)).map(|d| (d.stream.as_str(), d.name, d.command)).collect()
    }

    #[test]
    fn what_is_due_comes_in_order_and_once() {
        let mut deadlines = Deadlines::default();
        let duty = Duty::SelectWorks;
        deadlines.set(&event(1, "b"), "late", at(20), (duty, 1));
        deadlines.set(&event(2, "a"), "late", at(20), (duty, 2));
        deadlines.set(&event(3, "a"), "early", at(10), (duty, 3));
        assert_eq!(due(&deadlines, 9), []);
        assert_eq!(due(&deadlines, 10), [("a", "early", 3)]);
        assert_eq!(due(&deadlines, 20), [("a", "early", 3), ("a", "late", 2), ("b", "late", 1)]);
        // Put off: only the later one stands.
        deadlines.set(&event(4, "b"), "late", at(30), (duty, 4));
        deadlines.lift("a", "early");
        deadlines.lift("a", "never set");
        assert_eq!(due(&deadlines, 29), [("a", "late", 2)]);
        assert_eq!(due(&deadlines, 30), [("a", "late", 2), ("b", "late", 4)]);
    }

    #[test]
    fn one_that_another_streams_event_sets_is_the_named_streams() {
        let mut deadlines = Deadlines::default();
        let duty = Duty::SelectWorks;
        deadlines.set(&event(1, "a"), "late", at(20), (duty, 1));
        deadlines.set_for("a".to_owned(), &event(2, "b"), "late", at(30), (duty, 2));
        assert_eq!(due(&deadlines, 30), [("a", "late", 2)]);
        assert_eq!(deadlines.due(at(30)).next().map(|it| it.cause), Some(event(2, "b").record.id));
        deadlines.lift("a", "late");
        assert_eq!(due(&deadlines, 30), []);
    }

    #[test]
    fn its_request_is_known_by_ledger_stream_name_and_due() {
        let set = |stream: &str, name, due, cause| {
            let mut deadlines = Deadlines::default();
            deadlines.set(&event(cause, stream), name, at(due), (Duty::SelectWorks, 0_u8));
            let deadline = deadlines.due(at(due)).next().cloned();
            deadline.unwrap()
        };
        let one = set("a", "late", 1, 7);
        assert_eq!(one.cause, event(7, "a").record.id);
        // Whatever set it, it is the same.
        assert_eq!(one.request(LEDGER), set("a", "late", 1, 8).request(LEDGER));
        let others = [set("b", "late", 1, 7), set("a", "early", 1, 7), set("a", "late", 2, 7)];
        for other in others {
            assert_ne!(one.request(LEDGER), other.request(LEDGER));
        }
        assert_ne!(one.request(LEDGER), one.request(LedgerId::new(Uuid::from_u128(1))));
    }
}
