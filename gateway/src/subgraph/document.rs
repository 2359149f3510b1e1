//! Fetches a document, such as a supergraph or a key set, from an address.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use super::{connector::Connector, http_transport::describe};
use crate::config::{HttpVersion, SubgraphAddress, SubgraphConfig};

/// Why a document could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The address is none that can be fetched from.
    #[error("the address {reason}")]
    NotUrl {
        /// What it must be instead.
        reason: String,
    },
    /// No connection, or one that broke off.
    #[error("{url} could not be fetched: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// Why, with its causes.
        reason: String,
    },
    /// No whole answer came in time.
    #[error("{url} did not answer within {timeout_ms} ms")]
    Timeout {
        /// The address.
        url: String,
        /// How long was waited, in milliseconds.
        timeout_ms: u128,
    },
    /// An answer that is not the document.
    #[error("{url} answered with HTTP status {status}")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// More than may be read.
    #[error("{url} answered with more than {max_bytes} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit, in bytes.
        max_bytes: usize,
    },
}

/// The document at `url` (`http://`, `https://` with the certificates that the system trusts, or a Unix socket), no
/// larger than `max_bytes`, within `timeout`.
///
/// # Errors
///
/// Why it could not be had; the text names the address.
///
/// # Cancellation
///
/// Dropping the future abandons the request.
pub async fn fetch_document(url: &str, max_bytes: usize, timeout: Duration) -> Result<Bytes, DocumentError> {
    let address = SubgraphAddress::parse(url).map_err(|reason| DocumentError::NotUrl { reason })?;
    let fetched = tokio::time::timeout(timeout, fetch(&address, url, max_bytes)).await;
    fetched.map_err(|_| DocumentError::Timeout { url: url.to_owned(), timeout_ms: timeout.as_millis() })?
}

async fn fetch(address: &SubgraphAddress, url: &str, max_bytes: usize) -> Result<Bytes, DocumentError> {
    let unreachable = |reason| DocumentError::Unreachable { url: url.to_owned(), reason };
    let connector = Connector::new(address, &SubgraphConfig::default(), HttpVersion::Http1)
        .map_err(|error| unreachable(describe(&error)))?;
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let response = client.get(address.uri.clone()).await.map_err(|error| unreachable(describe(&error)))?;
    if !response.status().is_success() {
        return Err(DocumentError::Status { url: url.to_owned(), status: response.status().as_u16() });
    }
    let body = Limited::new(response.into_body(), max_bytes).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            DocumentError::TooLarge { url: url.to_owned(), max_bytes }
        } else {
            unreachable(describe(&*error))
        }
    })?;
    Ok(body.to_bytes())
}
