//! Why a subgraph gave no answer.

use std::time::Duration;

/// A failure between the gateway and a subgraph.
///
/// The text of each variant is for clients. What is inside (`reason`) is for the log alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No whole answer came in time.
    #[error("subgraph `{subgraph}` did not answer within {timeout_ms} ms")]
    Timeout {
        /// The subgraph's name.
        subgraph: String,
        /// How long the gateway waited, in milliseconds.
        timeout_ms: u64,
    },
    /// The connection could not be made.
    #[error("subgraph `{subgraph}` could not be reached")]
    Unreachable {
        /// The subgraph's name.
        subgraph: String,
        /// For the log.
        reason: String,
    },
    /// The connection broke before the first byte of an answer.
    #[error("subgraph `{subgraph}` broke off the connection without an answer")]
    NoAnswer {
        /// The subgraph's name.
        subgraph: String,
        /// For the log.
        reason: String,
    },
    /// The connection broke before the whole answer came.
    #[error("subgraph `{subgraph}` broke off its answer")]
    Interrupted {
        /// The subgraph's name.
        subgraph: String,
        /// For the log.
        reason: String,
    },
    /// The answer is larger than configured.
    #[error("subgraph `{subgraph}` answered with more than {max_bytes} bytes")]
    ResponseTooLarge {
        /// The subgraph's name.
        subgraph: String,
        /// The limit, in bytes.
        max_bytes: usize,
    },
    /// The answer is not GraphQL.
    #[error("subgraph `{subgraph}` answered with something that is not GraphQL (HTTP status {status})")]
    NotGraphql {
        /// The subgraph's name.
        subgraph: String,
        /// The HTTP status.
        status: u16,
        /// For the log.
        reason: String,
    },
    /// An HTTP status that tells of a failure, without a GraphQL answer.
    #[error("subgraph `{subgraph}` answered with HTTP status {status}")]
    Status {
        /// The subgraph's name.
        subgraph: String,
        /// The HTTP status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
        /// For the log.
        reason: String,
    },
    /// It keeps failing, so it was not asked at all.
    #[error("subgraph `{subgraph}` keeps failing and is left alone for a while")]
    CircuitOpen {
        /// The subgraph's name.
        subgraph: String,
    },
    /// As many requests as it may get at a time are under way.
    #[error("subgraph `{subgraph}` has too many requests under way")]
    Overloaded {
        /// The subgraph's name.
        subgraph: String,
    },
    /// The subgraph does not serve what was asked, such as a subscription.
    #[error("subgraph `{subgraph}` refused the subscription")]
    Refused {
        /// The subgraph's name.
        subgraph: String,
        /// For the log.
        reason: String,
    },
    /// The connection of a subscription came to its planned end, such as that of its identity: to be opened again.
    #[error("subgraph `{subgraph}` is to be subscribed to again")]
    Resubscribe {
        /// The subgraph's name.
        subgraph: String,
        /// For the log.
        reason: String,
    },
    /// No transport has this name.
    #[error("subgraph `{subgraph}` is not configured")]
    Unknown {
        /// The subgraph's name.
        subgraph: String,
    },
}

impl TransportError {
    /// The value of `extensions.code`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "SUBGRAPH_TIMEOUT",
            Self::Unreachable { .. } | Self::Unknown { .. } => "SUBGRAPH_UNREACHABLE",
            Self::NoAnswer { .. } | Self::Interrupted { .. } | Self::Resubscribe { .. } => "SUBGRAPH_INTERRUPTED",
            Self::ResponseTooLarge { .. } => "SUBGRAPH_RESPONSE_TOO_LARGE",
            Self::NotGraphql { .. } => "SUBGRAPH_INVALID_RESPONSE",
            Self::Status { .. } => "SUBGRAPH_HTTP_ERROR",
            Self::CircuitOpen { .. } => "SUBGRAPH_CIRCUIT_OPEN",
            Self::Overloaded { .. } => "SUBGRAPH_OVERLOADED",
            Self::Refused { .. } => "SUBGRAPH_REFUSED",
        }
    }

    /// The subgraph's name.
    #[must_use]
    pub fn subgraph(&self) -> &str {
        match self {
            Self::Timeout { subgraph, .. }
            | Self::Unreachable { subgraph, .. }
            | Self::NoAnswer { subgraph, .. }
            | Self::Interrupted { subgraph, .. }
            | Self::ResponseTooLarge { subgraph, .. }
            | Self::NotGraphql { subgraph, .. }
            | Self::Status { subgraph, .. }
            | Self::CircuitOpen { subgraph }
            | Self::Overloaded { subgraph }
            | Self::Refused { subgraph, .. }
            | Self::Resubscribe { subgraph, .. }
            | Self::Unknown { subgraph } => subgraph,
        }
    }

    /// What the log should say beside the text for clients; may name addresses.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unreachable { reason, .. }
            | Self::NoAnswer { reason, .. }
            | Self::Interrupted { reason, .. }
            | Self::Status { reason, .. }
            | Self::NotGraphql { reason, .. }
            | Self::Refused { reason, .. }
            | Self::Resubscribe { reason, .. } => Some(reason),
            Self::Timeout { .. }
            | Self::ResponseTooLarge { .. }
            | Self::CircuitOpen { .. }
            | Self::Overloaded { .. }
            | Self::Unknown { .. } => None,
        }
    }
}
