//! The body of a request to a subgraph.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::entities::Representations;
use crate::plan::{Batch, Fetch};

/// A request body under way: `{"query":"…","variables":{…`.
#[derive(Clone)]
pub(super) struct Body {
    out: Vec<u8>,
    has_variables: bool,
}

impl Body {
    /// Starts the body of a fetch with the client's variables that it uses; `more_bytes` will follow.
    pub(super) fn new(fetch: &Fetch, variables: &Map<String, Value>, more_bytes: usize) -> Self {
        let mut out = Vec::with_capacity(fetch.body_start.len() + more_bytes + 64);
        out.extend_from_slice(&fetch.body_start);
        let mut body = Self { out, has_variables: false };
        for (name, written) in &fetch.variables {
            // A variable without a value is left out: the subgraph then sees it as not provided, as the client did.
            if let Some(value) = variables.get(name) {
                body.start_variable(written);
                // JSON values always encode.
                let _ = serde_json::to_writer(&mut body.out, value);
            }
        }
        body
    }

    fn start_variable(&mut self, written: &[u8]) {
        self.out.extend_from_slice(if self.has_variables { b"," } else { b",\"variables\":{" });
        self.has_variables = true;
        self.out.extend_from_slice(written);
    }

    /// What has been written of the variables.
    pub(super) fn variables(&self, fetch: &Fetch) -> &[u8] {
        self.out.get(fetch.body_start.len()..).unwrap_or_default()
    }

    /// Adds the representations of a batch.
    pub(super) fn representations(&mut self, batch: &Batch, representations: &Representations) {
        self.list(batch, representations.iter());
    }

    /// Adds some of the representations of a batch.
    pub(super) fn some_representations(&mut self, batch: &Batch, representations: &Representations, which: &[usize]) {
        self.list(batch, which.iter().map(|&index| representations.get(index)));
    }

    fn list<'r>(&mut self, batch: &Batch, representations: impl Iterator<Item = &'r [u8]>) {
        self.start_variable(&batch.variable);
        self.out.push(b'[');
        for (index, representation) in representations.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(representation);
        }
        self.out.push(b']');
    }

    /// Ends the body.
    pub(super) fn finish(mut self) -> Bytes {
        self.out.extend_from_slice(if self.has_variables { b"}}" } else { b"}" });
        Bytes::from(self.out)
    }
}
