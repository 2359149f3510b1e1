//! Asking an inventory process as the gateway does.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use selvedge_kit::{
    clock::SystemClock,
    identity::{IDENTITY_HEADER, Identity, IdentitySigner},
};
use serde_json::{Value, json};

/// Shared by the processes and their callers.
pub(crate) const IDENTITY_SECRET: &str = "an identity secret for this test alone";
/// How long an answer may take before the caller asks again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came back.
pub(crate) enum Reply {
    Data(Value),
    /// No answer, or one that leaves open what was done.
    Nothing(String),
}

/// A caller.
pub(crate) struct Door {
    http: reqwest::Client,
    signer: IdentitySigner,
}

impl Default for Door {
    fn default() -> Self {
        let signer = IdentitySigner::new(IDENTITY_SECRET.as_bytes(), Arc::new(SystemClock)).unwrap();
        Self { http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(), signer }
    }
}

impl Door {
    pub(crate) async fn ask(&self, address: SocketAddr, scopes: &[&str], query: &str, variables: Value) -> Reply {
        let identity = Identity {
            subject: scopes.first().map(|_| "staff-1".to_owned()),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            correlation_id: "kill test".to_owned(),
        };
        let request = self
            .http
            .post(format!("http://{address}/graphql"))
            .header(IDENTITY_HEADER, self.signer.sign(&identity).unwrap())
            .header("content-type", "application/json")
            .body(json!({ "query": query, "variables": variables }).to_string());
        let answer = async { request.send().await?.text().await };
        match answer.await {
            Ok(text) => match serde_json::from_str::<Value>(&text) {
                Ok(mut answer) if answer.get("errors").is_none() => Reply::Data(answer["data"].take()),
                _ => Reply::Nothing(text),
            },
            Err(error) => Reply::Nothing(error.to_string()),
        }
    }

    /// The data of an answer that has to come.
    pub(crate) async fn expect(&self, address: SocketAddr, scopes: &[&str], query: &str, variables: Value) -> Value {
        match self.ask(address, scopes, query, variables).await {
            Reply::Data(data) => data,
            Reply::Nothing(problem) => panic!("{query}\n{problem}"),
        }
    }
}
