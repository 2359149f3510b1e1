//! Queries to another subgraph.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    identity::{IDENTITY_HEADER, Identity, IdentitySigner},
    server::SubgraphServer,
};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a query to another subgraph failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It did not answer.
    #[error("subgraph `{subgraph}` is not reachable: {reason}")]
    Unreachable {
        /// Its name.
        subgraph: &'static str,
        /// What the transport said.
        reason: String,
    },
    /// It answered with errors.
    #[error("subgraph `{subgraph}` refused the query: {reason}")]
    Refused {
        /// Its name.
        subgraph: &'static str,
        /// The first error.
        reason: String,
    },
}

/// Asks one subgraph.
#[derive(Clone)]
pub struct SubgraphClient {
    name: &'static str,
    caller: &'static str,
    transport: Transport,
    signer: IdentitySigner,
}

#[derive(Clone)]
enum Transport {
    InProcess(SubgraphServer),
    Http { url: String, client: reqwest::Client },
}

impl SubgraphClient {
    /// Asks `server` within the process.
    #[must_use]
    pub const fn in_process(name: &'static str, server: SubgraphServer, signer: IdentitySigner) -> Self {
        Self { name, caller: "internal", transport: Transport::InProcess(server), signer }
    }

    /// Asks the GraphQL endpoint at `url` (`http://…/graphql`).
    #[must_use]
    pub fn http(name: &'static str, url: String, signer: IdentitySigner) -> Self {
        Self { name, caller: "internal", transport: Transport::Http { url, client: reqwest::Client::new() }, signer }
    }

    /// Signs as the service `caller`, such as `recommendation`.
    #[must_use]
    pub const fn calling_as(mut self, caller: &'static str) -> Self {
        self.caller = caller;
        self
    }

    /// Runs `query` with `variables` and gives its `data`. Signs as subject `service:CALLER` with scope `service`.
    ///
    /// # Errors
    ///
    /// When the subgraph does not answer within 10 s, or answers with errors.
    pub async fn query(&self, query: &str, variables: Value) -> Result<Value, ClientError> {
        let body = Bytes::from(json!({"query": query, "variables": variables}).to_string());
        let headers = self.headers()?;
        let asking = async {
            match &self.transport {
                Transport::InProcess(server) => Ok(server.call(&headers, body).await.into_body()),
                Transport::Http { url, client } => self.post(client, url, headers, body).await,
            }
        };
        let answer = match tokio::time::timeout(TIMEOUT, asking).await {
            Ok(answer) => answer?,
            Err(_) => return Err(self.unreachable(format!("no answer within {} s", TIMEOUT.as_secs()))),
        };
        self.read(&answer)
    }

    fn headers(&self) -> Result<HeaderMap, ClientError> {
        let identity = Identity {
            subject: Some(format!("service:{}", self.caller)),
            scopes: vec!["service".to_owned()],
            correlation_id: uuid::Uuid::now_v7().to_string(),
        };
        let token = self.signer.sign(&identity).map_err(|error| self.unreachable(error.to_string()))?;
        let token = HeaderValue::from_str(&token).map_err(|error| self.unreachable(error.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(IDENTITY_HEADER, token);
        Ok(headers)
    }

    async fn post(
        &self,
        client: &reqwest::Client,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Bytes, ClientError> {
        let unreachable = |error: reqwest::Error| self.unreachable(with_causes(&error));
        let response = client.post(url).headers(headers).body(body).send().await.map_err(unreachable)?;
        let (status, is_json) = (response.status(), is_json(response.headers()));
        let answer = response.bytes().await.map_err(unreachable)?;
        if is_json { Ok(answer) } else { Err(self.unreachable(format!("it answered with status {status}"))) }
    }

    fn read(&self, answer: &[u8]) -> Result<Value, ClientError> {
        let mut answer: Value = serde_json::from_slice(answer)
            .map_err(|error| self.unreachable(format!("its answer is not JSON: {error}")))?;
        if let Some(error) = answer.get("errors").and_then(|errors| errors.get(0)) {
            let reason = error.get("message").and_then(Value::as_str).unwrap_or("without a message").to_owned();
            return Err(ClientError::Refused { subgraph: self.name, reason });
        }
        match answer.get_mut("data") {
            Some(data) => Ok(data.take()),
            None => Err(self.unreachable("its answer has no data".to_owned())),
        }
    }

    const fn unreachable(&self, reason: String) -> ClientError {
        ClientError::Unreachable { subgraph: self.name, reason }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("json"))
}

/// The message of `error` and of what caused it; reqwest's own leaves the cause out.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
