use events::GovernanceEvent;
use events::spec::Given;
use kernel::{LedgerId, Owner, PersonId, Personal, Public};
use uuid::Uuid;

use super::{Command, Refusal, School};

fn opened() -> GovernanceEvent {
    GovernanceEvent::LedgerOpened {
        ledger: LedgerId::new(Uuid::max()),
        code: Public("070307".into()),
        name: Public("員林".into()),
        checkpoint_key: Public("key".into()),
    }
}

fn open(code: &str) -> Command {
    Command::Open {
        ledger: LedgerId::new(Uuid::max()),
        code: code.into(),
        name: "員林".into(),
        checkpoint_key: "key".into(),
    }
}

#[test]
fn a_ledger_is_opened_once() {
    Given::<School>::nothing().when(open("070307")).then([opened()]);
    Given::<School>::events([opened()]).when(open("070307")).then([]);
}

#[test]
fn s1_refuses_to_open_a_ledger_for_a_second_school() {
    Given::<School>::events([opened()]).when(open("000000")).then_refused(Refusal::OpenedOtherwise);
}

#[test]
fn an_officer_is_named_once() {
    let person = PersonId::new(Uuid::max());
    let named = GovernanceEvent::OfficerNamed {
        person,
        name: Personal::new(Owner::identity(person), "林校長".to_owned()),
    };
    let command = Command::NameOfficer { person, name: "林校長".into() };
    Given::<School>::nothing().when(command.clone()).then([named.clone()]);
    Given::<School>::events([named]).when(command).then([]);
}
