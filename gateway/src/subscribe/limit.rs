//! What there may be only so much of, and how clients are told that there is too much.

use http::StatusCode;

use crate::error::GraphqlError;

/// What there may be only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Live connections: WebSockets and streamed HTTP responses.
    Connections,
    /// Those of one user.
    ConnectionsOfUser,
    /// Those from one address.
    ConnectionsFromAddress,
    /// Subscriptions.
    Subscriptions,
    /// Those of one user.
    SubscriptionsOfUser,
    /// Those from one address.
    SubscriptionsFromAddress,
    /// Event streams that are reserved and not open yet.
    ReservedStreams,
    /// Operations on one connection, or one event stream.
    Operations,
    /// Keys that subscriptions listen to.
    Keys,
    /// Those of one user.
    KeysOfUser,
    /// Those from one address.
    KeysFromAddress,
    /// Those of one subscription.
    KeysOfSubscription,
    /// The bytes of one key.
    KeyBytes,
}

impl Limit {
    /// Those that are not reached any more once something else has ended.
    const PASSING: [Self; 11] = [
        Self::Connections,
        Self::ConnectionsOfUser,
        Self::ConnectionsFromAddress,
        Self::Subscriptions,
        Self::SubscriptionsOfUser,
        Self::SubscriptionsFromAddress,
        Self::ReservedStreams,
        Self::Operations,
        Self::Keys,
        Self::KeysOfUser,
        Self::KeysFromAddress,
    ];

    /// The limit that an error of this code is about, if it helps to come again later.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::PASSING.into_iter().find(|limit| limit.code() == code)
    }

    /// The value of `extensions.code`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.facts().0
    }

    /// The key of the configuration.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.facts().1
    }

    /// The HTTP status: who has too much himself is told apart from a gateway that is full.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Connections | Self::Subscriptions | Self::ReservedStreams | Self::Keys => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::ConnectionsOfUser
            | Self::ConnectionsFromAddress
            | Self::SubscriptionsOfUser
            | Self::SubscriptionsFromAddress
            | Self::Operations
            | Self::KeysOfUser
            | Self::KeysFromAddress => StatusCode::TOO_MANY_REQUESTS,
            Self::KeysOfSubscription | Self::KeyBytes => StatusCode::BAD_REQUEST,
        }
    }

    /// Code, key of the configuration, and what there may be so much of.
    const fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Connections => ("TOO_MANY_CONNECTIONS", "subscriptions.max_connections", "live connections"),
            Self::ConnectionsOfUser => (
                "TOO_MANY_CONNECTIONS_OF_USER",
                "subscriptions.max_connections_per_user",
                "live connections of one user",
            ),
            Self::ConnectionsFromAddress => (
                "TOO_MANY_CONNECTIONS_FROM_ADDRESS",
                "subscriptions.max_connections_per_address",
                "live connections from one address",
            ),
            Self::Subscriptions => ("TOO_MANY_SUBSCRIPTIONS", "subscriptions.max_subscriptions", "subscriptions"),
            Self::SubscriptionsOfUser => (
                "TOO_MANY_SUBSCRIPTIONS_OF_USER",
                "subscriptions.max_subscriptions_per_user",
                "subscriptions of one user",
            ),
            Self::SubscriptionsFromAddress => (
                "TOO_MANY_SUBSCRIPTIONS_FROM_ADDRESS",
                "subscriptions.max_subscriptions_per_address",
                "subscriptions from one address",
            ),
            Self::ReservedStreams => (
                "TOO_MANY_RESERVED_STREAMS",
                "subscriptions.max_reserved_streams",
                "reserved event streams that nobody has opened yet",
            ),
            Self::Operations => (
                "TOO_MANY_OPERATIONS",
                "subscriptions.max_operations_per_connection",
                "operations at a time on one connection",
            ),
            Self::Keys => ("TOO_MANY_KEYS_IN_ALL", "subscriptions.max_keys", "keys of subscriptions"),
            Self::KeysOfUser => {
                ("TOO_MANY_KEYS_OF_USER", "subscriptions.max_keys_per_user", "keys of subscriptions of one user")
            }
            Self::KeysFromAddress => (
                "TOO_MANY_KEYS_FROM_ADDRESS",
                "subscriptions.max_keys_per_address",
                "keys of subscriptions from one address",
            ),
            Self::KeysOfSubscription => {
                ("TOO_MANY_KEYS", "subscriptions.max_keys_per_subscription", "keys in one subscription")
            }
            Self::KeyBytes => ("KEY_TOO_LONG", "subscriptions.max_key_bytes", "bytes in a key"),
        }
    }
}

/// A limit that is reached; the text is for the client. It is short, as it has to fit into a WebSocket's close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {most} {what} (`{key}`)", what = limit.facts().2, key = limit.key())]
pub struct LimitReached {
    /// Which.
    pub limit: Limit,
    /// How many there may be.
    pub most: usize,
}

impl LimitReached {
    /// Says that something is refused for it.
    #[must_use]
    pub(super) fn counted(limit: Limit, most: usize) -> Self {
        metrics::counter!("selvedge_live_refused_total", "limit" => limit.code()).increment(1);
        Self { limit, most }
    }
}

impl From<LimitReached> for GraphqlError {
    fn from(reached: LimitReached) -> Self {
        Self::new(reached.limit.code(), reached.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A close frame holds 123 bytes of reason: the code, a colon, a space and the message.
    #[test]
    fn what_a_socket_is_closed_for_fits_into_a_close_frame() {
        let reached = LimitReached { limit: Limit::ConnectionsOfUser, most: 1_000_000 };
        assert!(format!("{}: {reached}", reached.limit.code()).len() <= 123, "{reached}");
        assert!(reached.to_string().ends_with("(`subscriptions.max_connections_per_user`)"));
    }

    #[test]
    fn it_helps_to_come_again_later_except_with_too_much_in_one_request() {
        assert_eq!(Limit::of_code("TOO_MANY_OPERATIONS"), Some(Limit::Operations));
        assert_eq!(Limit::of_code("TOO_MANY_KEYS_IN_ALL"), Some(Limit::Keys));
        assert_eq!((Limit::of_code("TOO_MANY_KEYS"), Limit::of_code("KEY_TOO_LONG")), (None, None));
    }
}
