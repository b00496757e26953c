//! Whoever is erased is forgotten at once by every process that sees it, whether their keys are destroyed yet or not.

use events::{AnyEvent, ArchiveEvent, Context, Decider, GovernanceEvent};
use kernel::{Clause, Kind, Owner, Personal, Refusal, clause};

use super::*;
use crate::Fault;
use crate::store::conformance::{Place, on_both};

on_both!(
    what_was_opened_is_dropped_by_whoever_sees_the_erasure,
    what_is_folded_while_it_is_seen_is_not_kept,
    nothing_is_sealed_for_whoever_is_erased,
    a_process_that_has_not_seen_it_appends_nothing_for_whoever_is_erased,
    a_stream_is_not_opened_before_its_erasure_is_noticed,
);

const NAME: &str = "王小明";

/// Remembers a name in clear, and says it again for somebody else.
#[derive(Clone, Default)]
struct Names(Option<String>);

#[derive(Clone, Debug)]
enum Ask {
    Name(PersonId),
    Again(PersonId),
}

#[derive(Debug, PartialEq)]
struct Nameless;

impl Refusal for Nameless {
    fn kind(&self) -> Kind {
        Kind::FailedPrecondition
    }
    fn reason(&self) -> &'static str {
        "NAMELESS"
    }
    fn clause(&self) -> Clause {
        clause("§10")
    }
    fn english(&self) -> String {
        "no name".into()
    }
    fn chinese(&self) -> String {
        "無名".into()
    }
}

impl Decider for Names {
    type Command = Ask;
    type Event = GovernanceEvent;
    type Facts = ();
    type Refusal = Nameless;

    fn decide(&self, _: &Context<'_, ()>, ask: Ask) -> Result<Vec<GovernanceEvent>, Nameless> {
        let (person, name) = match ask {
            Ask::Name(person) => (person, NAME.to_owned()),
            Ask::Again(person) => (person, self.0.clone().ok_or(Nameless)?),
        };
        let name = Personal::new(Owner::identity(person), name);
        Ok(vec![GovernanceEvent::OfficerNamed { person, name }])
    }

    fn evolve(&mut self, event: &GovernanceEvent) {
        if let GovernanceEvent::OfficerNamed { name, .. } = event {
            self.0 = name.open().cloned();
        }
    }
}

/// Says what archive would.
#[derive(Clone, Default)]
struct Archive;

impl Decider for Archive {
    type Command = ArchiveEvent;
    type Event = ArchiveEvent;
    type Facts = ();
    type Refusal = Nameless;

    fn decide(&self, _: &Context<'_, ()>, event: ArchiveEvent) -> Result<Vec<ArchiveEvent>, Nameless> {
        Ok(vec![event])
    }

    fn evolve(&mut self, _: &ArchiveEvent) {}
}

struct Host {
    process: Process,
    names: Executor<Names>,
    archive: Executor<Archive>,
}

impl Host {
    async fn start(place: &Place) -> Self {
        let process = Process::on(place.open().await.unwrap(), Arc::new(LocalBus::default()), LEDGER).await;
        let known = Arc::new(Known::new(Arc::clone(&process.engine)));
        let names = Executor::new(Arc::clone(&process.engine), known);
        let known = Arc::new(Known::new(Arc::clone(&process.engine)));
        let archive = Executor::new(Arc::clone(&process.engine), known);
        Self { process, names, archive }
    }

    async fn ask(&self, request: u128, ask: Ask) -> Result<Written, Rejected<Nameless>> {
        self.names.execute(ordered(request, "names-1", ask)).await
    }

    async fn say(&self, request: u128, event: ArchiveEvent) {
        self.archive.execute(ordered(request, "archive-1", event)).await.unwrap();
    }

    async fn erase(&self, request: u128, student: PersonId) {
        self.say(request, ArchiveEvent::ErasureStarted { student }).await;
    }

    /// The name that the stream holds, as this process opens it.
    async fn opened(&self) -> Option<String> {
        let events = self.process.engine.read_stream_open(LEDGER, "names-1", 0).await.unwrap();
        let Some((_, AnyEvent::Governance(GovernanceEvent::OfficerNamed { name, .. }))) = events.first()
        else {
            panic!("{events:?}")
        };
        name.open().cloned()
    }

    /// Reads whatever the ledger has, as every follower does.
    async fn follow(&self, from: u64) {
        let mut at = from;
        loop {
            let (last, _) = self.process.engine.read(LEDGER, at).await.unwrap();
            if last == at {
                return;
            }
            at = last;
        }
    }
}

fn ordered<C: std::fmt::Debug>(request: u128, stream: &str, command: C) -> Order<C> {
    let Order { ledger, request, caller, duty, .. } = order(request, Command::Make(0));
    let (asked, stream) = (("Ask", format!("{command:?}").into_bytes()), stream.to_owned());
    Order { ledger, request, asked, caller, duty, stream, names: Vec::new(), at_least: 0, command }
}

async fn what_was_opened_is_dropped_by_whoever_sees_the_erasure(place: &Place) {
    let (one, other) = (Host::start(place).await, Host::start(place).await);
    one.ask(1, Ask::Name(person(1))).await.unwrap();
    // Both have key and folded state in memory, whoever wrote it.
    for (host, request) in [(&one, 2), (&other, 3)] {
        assert_eq!(host.opened().await.as_deref(), Some(NAME));
        host.ask(request, Ask::Again(person(9))).await.unwrap();
    }
    let read = one.process.engine.store.head(LEDGER).await.unwrap().position;
    one.erase(4, person(1)).await;
    // Who appended it has seen it. The keys themselves are all there still.
    assert_eq!(one.opened().await, None);
    other.follow(read).await;
    assert_eq!(other.opened().await, None);
    // Another person's name, which the state was folded with last, is no part of it.
    one.ask(5, Ask::Again(person(8))).await.unwrap();
    one.erase(6, person(9)).await;
    one.erase(7, person(8)).await;
    assert!(matches!(one.ask(8, Ask::Again(person(7))).await, Err(Rejected::Refused(Nameless))));
    other.follow(read).await;
    assert!(matches!(other.ask(9, Ask::Again(person(7))).await, Err(Rejected::Refused(Nameless))));
}

async fn what_is_folded_while_it_is_seen_is_not_kept(place: &Place) {
    let host = Host::start(place).await;
    let states: crate::states::States<u8> = crate::states::States::new();
    let name = (LEDGER, "names-1".to_owned());
    let before = states.age();
    states.put(before, name.clone(), (1, 7));
    assert_eq!(states.get(&name), Some((1, 7)));
    let states = Arc::new(states);
    let forgets: Arc<dyn crate::states::Forgets> = Arc::clone(&states) as _;
    host.process.engine.tells(&forgets);
    host.erase(1, person(1)).await;
    assert_eq!(states.get(&name), None);
    states.put(before, name.clone(), (1, 7));
    assert_eq!(states.get(&name), None);
    states.put(states.age(), name.clone(), (1, 7));
    // The same event seen again drops nothing.
    host.follow(0).await;
    assert_eq!(states.get(&name), Some((1, 7)));
}

async fn nothing_is_sealed_for_whoever_is_erased(place: &Place) {
    let host = Host::start(place).await;
    host.ask(1, Ask::Name(person(1))).await.unwrap();
    host.erase(2, person(1)).await;
    for (request, whom) in [(3, person(1)), (4, person(2))] {
        let answer = host.ask(request, Ask::Name(whom)).await;
        assert_eq!(answer.is_ok(), whom == person(2), "{answer:?}");
        if let Err(Rejected::Fault(fault)) = answer {
            assert!(matches!(&fault, Fault::Broken(why) if why.contains("destroyed")), "{fault}");
        }
    }
}

async fn a_process_that_has_not_seen_it_appends_nothing_for_whoever_is_erased(place: &Place) {
    let (one, other) = (Host::start(place).await, Host::start(place).await);
    one.ask(1, Ask::Name(person(1))).await.unwrap();
    assert_eq!(other.opened().await.as_deref(), Some(NAME));
    let destroyed = one.process.engine.store.destroy_keys_of(LEDGER, person(1)).await.unwrap();
    assert_eq!(destroyed, [Owner::identity(person(1)).to_string()]);
    // It has the key in memory, and would seal with it.
    let answer = other.ask(2, Ask::Name(person(1))).await;
    assert!(
        matches!(&answer, Err(Rejected::Fault(Fault::Broken(why))) if why.contains("destroyed")),
        "{answer:?}"
    );
    // Nor with a key that it makes only now.
    one.process.engine.store.destroy_keys_of(LEDGER, person(2)).await.unwrap();
    let answer = other.ask(3, Ask::Name(person(2))).await;
    assert!(
        matches!(&answer, Err(Rejected::Fault(Fault::Broken(why))) if why.contains("destroyed")),
        "{answer:?}"
    );
    assert_eq!(one.process.engine.store.head(LEDGER).await.unwrap().position, 1);
}

async fn a_stream_is_not_opened_before_its_erasure_is_noticed(place: &Place) {
    let (one, other) = (Host::start(place).await, Host::start(place).await);
    let (student, reader) = (person(1), person(2));
    let reason = Personal::new(Owner::identity(student), "查證".to_owned());
    one.say(1, ArchiveEvent::AccessRequested { student, reader, reason }).await;
    let reasons = async |host: &Host| {
        let events = host.process.engine.read_stream_open(LEDGER, "archive-1", 0).await.unwrap();
        let open = events.iter().map(|(_, event)| {
            let AnyEvent::Archive(ArchiveEvent::AccessRequested { reason, .. }) = event else { return false };
            reason.open().is_some()
        });
        open.collect::<Vec<_>>()
    };
    assert_eq!(reasons(&other).await, [true]);
    one.erase(2, student).await;
    assert_eq!(reasons(&other).await, [false, false]);
}
