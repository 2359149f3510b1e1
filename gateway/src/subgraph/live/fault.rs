//! Why a connection could not be made, or ended.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::{
    error::{Error as SocketError, ProtocolError, SubProtocolError},
    protocol::CloseFrame,
};

use super::{super::TransportError, super::http_transport::describe, wire::Violation};

/// The subgraph says that it does not know the caller, or not any more.
const IDENTITY_CODES: [u16; 2] = [4401, 4403];

/// Why a connection could not be made, or ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("no connection: {0}")]
    NoConnection(String),
    #[error("no connection within {timeout_ms} ms")]
    NotOpened { timeout_ms: u128 },
    #[error("HTTP status {0} instead of a WebSocket")]
    Status(u16),
    #[error("{0}")]
    Refused(String),
    #[error("closed with {code}{}", reason_text(reason))]
    Closed { code: u16, reason: String },
    #[error("the connection broke: {0}")]
    Lost(String),
    #[error("nothing was heard for {silence_ms} ms, nor an answer to a ping")]
    Silent { silence_ms: u128 },
    #[error("the subgraph broke the protocol: {0}")]
    Violation(#[from] Violation),
    #[error("a message of more than {max_bytes} bytes")]
    TooLarge { max_bytes: usize },
    #[error("its identity comes to its end")]
    IdentityEnds,
    #[error("nobody used it any more")]
    Idle,
}

fn reason_text(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" {reason}") }
}

impl Fault {
    /// What `error` means while the connection is being made.
    pub(super) fn of_opening(error: &SocketError, max_bytes: usize) -> Self {
        match error {
            SocketError::Http(response) => Self::Status(response.status().as_u16()),
            SocketError::Protocol(ProtocolError::SecWebSocketSubProtocolError(
                SubProtocolError::NoSubProtocol | SubProtocolError::InvalidSubProtocol,
            )) => Self::Refused("it does not speak the subprotocol".to_owned()),
            other => Self::of_socket(other, max_bytes),
        }
    }

    /// What `error` means on a connection that stands.
    pub(super) fn of_socket(error: &SocketError, max_bytes: usize) -> Self {
        match error {
            SocketError::Capacity(_) => Self::TooLarge { max_bytes },
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost(error.to_string()),
            SocketError::Protocol(_) | SocketError::Utf8(_) | SocketError::AttackAttempt => {
                Self::Violation(Violation(error.to_string()))
            }
            other => Self::Lost(describe(other)),
        }
    }

    /// What a close frame means.
    pub(super) fn of_close(frame: Option<&CloseFrame>) -> Self {
        frame.map_or_else(
            || Self::Lost("closed without a code".to_owned()),
            |frame| Self::Closed { code: frame.code.into(), reason: frame.reason.to_string() },
        )
    }

    /// Whether the subgraph blames what was asked, so that it would say the same again.
    pub(super) const fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Closed { code, .. } => *code >= 4400 && *code < 4500,
            // These may pass.
            Self::Status(status) => *status < 500 && !matches!(*status, 408 | 425 | 429),
            _ => false,
        }
    }

    /// Whether a fresh identity helps.
    pub(super) fn is_about_identity(&self) -> bool {
        match self {
            Self::IdentityEnds => true,
            Self::Closed { code, .. } => IDENTITY_CODES.contains(code),
            _ => false,
        }
    }

    /// Its name in metrics.
    pub(super) const fn cause(&self) -> &'static str {
        match self {
            Self::NoConnection(_) | Self::NotOpened { .. } | Self::Status(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::Closed { .. } => "closed",
            Self::Lost(_) => "lost",
            Self::Silent { .. } => "silent",
            Self::Violation(_) | Self::TooLarge { .. } => "violation",
            Self::IdentityEnds => "identity",
            Self::Idle => "idle",
        }
    }

    /// What who waits for a connection is told.
    pub(super) fn not_opened(&self, subgraph: &Arc<str>) -> TransportError {
        let (subgraph, reason) = (subgraph.to_string(), self.to_string());
        if self.is_refusal() {
            return TransportError::Refused { subgraph, reason };
        }
        match self {
            Self::TooLarge { max_bytes } => TransportError::ResponseTooLarge { subgraph, max_bytes: *max_bytes },
            _ => TransportError::Unreachable { subgraph, reason },
        }
    }

    /// What the holder of a subscription is told when its connection ends.
    pub(super) fn ended(&self, subgraph: &Arc<str>) -> TransportError {
        let (subgraph, reason) = (subgraph.to_string(), self.to_string());
        match self {
            Self::IdentityEnds => TransportError::Resubscribe { subgraph, reason },
            Self::TooLarge { max_bytes } => TransportError::ResponseTooLarge { subgraph, max_bytes: *max_bytes },
            _ => TransportError::Interrupted { subgraph, reason },
        }
    }
}
