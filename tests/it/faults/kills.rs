//! `kill -9` at random instants, of whatever runs.

use rand::seq::SliceRandom as _;

use super::clients::Clients;
use super::servers::Server;
use super::{a_while, judge, random};
use crate::world::{Backend, School, Terms, World, scratch};

/// How often something is killed.
const KILLS: usize = 20;

#[derive(Clone, Copy, Debug)]
enum Victim {
    Licheng,
    Postgres,
    Nats,
}

mod what_was_acknowledged_is_there_once_after_kills {
    #[tokio::test]
    async fn embedded() {
        super::embedded().await;
    }

    #[tokio::test]
    async fn district() {
        super::district().await;
    }
}

async fn embedded() {
    let mut random = random();
    let mut school = School::open(Backend::Embedded).await;
    let clients = Clients::start(&school).await;
    for _ in 0..KILLS {
        a_while(&mut random).await;
        school.crash().await;
        clients.move_to(&school.first.channel);
    }
    a_while(&mut random).await;
    let told = clients.finish().await;
    judge::all_holds(&school, &told).await;
}

async fn district() {
    let mut random = random();
    let (mut postgres, mut nats) = (Server::postgres().await, Server::nats().await);
    let servers = [postgres.url(), nats.url()];
    let world = World::start_in(scratch(), Some([&servers[0], &servers[1]])).await;
    let mut school = School::open_on(world, Terms::default()).await;
    let clients = Clients::start(&school).await;
    let each = [Victim::Licheng, Victim::Postgres, Victim::Nats];
    let mut victims: Vec<_> = each.into_iter().cycle().take(KILLS).collect();
    victims.shuffle(&mut random);
    for victim in victims {
        a_while(&mut random).await;
        match victim {
            Victim::Licheng => {
                school.crash().await;
                clients.move_to(&school.first.channel);
            }
            Victim::Postgres => postgres.crash().await,
            Victim::Nats => nats.crash().await,
        }
    }
    a_while(&mut random).await;
    let told = clients.finish().await;
    judge::all_holds(&school, &told).await;
}
