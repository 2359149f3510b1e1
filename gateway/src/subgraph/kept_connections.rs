//! The kept HTTP/1.1 connections to one subgraph.

use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Uri};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    connector::Connector,
    exchange::{ExchangeError, Exchanged, Kept},
    socket::Socket,
};

/// Why a subgraph did not answer.
#[derive(Debug)]
pub(super) enum AskError {
    /// There is no connection.
    Connect(Box<dyn std::error::Error + Send + Sync>),
    /// There is one, but no answer.
    Exchange(ExchangeError),
}

/// Connections without encryption to one address, used by one request at a time.
pub(super) struct KeptConnections {
    connector: Connector,
    uri: Uri,
    /// Request line and `host`, as they are written.
    head: Box<[u8]>,
    max_idle: usize,
    idle_timeout: Duration,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// Those that were used last come last, and go first.
    connections: Vec<(Kept<Socket>, Instant)>,
    /// Whether a task looks for those that were idle for too long.
    is_tidied: bool,
}

impl KeptConnections {
    pub(super) fn new(connector: Connector, uri: Uri, max_idle: usize, idle_timeout: Duration) -> Arc<Self> {
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let host = uri.authority().map_or("", http::uri::Authority::as_str);
        // Credentials in an address are not part of the host.
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n").into_bytes().into();
        Arc::new(Self { connector, uri, head, max_idle, idle_timeout, idle: Mutex::default() })
    }

    /// Posts `body`. With `may_repeat` it is sent once more when a connection that was kept turns out to be closed.
    pub(super) async fn ask(
        self: Arc<Self>,
        headers: HeaderMap,
        body: Bytes,
        (may_repeat, max_bytes): (bool, usize),
    ) -> Result<Exchanged, AskError> {
        let head = self.write_head(&headers, body.len());
        while let Some(kept) = self.take() {
            match self.exchange(kept, (&head, &body), max_bytes).await {
                // The server closed it when it had been idle for too long, as servers do.
                Err(ExchangeError::Silence(_)) if may_repeat => {}
                result => return result.map_err(AskError::Exchange),
            }
        }
        let socket = self.connector.clone().connect_plain(self.uri.clone()).await.map_err(AskError::Connect)?;
        self.exchange(Kept::new(socket), (&head, &body), max_bytes).await.map_err(AskError::Exchange)
    }

    fn write_head(&self, headers: &HeaderMap, body_bytes: usize) -> Vec<u8> {
        let mut head = Vec::with_capacity(self.head.len() + 64 * (headers.len() + 2));
        head.extend_from_slice(&self.head);
        for (name, value) in headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(format!("content-length: {body_bytes}\r\n\r\n").as_bytes());
        head
    }

    async fn exchange(
        self: &Arc<Self>,
        mut kept: Kept<Socket>,
        (head, body): (&[u8], &[u8]),
        max_bytes: usize,
    ) -> Result<Exchanged, ExchangeError> {
        let exchanged = kept.exchange(head, body, max_bytes).await?;
        if exchanged.keeps {
            self.put(kept);
        }
        Ok(exchanged)
    }

    fn take(&self) -> Option<Kept<Socket>> {
        loop {
            let (kept, since) = self.idle.lock().connections.pop()?;
            if since.elapsed() < self.idle_timeout && kept.stream.is_quiet() {
                return Some(kept);
            }
        }
    }

    fn put(self: &Arc<Self>, kept: Kept<Socket>) {
        let mut idle = self.idle.lock();
        if idle.connections.len() < self.max_idle {
            idle.connections.push((kept, Instant::now()));
            if !std::mem::replace(&mut idle.is_tidied, true) {
                tokio::spawn(tidy(Arc::downgrade(self), self.idle_timeout));
            }
        }
    }

    /// Closes what was idle for too long; `false` when nothing is left to look after.
    fn close_idle(&self) -> bool {
        let mut idle = self.idle.lock();
        idle.connections.retain(|(_, since)| since.elapsed() < self.idle_timeout);
        idle.is_tidied = !idle.connections.is_empty();
        idle.is_tidied
    }
}

async fn tidy(connections: Weak<KeptConnections>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(connections) = connections.upgrade() else { return };
        if !connections.close_idle() {
            return;
        }
    }
}

impl Socket {
    /// Whether nothing came since the last answer: neither bytes, which would belong to no request, nor the end.
    fn is_quiet(&self) -> bool {
        let mut byte = [0];
        let read = match self {
            Self::Tcp(stream) => stream.try_read(&mut byte),
            Self::Unix(stream) => stream.try_read(&mut byte),
        };
        matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}
