//! Fetches a document, such as a supergraph or a key set, from an address.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri,
    header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
    response::Parts,
};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use super::{
    connector::Connector,
    http_transport::describe,
    redirect::{is_same_server, redirect},
};
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
    /// A redirect that is not followed.
    #[error("{url} {reason}")]
    Redirect {
        /// The address.
        url: String,
        /// Why.
        reason: &'static str,
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

impl DocumentError {
    /// Whether it may be otherwise soon.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            Self::NotUrl { .. } | Self::Redirect { .. } | Self::TooLarge { .. } => false,
        }
    }
}

/// How many redirects are followed for one answer.
const MAX_REDIRECTS: usize = 5;

/// How a document is asked for.
#[derive(Debug, Clone)]
pub struct DocumentLimits {
    /// The largest document, in bytes.
    pub max_bytes: usize,
    /// How long a whole answer may take.
    pub timeout: Duration,
}

/// An address whose document is asked for again and again (`http://`, `https://` with the certificates that the system
/// trusts, or a Unix socket). Servers that know `ETag` or `Last-Modified` send it only when it has changed. A few redirects
/// are followed, to addresses of the same scheme; headers go to no other server than the one of the address.
pub struct RemoteDocument {
    url: String,
    uri: Uri,
    client: Client<Connector, Empty<Bytes>>,
    headers: HeaderMap,
    limits: DocumentLimits,
    /// Whether all requests go to one socket, whatever their address is.
    is_socket: bool,
    /// What makes the next request conditional.
    condition: Option<(HeaderName, HeaderValue)>,
}

impl RemoteDocument {
    /// The document at `url`, asked for with `headers`.
    ///
    /// # Errors
    ///
    /// When `url` is no address, or the system's certificates cannot be read.
    pub fn new(url: &str, headers: HeaderMap, limits: DocumentLimits) -> Result<Self, DocumentError> {
        let address = SubgraphAddress::parse(url).map_err(|reason| DocumentError::NotUrl { reason })?;
        let connector = Connector::new(&address, &SubgraphConfig::default(), HttpVersion::Http1);
        let connector =
            connector.map_err(|error| DocumentError::Unreachable { url: url.to_owned(), reason: describe(&error) })?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let is_socket = address.socket.is_some();
        Ok(Self { url: url.to_owned(), uri: address.uri, client, headers, limits, is_socket, condition: None })
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks once; `None` when the server says that nothing has changed since the last answer.
    ///
    /// # Errors
    ///
    /// Why it could not be had; the text names the address.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the request.
    pub async fn fetch(&mut self) -> Result<Option<Bytes>, DocumentError> {
        let DocumentLimits { max_bytes, timeout } = self.limits;
        let fetched = tokio::time::timeout(timeout, self.ask(max_bytes)).await;
        let too_late = |_| DocumentError::Timeout { url: self.url.clone(), timeout_ms: timeout.as_millis() };
        let Some((condition, body)) = fetched.map_err(too_late)?? else { return Ok(None) };
        self.condition = condition;
        Ok(Some(body))
    }

    async fn ask(&self, max_bytes: usize) -> Result<Option<(Option<(HeaderName, HeaderValue)>, Bytes)>, DocumentError> {
        let unreachable = |reason| DocumentError::Unreachable { url: self.url.clone(), reason };
        let (parts, body) = self.follow().await?;
        if parts.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        if !parts.status.is_success() {
            return Err(DocumentError::Status { url: self.url.clone(), status: parts.status.as_u16() });
        }
        let body = Limited::new(body, max_bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                DocumentError::TooLarge { url: self.url.clone(), max_bytes }
            } else {
                unreachable(describe(&*error))
            }
        })?;
        Ok(Some((condition(&parts.headers), body.to_bytes())))
    }

    /// The answer that redirects lead to.
    async fn follow(&self) -> Result<(Parts, Incoming), DocumentError> {
        let fail = |reason| DocumentError::Redirect { url: self.url.clone(), reason };
        let mut uri = self.uri.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answered = self.client.request(self.request(&uri)).await;
            let (parts, body) = answered
                .map_err(|error| DocumentError::Unreachable { url: self.url.clone(), reason: describe(&error) })?
                .into_parts();
            let Some(target) = redirect(&uri, parts.status, &parts.headers) else { return Ok((parts, body)) };
            uri = target.map_err(fail)?;
            if self.is_socket && !is_same_server(&uri, &self.uri) {
                return Err(fail("redirects away from its socket"));
            }
        }
        Err(fail("redirects too often"))
    }

    fn request(&self, uri: &Uri) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri.clone();
        // They may hold the key of a registry, which is for that registry alone.
        if is_same_server(uri, &self.uri) {
            *request.headers_mut() = self.headers.clone();
        }
        if let Some((name, value)) = &self.condition {
            request.headers_mut().insert(name, value.clone());
        }
        request
    }
}

/// The tag goes first: dates are of whole seconds.
fn condition(headers: &HeaderMap) -> Option<(HeaderName, HeaderValue)> {
    let tag = headers.get(ETAG).map(|tag| (IF_NONE_MATCH, tag.clone()));
    tag.or_else(|| headers.get(LAST_MODIFIED).map(|date| (IF_MODIFIED_SINCE, date.clone())))
}

/// The document at `url`, no larger than `max_bytes`, within `timeout`; see [`RemoteDocument`].
///
/// # Errors
///
/// Why it could not be had; the text names the address.
///
/// # Cancellation
///
/// Dropping the future abandons the request.
pub async fn fetch_document(url: &str, max_bytes: usize, timeout: Duration) -> Result<Bytes, DocumentError> {
    let mut document = RemoteDocument::new(url, HeaderMap::new(), DocumentLimits { max_bytes, timeout })?;
    // Only what was asked for with a condition is answered without a document.
    Ok(document.fetch().await?.unwrap_or_default())
}
