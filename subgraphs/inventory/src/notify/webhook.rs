//! Telling by a signed POST to an address of the shop's.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use selvedge_kit::clock::Clock;
use tokio::time::timeout;

use super::{Notifier, NotifyError, sign::signature};
use crate::domain::waitlist::Notice;

/// How long an answer is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Of an answer nothing but its status matters; more of it than this is not read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A webhook that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The address is none.
    #[error("`{url}` is no http:// or https:// address")]
    Address {
        /// What was given.
        url: String,
    },
    /// Without a secret nobody could tell our notices from others.
    #[error("the webhook has no secret, or one of less than 16 characters")]
    Secret,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {reason}")]
    Tls {
        /// Why.
        reason: String,
    },
}

/// Sends notices as JSON to one address, with `x-selvedge-signature` and `x-selvedge-notice-id`. Certificates are checked by the
/// roots of Mozilla; redirects are not followed.
pub struct WebhookNotifier {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: Uri,
    secret: String,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for WebhookNotifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "WebhookNotifier({})", self.address)
    }
}

impl WebhookNotifier {
    /// Sends to `url`, signed by `secret`.
    ///
    /// # Errors
    ///
    /// When the address or the secret is none.
    pub fn new(url: &str, secret: &str, clock: Arc<dyn Clock>) -> Result<Self, WebhookError> {
        let no_address = || WebhookError::Address { url: url.to_owned() };
        let address: Uri = url.parse().map_err(|_| no_address())?;
        if !matches!(address.scheme_str(), Some("http" | "https")) || address.host().is_none() {
            return Err(no_address());
        }
        if secret.chars().count() < 16 {
            return Err(WebhookError::Secret);
        }
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // The provider is named, so that another one elsewhere in the process changes nothing here.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| WebhookError::Tls { reason: error.to_string() })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, address, secret: secret.to_owned(), clock })
    }

    async fn post(&self, notice: &Notice) -> Result<StatusCode, String> {
        let body = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
        let request = Request::post(self.address.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-selvedge-notice-id", notice.id.as_str())
            .header("x-selvedge-signature", signature(&self.secret, self.clock.now().timestamp(), &body))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        // Read to its end, so that the connection can be used again; what is in it does not matter.
        let _ = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok(status)
    }
}

#[async_trait]
impl Notifier for WebhookNotifier {
    async fn tell(&self, notice: &Notice) -> Result<(), NotifyError> {
        let unavailable = |reason: String| NotifyError::Unavailable { reason };
        let answered = timeout(ANSWER_WITHIN, self.post(notice)).await;
        let answered =
            answered.map_err(|_| unavailable(format!("no answer within {} ms", ANSWER_WITHIN.as_millis())))?;
        let status = answered.map_err(unavailable)?;
        let comes_later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
        match status {
            _ if status.is_success() => Ok(()),
            _ if status.is_client_error() && !comes_later.contains(&status) => {
                Err(NotifyError::Refused { reason: format!("the webhook answered {status}") })
            }
            _ => Err(unavailable(format!("the webhook answered {status}"))),
        }
    }
}
