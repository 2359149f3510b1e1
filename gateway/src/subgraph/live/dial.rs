//! Makes a connection and takes it through `connection_init`.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Request, Uri, header::SEC_WEBSOCKET_PROTOCOL};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{client::IntoClientRequest, error::Error as SocketError, protocol::WebSocketConfig},
};

use super::{
    super::{
        IDENTITY_HEADER, SubgraphRequest,
        connector::{Connector, Stream},
        http_transport::describe,
    },
    fault::Fault,
    link::{Heard, Link},
    renew::Renewal,
    wire::{PONG, Received, Violation, Wire},
};
use crate::config::{IdentityRenewal, SubgraphConfig};

const BUFFER_BYTES: usize = 16 * 1024;
/// Room for what is around an event in a message.
const ENVELOPE_BYTES: usize = 1_024;

/// A connection that is ready for operations.
pub(super) struct Dialed {
    pub(super) link: Link<TokioIo<Stream>>,
    pub(super) renewal: Renewal,
}

/// Makes connections to one address.
pub(super) struct Dialer {
    pub(super) subgraph: Arc<str>,
    pub(super) wire: Wire,
    pub(super) max_event_bytes: usize,
    uri: Uri,
    connector: Connector,
    opening_timeout: Duration,
    how_to_renew: IdentityRenewal,
}

impl Dialer {
    /// One to `uri`, which is one of HTTP; `connector` must not offer HTTP/2.
    pub(super) fn new(
        subgraph: Arc<str>,
        (uri, connector): (Uri, Connector),
        wire: Wire,
        config: &SubgraphConfig,
    ) -> Self {
        Self {
            subgraph,
            wire,
            max_event_bytes: config.max_response_bytes,
            uri,
            connector,
            opening_timeout: config.subscription.opening_timeout(),
            how_to_renew: config.subscription.identity_renewal,
        }
    }

    /// A connection for `request` and all that are like it.
    pub(super) async fn dial(&self, request: &SubgraphRequest) -> Result<Dialed, Fault> {
        let stream = self.connector.clone().connect(self.uri.clone()).await;
        let stream = stream.map_err(|error| Fault::NoConnection(describe(&*error)))?;
        let mut headers = request.headers().into_owned();
        let renewer = request.context.renewal.clone().filter(|_| headers.contains_key(IDENTITY_HEADER));
        // The request may have waited for its turn.
        if let Some(identity) = renewer.as_ref().and_then(super::super::IdentityRenewer::sign) {
            headers.insert(IDENTITY_HEADER, identity);
        }
        let renewal = Renewal::new(renewer, self.how_to_renew);
        let opening = self.open(stream, headers);
        let timeout_ms = self.opening_timeout.as_millis();
        let link = tokio::time::timeout(self.opening_timeout, opening)
            .await
            .map_err(|_| Fault::NotOpened { timeout_ms })??;
        Ok(Dialed { link, renewal })
    }

    async fn open(&self, stream: Stream, headers: HeaderMap) -> Result<Link<TokioIo<Stream>>, Fault> {
        // An event that is too large ends its operation; the connection ends with what is far beyond.
        let max_bytes = self.max_event_bytes.saturating_mul(2).saturating_add(ENVELOPE_BYTES);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(max_bytes))
            .max_frame_size(Some(max_bytes));
        let identity = headers.get(IDENTITY_HEADER).and_then(|value| value.to_str().ok());
        let init = Wire::connection_init(identity);
        let failed = |error: SocketError| Fault::of_opening(&error, max_bytes);
        let upgrade = self.upgrade_request(headers).map_err(failed)?;
        let (socket, _response) =
            client_async_with_config(upgrade, TokioIo::new(stream), Some(config)).await.map_err(failed)?;
        let mut link = Link::new(socket, max_bytes);
        link.send(init);
        self.wait_for_acknowledgement(link).await
    }

    fn upgrade_request(&self, headers: HeaderMap) -> Result<Request<()>, SocketError> {
        // The connection stands already; the scheme is for the library's own check alone.
        let url = format!("ws{}", self.uri.to_string().trim_start_matches("http"));
        let mut upgrade = url.into_client_request()?;
        upgrade.headers_mut().extend(headers);
        upgrade.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(self.wire.subprotocol()));
        Ok(upgrade)
    }

    async fn wait_for_acknowledgement(&self, mut link: Link<TokioIo<Stream>>) -> Result<Link<TokioIo<Stream>>, Fault> {
        loop {
            let Heard::Text(text) = link.next().await? else { continue };
            match self.wire.read(text.as_str())? {
                Received::Acknowledged => return Ok(link),
                Received::Ping => link.send(PONG.to_owned()),
                Received::Alive => {}
                Received::ConnectionRefused(reason) => {
                    return Err(Fault::Refused(format!("connection_error {reason}")));
                }
                Received::Next(..) | Received::Error(..) | Received::Complete(_) => {
                    return Err(Violation("a message of an operation before connection_ack".to_owned()).into());
                }
            }
        }
    }
}
