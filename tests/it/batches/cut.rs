//! A transfer that is cut, again and again, goes on from where the ministry stands, and nothing is sent twice.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use proto::submission::v1::BatchStage;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::world::{Backend, Ministry, School, Told, pdf};

both!(s_3_a_transfer_cut_at_any_byte_goes_on);

/// Between the platform and the ministry: it lets so many bytes through, and cuts the connection.
struct Knife {
    address: SocketAddr,
    cuts: Arc<AtomicUsize>,
    /// Bytes that the next connection may send; from 0 on, as many as it likes.
    _running: JoinSet<()>,
}

impl Knife {
    /// Cuts each of the first connections after a number of bytes that a seed draws.
    async fn start(ministry: SocketAddr, seed: u64, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, cuts) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&cuts);
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut draw = StdRng::seed_from_u64(seed);
            let mut connections = JoinSet::new();
            loop {
                let (from, _) = listener.accept().await.unwrap();
                let to = TcpStream::connect(ministry).await.unwrap();
                let last = counted.load(Ordering::SeqCst) >= times;
                let most = if last { u64::MAX } else { draw.random_range(1..120_000) };
                connections.spawn(through(from, to, most, Arc::clone(&counted)));
            }
        });
        Self { address, cuts, _running: running }
    }
}

/// Carries bytes both ways until the first way has had its most.
async fn through(from: TcpStream, to: TcpStream, most: u64, cuts: Arc<AtomicUsize>) {
    let (mut from_read, mut from_write) = from.into_split();
    let (mut to_read, mut to_write) = to.into_split();
    let left = AtomicU64::new(most);
    let there = async {
        let mut part = vec![0; 8 * 1024];
        loop {
            let Ok(read @ 1..) = from_read.read(&mut part).await else { return };
            let may = left.load(Ordering::SeqCst).min(read as u64);
            if to_write.write_all(&part[..usize::try_from(may).unwrap()]).await.is_err() {
                return;
            }
            if may < read as u64 {
                cuts.fetch_add(1, Ordering::SeqCst);
                return;
            }
            left.fetch_sub(may, Ordering::SeqCst);
        }
    };
    let back = async { tokio::io::copy(&mut to_read, &mut from_write).await.map(drop) };
    tokio::select! {
        () = there => {}
        _ = back => {}
    }
}

async fn s_3_a_transfer_cut_at_any_byte_goes_on(backend: Backend) {
    let seed = rand::random();
    println!("seed {seed}");
    let ministry = Ministry::start(&["--double", "1", "--packages", "0"]).await;
    let knife = Knife::start(ministry.address(), seed, 12).await;
    let school = School::open_with_central(backend, knife.address).await;
    let registrar = school.caller(school.registrar);
    // Some of the works are large, so that there is something to be cut.
    let student = school.caller(school.students[0]);
    let large = student.hand_in_performance(pdf("large", 1_500_000)).await.unwrap();
    student.tick_performance(&large).await.unwrap();
    school.select(2, (2, 2)).await;
    let batch = school.submit_and_reconcile().await;
    assert_eq!((batch.stage(), batch.items), (BatchStage::Idle, 9));
    assert_eq!(knife.cuts.load(Ordering::SeqCst), 12);
    // The package is the one that was built, byte for byte, and holds each work once.
    assert_eq!(ministry.packages().len(), 1);
    assert_eq!(Told::of(&registrar.discrepancies().await), Told::default());
}
