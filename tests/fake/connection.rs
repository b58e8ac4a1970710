//! Connections that can be reset, or closed without a word.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::server::Server;

/// What a handler knows of its connection, and can do to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Connection(Arc<Switches>);

#[derive(Debug, Default)]
struct Switches {
    requests: AtomicU64,
    reset: AtomicBool,
    close: AtomicBool,
    /// The response after which the connection closes was written.
    written: AtomicBool,
}

impl Connection {
    /// Counts a request; 1 for the first.
    pub(super) fn count(&self) -> u64 {
        self.0.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The next byte that would be written resets the connection.
    pub(super) fn reset(&self) {
        self.0.reset.store(true, Ordering::Release);
    }

    /// Nothing more is read: after the response the connection is closed, and no header announced it.
    pub(super) fn close_silently(&self) {
        self.0.close.store(true, Ordering::Release);
    }
}

/// The listener of a provider.
pub(super) struct Door {
    pub(super) server: Arc<Server>,
    pub(super) listener: TcpListener,
}

impl Listener for Door {
    type Io = Stream;
    type Addr = Connection;

    async fn accept(&mut self) -> (Stream, Connection) {
        let stream = loop {
            if let Ok((stream, _)) = self.listener.accept().await {
                break stream;
            }
            tokio::task::yield_now().await;
        };
        stream.set_nodelay(true).unwrap();
        let connection = Connection::default();
        self.server.lock().ledger.connected(true);
        self.server.changed.notify_all();
        let stream = Stream {
            stream,
            connection: connection.clone(),
            server: Arc::clone(&self.server),
        };
        (stream, connection)
    }

    fn local_addr(&self) -> io::Result<Connection> {
        Ok(Connection::default())
    }
}

impl Connected<IncomingStream<'_, Door>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A connection's bytes.
pub(super) struct Stream {
    stream: TcpStream,
    connection: Connection,
    server: Arc<Server>,
}

impl Stream {
    fn check(&self) -> io::Result<()> {
        if self.connection.0.reset.load(Ordering::Acquire) {
            // Without lingering, closing sends a reset in place of an orderly end.
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.server.lock().ledger.connected(false);
        self.server.changed.notify_all();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.connection.0.written.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() && self.connection.0.close.load(Ordering::Acquire) {
            self.connection.0.written.store(true, Ordering::Release);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
