//! What operations have for their client, as frames of RFC 6455, section 5.2.
//!
//! They are written into one buffer of the thread and from there to the socket, for this is what a gateway with many
//! clients does most: a connection that waits owns no buffer, and the one that is used is never cold. Everything else that
//! goes over a connection is the library's.

use std::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Poll},
};

use futures::SinkExt;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::{WebSocketStream, tungstenite::error::Error as SocketError};

/// A last frame whose payload is text.
const TEXT: u8 = 0x81;
/// The first byte of the length says that two bytes follow which have it,
const TWO_BYTES: u8 = 126;
/// or eight.
const EIGHT_BYTES: u8 = 127;
/// A buffer that was larger once is given back.
const KEPT_BYTES: usize = 64 * 1024;

thread_local! {
    static FRAMES: RefCell<Frames> = RefCell::default();
}

/// Frames that go out with one write.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

impl Frames {
    /// Adds a frame of a text in parts. What a server sends is not masked.
    pub(super) fn text(&mut self, parts: &[&str]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.0.push(TEXT);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length), _) if length < TWO_BYTES => self.0.push(length),
            (_, Ok(length)) => {
                self.0.push(TWO_BYTES);
                self.0.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                self.0.push(EIGHT_BYTES);
                self.0.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        for part in parts {
            self.0.extend_from_slice(part.as_bytes());
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
}

/// Writes what `fill` adds, as far as the socket takes it now; gives what is left of it.
pub(super) fn write_now<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    context: &mut Context<'_>,
    fill: impl FnOnce(&mut Frames),
) -> Result<Option<Vec<u8>>, SocketError> {
    FRAMES.with_borrow_mut(|frames| {
        frames.0.clear();
        fill(frames);
        let written = write_some(socket, context, &frames.0).map(|written| match written {
            Written::All => None,
            Written::Some(bytes) => Some(frames.0.get(bytes..).unwrap_or_default().to_vec()),
        });
        if frames.0.capacity() > KEPT_BYTES {
            *frames = Frames::default();
        }
        written
    })
}

/// How far frames have come.
enum Written {
    All,
    /// So many bytes, and the stream may hold some of them back.
    Some(usize),
}

fn write_some<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    context: &mut Context<'_>,
    frames: &[u8],
) -> Result<Written, SocketError> {
    // What the library has begun to write ends first.
    if socket.poll_flush_unpin(context)?.is_pending() {
        return Ok(Written::Some(0));
    }
    let mut stream = Pin::new(socket.get_mut());
    let mut written = 0;
    while let Some(left) = frames.get(written..).filter(|left| !left.is_empty()) {
        match stream.as_mut().poll_write(context, left)? {
            Poll::Ready(0) => return Err(SocketError::ConnectionClosed),
            Poll::Ready(more) => written += more,
            Poll::Pending => return Ok(Written::Some(written)),
        }
    }
    Ok(if stream.poll_flush(context)?.is_ready() { Written::All } else { Written::Some(written) })
}

/// Writes what [`write_now`] has left.
pub(super) async fn write_rest<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    left: Vec<u8>,
) -> Result<(), SocketError> {
    socket.flush().await?;
    socket.get_mut().write_all(&left).await?;
    Ok(socket.get_mut().flush().await?)
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt, future::poll_fn};
    use tokio::io::{DuplexStream, duplex};
    use tokio_tungstenite::tungstenite::{Message, protocol::Role};

    use super::*;

    async fn pair(buffer: usize) -> (WebSocketStream<DuplexStream>, WebSocketStream<DuplexStream>) {
        let (client, server) = duplex(buffer);
        let client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        (client, WebSocketStream::from_raw_socket(server, Role::Server, None).await)
    }

    async fn write(server: &mut WebSocketStream<DuplexStream>, texts: &[&str]) -> Option<Vec<u8>> {
        let fill = |frames: &mut Frames| texts.iter().for_each(|text| frames.text(&[text]));
        poll_fn(|context| Poll::Ready(write_now(server, context, fill))).await.unwrap()
    }

    #[tokio::test]
    async fn lengths_are_written_as_clients_read_them() {
        let (mut client, mut server) = pair(1 << 20).await;
        for length in [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000] {
            let text = "x".repeat(length);
            assert_eq!(write(&mut server, &[&text, "behind it"]).await, None);
            assert_eq!(client.next().await.unwrap().unwrap(), Message::text(text));
            assert_eq!(client.next().await.unwrap().unwrap(), Message::text("behind it"));
        }
        let kept = FRAMES.with_borrow(|frames| frames.0.capacity());
        assert!(kept <= KEPT_BYTES, "{kept}");
    }

    #[tokio::test]
    async fn what_a_slow_client_does_not_take_follows_in_order() {
        let (mut client, mut server) = pair(16).await;
        // The library's own, which does not fit either.
        let ping = Message::Ping("a ping of some length".into());
        assert!(server.send(ping).now_or_never().is_none());
        let left = write(&mut server, &["first", "second, which is longer"]).await.unwrap();
        let writing = async {
            write_rest(&mut server, left).await.unwrap();
            assert_eq!(write(&mut server, &["third"]).await, None);
        };
        let reading = async {
            let mut heard = Vec::new();
            while heard.len() < 3 {
                let message = client.next().await.unwrap().unwrap();
                heard.extend(message.is_text().then(|| message.into_text().unwrap().to_string()));
            }
            heard
        };
        let ((), heard) = futures::join!(writing, reading);
        assert_eq!(heard, ["first", "second, which is longer", "third"]);
    }

    #[tokio::test]
    async fn a_client_that_is_gone_is_an_error() {
        let (client, mut server) = pair(1_000).await;
        drop(client);
        let written = poll_fn(|context| Poll::Ready(write_now(&mut server, context, |frames| frames.text(&["x"]))));
        assert!(written.await.is_err());
    }
}
