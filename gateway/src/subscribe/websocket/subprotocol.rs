//! Which protocol a connection speaks: one small codec each, the connection is the same.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, header::SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::Message;

use super::{
    close::Close,
    legacy_ws,
    messages::{ClientMessage, Fault, OfOperation},
    transport_ws,
};
use crate::error::GraphqlError;

/// A subprotocol that the gateway speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subprotocol {
    /// `graphql-transport-ws`.
    TransportWs,
    /// `graphql-ws`, the older one.
    LegacyWs,
}

impl Subprotocol {
    const BY_PREFERENCE: [Self; 2] = [Self::TransportWs, Self::LegacyWs];

    /// Its name in `sec-websocket-protocol`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::TransportWs => "graphql-transport-ws",
            Self::LegacyWs => "graphql-ws",
        }
    }

    /// The best of those that the client offers, in whichever order it does.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
        let offers: Vec<&str> = offers.flat_map(|text| text.split(',')).map(str::trim).collect();
        Self::BY_PREFERENCE.into_iter().find(|known| offers.contains(&known.name()))
    }

    /// Reads what the client says.
    pub(super) fn read(self, text: &str) -> Result<ClientMessage, Fault> {
        match self {
            Self::TransportWs => transport_ws::read(text),
            Self::LegacyWs => legacy_ws::read(text),
        }
    }

    /// What goes out when `connection_init` is accepted, with the moment at which its token runs out.
    pub(super) fn acknowledge(self, expires_at: Option<DateTime<Utc>>) -> Vec<Message> {
        match self {
            Self::TransportWs => vec![transport_ws::acknowledge(expires_at)],
            Self::LegacyWs => vec![legacy_ws::acknowledge(expires_at), legacy_ws::keep_alive()],
        }
    }

    /// What says, beside a ping of WebSocket itself, that the connection lives.
    pub(super) fn keep_alive(self) -> Option<Message> {
        match self {
            Self::TransportWs => None,
            Self::LegacyWs => Some(legacy_ws::keep_alive()),
        }
    }

    /// An encoded response of the operation `id`.
    pub(super) fn next<'m>(self, id: &'m str, response: &'m Bytes) -> OfOperation<'m> {
        match self {
            Self::TransportWs => transport_ws::next(id, response),
            Self::LegacyWs => legacy_ws::data(id, response),
        }
    }

    /// The operation `id` never ran.
    pub(super) fn error<'m>(self, id: &'m str, errors: &[GraphqlError]) -> OfOperation<'m> {
        match self {
            Self::TransportWs => transport_ws::error(id, errors),
            Self::LegacyWs => legacy_ws::error(id, errors),
        }
    }

    /// Nothing follows of the operation `id`.
    pub(super) fn complete(self, id: &str) -> OfOperation<'_> {
        match self {
            Self::TransportWs => transport_ws::complete(id),
            Self::LegacyWs => legacy_ws::complete(id),
        }
    }

    /// What the client still is told before the connection is closed for a reason that it should know.
    pub(super) fn farewell(self, close: &Close) -> Option<Message> {
        match self {
            Self::TransportWs => None,
            Self::LegacyWs => legacy_ws::farewell(close),
        }
    }

    /// Whether the client may use the id of an operation that still runs, which ends that one.
    pub(super) const fn replaces_operations(self) -> bool {
        matches!(self, Self::LegacyWs)
    }

    /// Whether an operation that the client ends is confirmed.
    pub(super) const fn confirms_stop(self) -> bool {
        matches!(self, Self::LegacyWs)
    }

    /// Whether `connection_init` may come again, with a new token.
    pub(super) const fn renews_by_init(self) -> bool {
        matches!(self, Self::LegacyWs)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn of_both_the_newer_is_chosen() {
        let negotiate = |offers: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for offer in offers {
                headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offer));
            }
            Subprotocol::negotiate(&headers)
        };
        assert_eq!(negotiate(&["graphql-ws, graphql-transport-ws"]), Some(Subprotocol::TransportWs));
        assert_eq!(negotiate(&["graphql-ws", "graphql-transport-ws"]), Some(Subprotocol::TransportWs));
        assert_eq!(negotiate(&["mqtt,graphql-ws"]), Some(Subprotocol::LegacyWs));
        assert_eq!(negotiate(&["graphql"]), None);
        assert_eq!(negotiate(&[]), None);
    }
}
