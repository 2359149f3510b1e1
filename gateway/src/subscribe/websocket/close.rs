//! Why the gateway closes a connection.

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use super::super::LimitReached;

/// A reason to close; each has the close code that the protocol gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Close {
    /// The client is done.
    Normal,
    /// The gateway stops; the client should connect again.
    GoingAway,
    /// Frames that are not of RFC 6455.
    BadFrame,
    /// A text that is not UTF-8.
    BadText,
    /// A message over the limit.
    TooLarge,
    /// A message that is not of the protocol.
    BadMessage(String),
    /// An operation before `connection_ack`.
    Unauthorized,
    /// The token was refused, or ran out.
    Forbidden(String),
    /// No common subprotocol.
    SubprotocolNotAcceptable,
    /// No `connection_init` in time.
    InitTimeout,
    /// Two operations of one id.
    DuplicateId(String),
    /// A second `connection_init`.
    TooManyInits,
    /// The user of the token has too many connections.
    TryLater(LimitReached),
}

impl Close {
    /// The close frame. A reason may have at most 123 bytes.
    pub(super) fn frame(&self) -> CloseFrame {
        let (code, reason) = match self {
            Self::Normal => (1000, "Normal closure".to_owned()),
            Self::GoingAway => (1001, "Going away".to_owned()),
            Self::BadFrame => (1002, "Protocol error".to_owned()),
            Self::BadText => (1007, "A text is not UTF-8".to_owned()),
            Self::TooLarge => (1009, "The message is too large".to_owned()),
            // Of those registered for WebSocket itself; clients come again after a while.
            Self::TryLater(reached) => (1013, format!("{}: {reached}", reached.limit.code())),
            Self::BadMessage(what) => (4400, what.clone()),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden(why) => (4403, format!("Forbidden: {why}")),
            Self::SubprotocolNotAcceptable => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::DuplicateId(id) => (4409, format!("Subscriber for {id} already exists")),
            Self::TooManyInits => (4429, "Too many initialisation requests".to_owned()),
        };
        CloseFrame { code: CloseCode::from(code), reason: shortened(reason).into() }
    }

    /// Whether what the client still sends is best taken, unread: it would reset the connection, and the client would
    /// lose the close frame with it.
    pub(super) const fn leaves_unread(&self) -> bool {
        matches!(self, Self::TooLarge | Self::BadFrame | Self::BadText)
    }
}

fn shortened(mut reason: String) -> String {
    const MAX_BYTES: usize = 123;
    let end = (0..=MAX_BYTES.min(reason.len())).rev().find(|&end| reason.is_char_boundary(end));
    reason.truncate(end.unwrap_or(0));
    reason
}
