//! The way to a platform's services: one server that has all of them, or one for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint, Error};
use tower::{Service, ServiceExt as _};

/// A client's connection that finds each service's server.
#[derive(Clone, Debug)]
pub(crate) struct Road(Ways);

#[derive(Clone, Debug)]
enum Ways {
    One(Channel),
    /// By the service's name, such as `records`.
    Each(Arc<BTreeMap<String, Channel>>),
}

/// No server is known for a method.
#[derive(Debug, thiserror::Error)]
#[error("no server is named for {0}")]
struct Nowhere(String);

type Fault = Box<dyn std::error::Error + Send + Sync>;

impl Road {
    /// To one server, such as `http://127.0.0.1:50051`; it is connected to when it is needed, again and again.
    ///
    /// # Errors
    /// The address is none.
    pub(crate) fn to(url: &str) -> Result<Self, Error> {
        Ok(Self(Ways::One(lazily(url)?)))
    }

    /// To a server for each service, by its name.
    ///
    /// # Errors
    /// An address is none.
    pub(crate) fn to_each(servers: &BTreeMap<String, String>) -> Result<Self, Error> {
        let lazily = servers.iter().map(|(service, url)| Ok((service.clone(), lazily(url)?)));
        Ok(Self(Ways::Each(Arc::new(lazily.collect::<Result<_, Error>>()?))))
    }

    fn channel(&self, path: &str) -> Result<Channel, Nowhere> {
        match &self.0 {
            Ways::One(channel) => Ok(channel.clone()),
            Ways::Each(channels) => {
                let service = path.strip_prefix("/licheng.").and_then(|rest| rest.split('.').next());
                let channel = service.and_then(|service| channels.get(service));
                channel.cloned().ok_or_else(|| Nowhere(path.to_owned()))
            }
        }
    }
}

fn lazily(url: &str) -> Result<Channel, Error> {
    Ok(Endpoint::from_shared(url.to_owned())?.connect_lazy())
}

impl Service<http::Request<Body>> for Road {
    type Response = http::Response<Body>;
    type Error = Fault;
    type Future = BoxFuture<'static, Result<Self::Response, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let channel = self.channel(request.uri().path());
        async move { Ok(channel?.oneshot(request).await?) }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_service_has_its_server() {
        let servers = BTreeMap::from([("records".to_owned(), "http://127.0.0.1:1".to_owned())]);
        let road = Road::to_each(&servers).unwrap();
        assert!(road.channel("/licheng.records.v1.RecordsService/ImportRoster").is_ok());
        for nowhere in ["/licheng.audit.v1.AuditService/ReadLedger", "/grpc.health.v1.Health/Check", ""] {
            assert!(road.channel(nowhere).is_err(), "{nowhere}");
        }
        let one = Road::to("http://127.0.0.1:1").unwrap();
        assert!(one.channel("/licheng.audit.v1.AuditService/ReadLedger").is_ok());
        assert!(Road::to("nowhere at all").is_err());
    }
}
