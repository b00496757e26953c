use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// Bytes by which HTTP/2 begins.
const PREFACE: usize = 24;

/// A connection that ends at shutdown even if its client hasn't begun to speak HTTP/2: the server asks only those that
/// have to end, and would wait for the others.
pub(crate) struct Connection {
    stream: TcpStream,
    read: usize,
    stopping: Option<BoxFuture<'static, ()>>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, mut stopping: watch::Receiver<bool>) -> Self {
        let stopping = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        Self { stream, read: 0, stopping: Some(stopping.boxed()) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some(stopping) = &mut self.stopping else { return polled };
        if polled.is_pending() {
            // Nothing read is the end.
            return stopping.poll_unpin(context).map(Ok);
        }
        self.read = self.read.saturating_add(buffer.filled().len().saturating_sub(before));
        if self.read >= PREFACE {
            self.stopping = None;
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}
