use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eventstore::Engine;
use futures::TryStreamExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::connection::Connection;
use crate::identity::Identity;
use crate::layer::IdentityLayer;
use crate::{Module, Platform, StartFault, Tasks};

/// Connections are asked whether they still live.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Streams of one connection at once.
const STREAMS_MAX: u32 = 1_024;

/// What the writers have at least to answer what is queued, whatever the requests left of the bound.
const DRAIN: Duration = Duration::from_secs(2);

/// A process that serves.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    engine: Arc<Engine>,
    tasks: Tasks,
    health: HealthReporter,
    services: Vec<&'static str>,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<Result<(), tonic::transport::Error>>,
    bound: Duration,
}

/// Serves modules at the configured address: with health and reflection open, everything else behind the identity
/// layer.
///
/// # Errors
/// [`StartFault`]: keys can't be read, the address is taken.
pub async fn serve(platform: &Platform, modules: Vec<Module>) -> Result<Serving, StartFault> {
    let config = &platform.config;
    let wrong = |error: &dyn std::fmt::Display| StartFault::Serve(format!("{}: {error}", config.listen));
    let identity = Identity::new(&config.identity)?;
    let rpcs: Vec<_> = modules.iter().flat_map(|module| module.rpcs).copied().collect();
    let layer =
        IdentityLayer::new(identity, platform.engine.clone(), rpcs.into_iter(), platform.tasks.stopping());
    let listener = TcpListener::bind(config.listen).await.map_err(|error| wrong(&error))?;
    let address = listener.local_addr().map_err(|error| wrong(&error))?;
    // The nameless one is the process as a whole.
    let services: Vec<_> = modules.iter().map(|module| module.service).chain([""]).collect();
    let (health, routes) = routes(platform, modules).await.map_err(|error| wrong(&error))?;
    let (stop, mut stopping) = watch::channel(false);
    let silent = stop.subscribe();
    let incoming = TcpIncoming::from(listener)
        .with_nodelay(Some(true))
        .map_ok(move |stream| Connection::new(stream, silent.clone()));
    let server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .max_concurrent_streams(STREAMS_MAX)
        .layer(layer)
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        });
    let server = spawn(server);
    for service in &services {
        health.set_service_status(service, ServingStatus::Serving).await;
    }
    tracing::info!(%address, "serving");
    let bound = Duration::from_secs(config.shutdown_seconds);
    let (engine, tasks) = (Arc::clone(&platform.engine), platform.tasks.clone());
    Ok(Serving { address, engine, tasks, health, services, stop, server, bound })
}

async fn routes(
    platform: &Platform,
    modules: Vec<Module>,
) -> Result<(HealthReporter, Routes), tonic_reflection::server::Error> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut routes = Routes::new(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    let engine = platform.engine.clone();
    let stopping = platform.tasks.stopping();
    platform.tasks.start(crate::Task::new("relay", |_| eventstore::relay(engine, stopping)));
    for module in modules {
        routes = (module.add)(routes);
        module.tasks.into_iter().for_each(|task| platform.tasks.start(task));
    }
    Ok((health, routes))
}

#[expect(clippy::disallowed_methods, reason = "the server is what shutdown waits for first")]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

impl Serving {
    /// Serves until the process is told to end (SIGTERM, SIGINT), then shuts down.
    ///
    /// # Errors
    /// [`StartFault::Serve`].
    pub async fn until_told(self) -> Result<(), StartFault> {
        let wrong = |error: std::io::Error| StartFault::Serve(error.to_string());
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(wrong)?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(wrong)?,
        }
        self.shut_down().await
    }

    /// Says so to health checks, takes no new requests, waits for those under way, which can still write, then for
    /// the writers and all tasks; in all no longer than the configured bound, and a moment for the writers.
    ///
    /// # Errors
    /// [`StartFault::Serve`], if serving had ended with an error.
    pub async fn shut_down(mut self) -> Result<(), StartFault> {
        tracing::info!("shutting down");
        for service in &self.services {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
        self.stop.send_replace(true);
        // Streams that follow a ledger end when the tasks are told to; without that the server waits for them.
        self.tasks.stop();
        let begun = tokio::time::Instant::now();
        let served = tokio::time::timeout(self.bound, &mut self.server).await;
        self.engine.close();
        let left = self.bound.saturating_sub(begun.elapsed()).max(DRAIN);
        let finished = self.tasks.finish(left).await;
        if !finished || served.is_err() {
            tracing::warn!("something did not end in time; what was accepted is durable all the same");
            self.server.abort();
        }
        match served {
            Ok(Ok(Err(error))) => Err(StartFault::Serve(error.to_string())),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
