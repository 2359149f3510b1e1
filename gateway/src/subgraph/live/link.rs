//! One WebSocket, read and written by one task.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error as SocketError, Message, Utf8Bytes, protocol::CloseFrame},
};

use super::{fault::Fault, wire::Violation};

/// How long the closing handshake may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What was heard.
#[derive(Debug)]
pub(super) enum Heard {
    Text(Utf8Bytes),
    /// A frame that only shows that the other side is there.
    Alive,
}

/// A WebSocket with what waits to be written. It is read while it is written: a subgraph that waits until its events are
/// taken before it takes anything itself would wait for ever otherwise.
pub(super) struct Link<S> {
    socket: WebSocketStream<S>,
    outbox: VecDeque<Message>,
    is_unflushed: bool,
    max_bytes: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    pub(super) const fn new(socket: WebSocketStream<S>, max_bytes: usize) -> Self {
        Self { socket, outbox: VecDeque::new(), is_unflushed: false, max_bytes }
    }

    /// Writes a message, while something is waited for.
    pub(super) fn send(&mut self, text: String) {
        self.outbox.push_back(Message::text(text));
    }

    /// A frame that says nothing and has to be answered.
    pub(super) fn send_ping(&mut self) {
        self.outbox.push_back(Message::Ping(Vec::new().into()));
    }

    /// Waits for the next thing that is heard, and writes meanwhile.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Heard, Fault> {
        let max_bytes = self.max_bytes;
        match poll_fn(|context| self.poll(context)).await {
            Some(Ok(Message::Text(text))) => Ok(Heard::Text(text)),
            Some(Ok(Message::Ping(_))) => {
                // The library has made the answer, which leaves with the next flush.
                self.is_unflushed = true;
                Ok(Heard::Alive)
            }
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => Ok(Heard::Alive),
            Some(Ok(Message::Binary(_))) => Err(Violation("a binary message".to_owned()).into()),
            Some(Ok(Message::Close(frame))) => Err(Fault::of_close(frame.as_ref())),
            Some(Err(error)) => Err(Fault::of_socket(&error, max_bytes)),
            None => Err(Fault::Lost("the connection was closed".to_owned())),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message, SocketError>>> {
        let written = self.poll_write(context);
        // What the subgraph said before it closed the connection says more than that nothing can be written to it.
        match (self.socket.poll_next_unpin(context), written) {
            (Poll::Pending, Err(error)) => Poll::Ready(Some(Err(error))),
            (read, _) => read,
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Result<(), SocketError> {
        while !self.outbox.is_empty() {
            let Poll::Ready(ready) = self.socket.poll_ready_unpin(context) else { return Ok(()) };
            ready?;
            if let Some(message) = self.outbox.pop_front() {
                self.socket.start_send_unpin(message)?;
                self.is_unflushed = true;
            }
        }
        if self.is_unflushed
            && let Poll::Ready(flushed) = self.socket.poll_flush_unpin(context)
        {
            self.is_unflushed = false;
            flushed?;
        }
        Ok(())
    }

    /// Ends the connection with the closing handshake: begins it with `frame`, or answers that of the other side.
    pub(super) async fn close(mut self, frame: Option<CloseFrame>) {
        self.is_unflushed = true;
        if let Some(frame) = frame {
            // Messages before it (`complete` of each operation) still go.
            self.outbox.push_back(Message::Close(Some(frame)));
        } else {
            self.outbox.clear();
        }
        let closing = async { while let Some(Ok(_)) = poll_fn(|context| self.poll(context)).await {} };
        // One that does not answer is dropped all the same.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
    }
}
