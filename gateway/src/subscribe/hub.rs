//! All streams, by what makes them distinct.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tracing::Instrument;

use super::{
    Subscription,
    conflation::{KeyPath, RootField},
    port::Caller,
    stream::SharedStream,
    upstream::Upstream,
};
use crate::{
    authenticate::{Identity, IdentitySigner},
    config::SubscriptionsConfig,
    error::{GraphqlError, code},
    execute::{Graph, subscription_request},
    plan::PreparedOperation,
    request::GraphqlRequest,
    subgraph::HeaderList,
};

/// What makes two subscriptions the same stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct StreamKey {
    /// The address of the graph: a new one begins new streams.
    graph: usize,
    query: String,
    operation_name: Option<String>,
    /// With sorted keys.
    variables: String,
    /// What hooks tell subgraphs, which holds for public fields as well.
    told: HeaderList,
    /// For whom the subgraphs answer; `None` when the answer is the same for everyone.
    caller: Option<(Option<String>, Vec<String>, HeaderList)>,
}

/// A subscription to open.
pub struct StreamRequest {
    /// What it was prepared for, and what it runs on as long as it is open.
    pub graph: Arc<Graph>,
    /// The prepared operation.
    pub operation: Arc<PreparedOperation>,
    /// The request of the client.
    pub request: GraphqlRequest,
    /// Who asks.
    pub caller: Caller,
    /// Whether errors may suggest names of the schema.
    pub hints: bool,
}

/// Holds one upstream per distinct stream; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    streams: Arc<Mutex<HashMap<StreamKey, Arc<SharedStream>>>>,
    signer: IdentitySigner,
    config: Arc<SubscriptionsConfig>,
}

impl Hub {
    /// A hub without streams.
    #[must_use]
    pub fn new(signer: IdentitySigner, config: Arc<SubscriptionsConfig>) -> Self {
        Self { streams: Arc::default(), signer, config }
    }

    /// How many upstreams are open.
    #[must_use]
    pub fn upstream_count(&self) -> usize {
        self.streams.lock().len()
    }

    /// Joins the stream of `request`, opening its upstream if nobody listens to it yet.
    ///
    /// Only streams with a conflation key are shared: without one, a newcomer could not be given what it missed.
    ///
    /// # Errors
    ///
    /// What to tell the client when its subscription cannot be opened.
    pub fn subscribe(&self, request: StreamRequest) -> Result<Subscription, Vec<GraphqlError>> {
        let StreamRequest { graph, operation, request, mut caller, hints } = request;
        let (subgraph, body) = subscription_request(graph.schema(), &operation, &request.variables, hints)?;
        let subgraph = subgraph.to_owned();
        let root = RootField::of(&request.query, request.operation_name.as_deref(), &self.config.conflate).ok_or_else(
            || vec![GraphqlError::new(code::INTERNAL_SERVER_ERROR, "the subscription has no root field")],
        )?;
        // Fields of other subgraphs may depend on the caller, whatever the root field does.
        let is_public = self.config.public_fields.contains(&root.name) && operation.fetch_count() <= 1;
        if is_public {
            caller.identity = Identity::default();
            caller.forwarded = HeaderList::default();
        }
        let key = root.key.is_some().then(|| stream_key(&graph, &request, &caller, is_public));
        let upstream = Upstream {
            graph,
            operation,
            variables: request.variables,
            subgraph,
            body,
            signer: self.signer.clone(),
            caller,
            config: Arc::clone(&self.config),
        };
        Ok(self.join(key, root.key, upstream))
    }

    fn join(&self, key: Option<StreamKey>, key_path: Option<KeyPath>, upstream: Upstream) -> Subscription {
        let max_pending = self.config.max_pending;
        let mut streams = self.streams.lock();
        let existing = key.as_ref().and_then(|key| streams.get(key)).map(Arc::clone);
        // A stream that ended is still in the map until its task has removed it: it is replaced.
        let joined = existing.and_then(|stream| stream.join(max_pending).map(|(id, queue)| (stream, id, queue)));
        let (stream, id, queue) = joined.unwrap_or_else(|| {
            let (stream, id, queue) = SharedStream::with_first_client(max_pending);
            if let Some(key) = &key {
                streams.insert(key.clone(), Arc::clone(&stream));
            }
            self.start(key.clone(), key_path, upstream, Arc::clone(&stream));
            (stream, id, queue)
        });
        drop(streams);
        let hub = self.clone();
        Subscription::new(queue, move || hub.leave(key.as_ref(), &stream, id))
    }

    fn start(&self, key: Option<StreamKey>, key_path: Option<KeyPath>, upstream: Upstream, stream: Arc<SharedStream>) {
        let hub = self.clone();
        metrics::gauge!("selvedge_upstream_streams").increment(1.0);
        let span = tracing::info_span!("subscription", correlation_id = upstream.caller.correlation.as_str());
        let following = async move {
            let follow = upstream.follow(|response| {
                let event_key = key_path.as_ref().zip(response.data.as_ref()).and_then(|(path, data)| path.read(data));
                stream.publish(event_key, &response.to_bytes());
            });
            tokio::select! {
                () = stream.abandoned.cancelled() => {}
                () = follow => {}
            }
            stream.end();
            hub.forget(key.as_ref(), &stream);
            metrics::gauge!("selvedge_upstream_streams").decrement(1.0);
        };
        tokio::spawn(following.instrument(span));
    }

    fn leave(&self, key: Option<&StreamKey>, stream: &Arc<SharedStream>, id: u64) {
        // Under the map's lock, so that nobody joins a stream that is being abandoned.
        let mut streams = self.streams.lock();
        if stream.leave(id) {
            stream.abandoned.cancel();
            remove_same(&mut streams, key, stream);
        }
    }

    fn forget(&self, key: Option<&StreamKey>, stream: &Arc<SharedStream>) {
        remove_same(&mut self.streams.lock(), key, stream);
    }
}

/// Removes `stream`, but not another one that has taken its place.
fn remove_same(
    streams: &mut HashMap<StreamKey, Arc<SharedStream>>,
    key: Option<&StreamKey>,
    stream: &Arc<SharedStream>,
) {
    let Some(key) = key else { return };
    if let Entry::Occupied(entry) = streams.entry(key.clone())
        && Arc::ptr_eq(entry.get(), stream)
    {
        entry.remove();
    }
}

fn stream_key(graph: &Arc<Graph>, request: &GraphqlRequest, caller: &Caller, is_public: bool) -> StreamKey {
    StreamKey {
        graph: Arc::as_ptr(graph).addr(),
        query: request.query.clone(),
        operation_name: request.operation_name.clone(),
        variables: sorted(&request.variables),
        told: caller.told(),
        caller: (!is_public).then(|| {
            let Identity { subject, scopes, .. } = &caller.identity;
            (subject.clone(), scopes.clone(), caller.forwarded.clone())
        }),
    }
}

fn sorted(variables: &Map<String, Value>) -> String {
    let mut value = Value::Object(variables.clone());
    value.sort_all_objects();
    value.to_string()
}
