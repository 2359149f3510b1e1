//! Why a connection ends, and what still goes over it then.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::error::{Error as SocketError, ProtocolError},
};

use super::{close::Close, subprotocol::Subprotocol};

/// How long the closing handshake may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a connection ends.
pub(super) enum End {
    /// The gateway closes it.
    Close(Close),
    /// The client closes it.
    ByClient,
    /// The client is gone, or cannot be reached.
    Gone,
}

impl From<SocketError> for End {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Capacity(_) => Self::Close(Close::TooLarge),
            SocketError::Utf8(_) => Self::Close(Close::BadText),
            // The client broke off, which takes no answer.
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            SocketError::Protocol(_) => Self::Close(Close::BadFrame),
            _ => Self::Gone,
        }
    }
}

/// Takes a connection through its closing handshake.
///
/// # Cancellation
///
/// Dropping the future breaks the connection off.
pub(super) async fn finish<S: AsyncRead + AsyncWrite + Unpin + Send>(
    socket: &mut WebSocketStream<S>,
    protocol: Option<Subprotocol>,
    end: End,
) {
    let handshake = async {
        match &end {
            End::Close(close) => say_goodbye(socket, protocol, close).await,
            // The library has the answer ready, with the client's own code; reading on sends it.
            End::ByClient => while let Some(Ok(_)) = socket.next().await {},
            End::Gone => {}
        }
    };
    // A client that does not answer is dropped with the socket.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, handshake).await;
    metrics::counter!("selvedge_websocket_closed_total", "code" => code(&end)).increment(1);
}

/// Sends the close frame and waits for the client's.
async fn say_goodbye<S: AsyncRead + AsyncWrite + Unpin + Send>(
    socket: &mut WebSocketStream<S>,
    protocol: Option<Subprotocol>,
    close: &Close,
) {
    if let Some(message) = protocol.and_then(|protocol| protocol.farewell(close)) {
        let _ = socket.send(message).await;
    }
    if socket.close(Some(close.frame())).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
    if close.leaves_unread() {
        let _ = tokio::io::copy(socket.get_mut(), &mut tokio::io::sink()).await;
    }
}

fn code(end: &End) -> String {
    match end {
        End::Close(close) => u16::from(close.frame().code).to_string(),
        End::ByClient => "client".to_owned(),
        End::Gone => "gone".to_owned(),
    }
}
