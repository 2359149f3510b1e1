//! What tests of `@defer` share: a client that puts parts together, and subgraphs that answer anything.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses a part of this, and tests may unwrap"
)]

pub mod client;
pub mod world;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{SinkExt, StreamExt, channel::mpsc};
use selvedge_gateway::{
    deliver::initial_bytes,
    execute::{AnswerPart, ExecuteContext, execute_in_parts},
    operation::DeferForm,
    plan::PreparedOperation,
    schema::ServedSchema,
    subgraph::SubgraphTransports,
};
use serde_json::{Map, Value};

/// The parts of an answer, and how long after the start each was there.
pub async fn parts_of(
    schema: &ServedSchema,
    operation: &PreparedOperation,
    (variables, form): (&Map<String, Value>, DeferForm),
    transports: &SubgraphTransports,
) -> Vec<(Duration, Value)> {
    let started = tokio::time::Instant::now();
    let context = ExecuteContext {
        transports,
        call: Arc::default(),
        deadline: started + Duration::from_secs(5),
        kept: None,
        reads: None,
        hints: true,
    };
    let (sender, receiver) = mpsc::channel::<AnswerPart>(0);
    let mut sender = sender.sink_map_err(|_| ());
    let run = async {
        execute_in_parts(schema, operation, (variables.clone(), form), &context, &mut sender).await;
        drop(sender);
    };
    let encoded = receiver.map(|part| (started.elapsed(), encode(part, form))).collect::<Vec<_>>();
    let ((), parts) = futures::join!(run, encoded);
    parts.into_iter().map(|(at, bytes)| (at, serde_json::from_slice(&bytes).unwrap())).collect()
}

fn encode(part: AnswerPart, form: DeferForm) -> Bytes {
    match part {
        AnswerPart::Whole(response) => response.to_bytes(),
        AnswerPart::First(response, pending) => initial_bytes(&response, &pending, form),
        AnswerPart::Next(encoded) => encoded,
    }
}
