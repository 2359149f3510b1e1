//! Who is at the other end of a connection.

use std::net::IpAddr;

use http::Extensions;

/// The address at the other end; of a client, or of the proxy in front of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Peer(pub(super) IpAddr);

/// The address that a request came from.
pub(super) fn address_of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.0)
}
