//! All streams, by what makes them distinct.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tracing::Instrument;

use super::{
    LiveEvents, Subscription,
    conflation::RootField,
    events::EventsState,
    feed::{Feed, FeedPlan, Refused, failed, without_literal_keys},
    limit::{Limit, LimitReached},
    limits::{Limits, Permit},
    mailbox::Mailbox,
    open::{Asked, Kind, Next, OpenStreams, StreamKey},
    port::{Caller, Place},
    sharing::Sharing,
    sink::Sink,
    stream::SharedStream,
    subscription::Ticket,
    throttle::Throttle,
    upstream::{Upstream, UpstreamPlan},
    wishes::Wishes,
};
use crate::{
    authenticate::{Identity, IdentitySigner},
    config::SubscriptionsConfig,
    error::{GraphqlError, code},
    execute::Graph,
    plan::PreparedOperation,
    request::GraphqlRequest,
    schema::LiveField,
    subgraph::HeaderList,
};

/// A subscription to open.
pub struct StreamRequest {
    /// What it was prepared for.
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

/// Serves any number of clients from one stream per distinct subscription; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    open: Arc<Mutex<OpenStreams>>,
    events: Arc<EventsState>,
    throttle: Arc<Throttle>,
    signer: IdentitySigner,
    config: Arc<SubscriptionsConfig>,
    limits: Limits,
}

impl Hub {
    /// A hub without streams.
    #[must_use]
    pub fn new(signer: IdentitySigner, config: Arc<SubscriptionsConfig>, limits: Limits) -> Self {
        Self { open: Arc::default(), events: Arc::default(), throttle: Arc::default(), signer, config, limits }
    }

    /// How many subscriptions of subgraphs are open.
    #[must_use]
    pub fn upstream_count(&self) -> usize {
        self.open.lock().upstream_count()
    }

    /// How many distinct streams are open, those that events feed included.
    #[must_use]
    pub fn stream_count(&self) -> usize {
        self.open.lock().len()
    }

    /// Where events come in.
    #[must_use]
    pub fn events(&self) -> LiveEvents {
        LiveEvents::new(Arc::clone(&self.events))
    }

    /// Joins the stream of `request`, opening it if nobody listens to it yet, with a mailbox of its own.
    ///
    /// # Errors
    ///
    /// What to tell the client when its subscription cannot be opened.
    pub fn subscribe(&self, request: StreamRequest) -> Result<Subscription, Vec<GraphqlError>> {
        let mailbox = Arc::<Mailbox>::default();
        let ticket = self.subscribe_into(request, (Arc::clone(&mailbox), 0))?;
        Ok(Subscription::new(mailbox, ticket))
    }

    /// Joins the stream of `request`; what it gives is in the mailbox, under the number, until the ticket is dropped.
    ///
    /// # Errors
    ///
    /// What to tell the client when its subscription cannot be opened.
    pub fn subscribe_into(&self, request: StreamRequest, place: Place) -> Result<Ticket, Vec<GraphqlError>> {
        let wishes = Wishes::read(&request.request.extensions)?;
        let GraphqlRequest { query, operation_name, .. } = &request.request;
        let root = RootField::of(query, operation_name.as_deref(), &self.config.conflate).ok_or_else(|| {
            vec![GraphqlError::new(code::INTERNAL_SERVER_ERROR, "the subscription has no root field")]
        })?;
        let sink = Sink::new(place, self.config.max_pending, (&self.throttle, wishes.min_interval()));
        let live = request.graph.schema().live_fields().get(&root.name).map(Arc::clone);
        if let Some(live) = live.filter(|_| self.events.has_source()) {
            match self.join_feed(&request, &live, (&sink, &wishes)) {
                Ok(ticket) => return Ok(ticket),
                Err(Refused::Errors(errors)) => return Err(errors),
                Err(Refused::OtherForm) => {}
            }
        }
        self.join_upstream(request, root, sink)
    }

    fn join_feed(
        &self,
        request: &StreamRequest,
        live: &Arc<LiveField>,
        (sink, wishes): (&Arc<Sink>, &Wishes),
    ) -> Result<Ticket, Refused> {
        let StreamRequest { graph, operation, request, caller, hints } = request;
        let (plan, keys, variable) = FeedPlan::read((graph, operation), live, &request.variables, *hints)?;
        let permit = self.admit(&keys, caller).map_err(|reached| Refused::Errors(vec![reached.into()]))?;
        let sharing = Sharing::of(live.is_public, operation, graph.schema());
        let caller = as_seen(caller.clone(), sharing);
        let mut variables = request.variables.clone();
        let mut key = StreamKey { is_fed: true, ..stream_key(request, &variables, &caller, sharing) };
        match variable {
            Some(name) => {
                variables.remove(&name);
                key.variables = sorted(&variables);
            }
            None => key.query = without_literal_keys(key.query, request.operation_name.as_deref(), &live.key),
        }
        let keys: Vec<_> =
            keys.into_iter().map(|key| (wishes.known(&key), key)).map(|(known, key)| (key, known)).collect();
        let mut open = self.open.lock();
        if let Some((number, Kind::Fed(feed))) = open.find(&key)
            && let Some(joined) = feed.join(sink, keys.clone())
        {
            return Ok(self.ticket_of_feed(sink, (number, feed), (joined, permit)));
        }
        let shared = (Arc::clone(&self.config), Arc::clone(&self.events));
        let feed = Feed::new(plan, (caller, self.signer.clone()), shared, sharing);
        let number = open.add(asked(request), Some(key), Kind::Fed(Arc::clone(&feed)));
        self.events.add(&feed);
        let Some(joined) = feed.join(sink, keys) else { return Err(Refused::OtherForm) };
        drop(open);
        metrics::gauge!("selvedge_live_feeds").increment(1.0);
        self.run_feed(number, Arc::clone(&feed));
        Ok(self.ticket_of_feed(sink, (number, feed), (joined, permit)))
    }

    /// Whether so many keys, and keys so long, may be listened to.
    fn admit(&self, keys: &[Value], caller: &Caller) -> Result<Permit, LimitReached> {
        let (most, most_bytes) = (self.config.max_keys_per_subscription, self.config.max_key_bytes);
        if keys.len() > most {
            return Err(LimitReached::counted(Limit::KeysOfSubscription, most));
        }
        // A number is short.
        if keys.iter().any(|key| key.as_str().is_some_and(|key| key.len() > most_bytes)) {
            return Err(LimitReached::counted(Limit::KeyBytes, most_bytes));
        }
        self.limits.listen(caller, keys.len())
    }

    fn run_feed(&self, number: u64, feed: Arc<Feed>) {
        let (events, open) = (Arc::clone(&self.events), Arc::clone(&self.open));
        tokio::spawn(async move {
            let running = AssertUnwindSafe(feed.run()).catch_unwind().await;
            // A defect costs the clients of this feed their stream, and nobody joins it any more.
            if running.is_err() {
                feed.end(Some(&failed()));
            }
            events.remove(&feed);
            open.lock().remove(number);
            metrics::gauge!("selvedge_live_feeds").decrement(1.0);
        });
    }

    fn ticket_of_feed(
        &self,
        sink: &Arc<Sink>,
        (number, feed): (u64, Arc<Feed>),
        ((id, keys), permit): ((u64, Box<[super::mailbox::Key]>), Permit),
    ) -> Ticket {
        let open = Arc::clone(&self.open);
        let leave = move || {
            let _counted_until_it_leaves = permit;
            // Under the lock of the streams, so that nobody joins one that is being abandoned.
            let mut open = open.lock();
            if feed.leave(id, &keys) {
                feed.abandon();
                open.remove(number);
            }
        };
        Ticket::new(Arc::clone(sink), Box::new(leave))
    }

    /// Only streams with a conflation key are shared: without one, a newcomer could not be given what it missed.
    fn join_upstream(
        &self,
        request: StreamRequest,
        root: RootField,
        sink: Arc<Sink>,
    ) -> Result<Ticket, Vec<GraphqlError>> {
        let StreamRequest { graph, operation, request, caller, hints } = request;
        let sharing = Sharing::of(self.config.public_fields.contains(&root.name), &operation, graph.schema());
        let caller = as_seen(caller, sharing);
        let key = root.key.is_some().then(|| stream_key(&request, &request.variables, &caller, sharing));
        let plan = UpstreamPlan::new((graph, operation), request.variables.clone(), hints)?;
        let mut open = self.open.lock();
        if let Some((number, Kind::Upstream(_, stream))) = key.as_ref().and_then(|key| open.find(key))
            // A stream that ended is still there until its task has removed it: it is replaced.
            && let Some(id) = stream.join(&sink)
        {
            return Ok(self.ticket_of_stream(sink, (number, stream), id));
        }
        let upstream = Arc::new(Upstream::new(plan, (caller, self.signer.clone()), Arc::clone(&self.config), sharing));
        let (stream, id) = SharedStream::with_first_client(Arc::clone(&sink));
        let number = open.add(asked(&request), key, Kind::Upstream(Arc::clone(&upstream), Arc::clone(&stream)));
        drop(open);
        self.follow(number, root, upstream, Arc::clone(&stream));
        Ok(self.ticket_of_stream(sink, (number, stream), id))
    }

    fn ticket_of_stream(&self, sink: Arc<Sink>, (number, stream): (u64, Arc<SharedStream>), id: u64) -> Ticket {
        let open = Arc::clone(&self.open);
        let leave = move || {
            let mut open = open.lock();
            if stream.leave(id) {
                stream.abandoned.cancel();
                open.remove(number);
            }
        };
        Ticket::new(sink, Box::new(leave))
    }

    fn follow(&self, number: u64, root: RootField, upstream: Arc<Upstream>, stream: Arc<SharedStream>) {
        let open = Arc::clone(&self.open);
        metrics::gauge!("selvedge_upstream_streams").increment(1.0);
        let span = tracing::info_span!("subscription", correlation_id = upstream.correlation());
        let following = async move {
            let follow = upstream.follow(|response| {
                let event_key = root.key.as_ref().zip(response.data.as_ref()).and_then(|(path, data)| path.read(data));
                stream.publish(event_key, &response.to_bytes());
            });
            tokio::select! {
                () = stream.abandoned.cancelled() => {}
                () = follow => {}
            }
            stream.end();
            open.lock().remove(number);
            metrics::gauge!("selvedge_upstream_streams").decrement(1.0);
        };
        tokio::spawn(following.instrument(span));
    }

    /// What every open stream was opened with that does not run on `graph`, to prepare it for that.
    #[must_use]
    pub fn asked(&self, graph: &Arc<Graph>) -> Vec<(u64, Asked)> {
        self.open.lock().asked(graph)
    }

    /// Lets a stream go on with another plan for its operation; one that cannot, ends, and its clients are told why.
    pub fn move_stream(
        &self,
        (number, asked): (u64, Asked),
        prepared: Result<(Arc<Graph>, Arc<PreparedOperation>), Vec<GraphqlError>>,
    ) {
        let Some(kind) = self.open.lock().kind(number) else { return };
        match prepared.and_then(|plan| kind.next(plan, asked)) {
            Ok(Next::Upstream(upstream, plan)) => upstream.move_to(plan),
            Ok(Next::Fed(feed, plan)) => {
                feed.move_to(plan);
                // Only now, so that no event is missed between the answer and the next one.
                feed.outdate();
            }
            Err(errors) => {
                metrics::counter!("selvedge_streams_ended_by_schema_total").increment(1);
                kind.end(errors);
            }
        }
    }
}

fn asked(request: &GraphqlRequest) -> Asked {
    let GraphqlRequest { query, operation_name, variables, .. } = request.clone();
    Asked { query, operation_name, variables }
}

/// The caller, as far as subgraphs need to know it.
fn as_seen(mut caller: Caller, sharing: Sharing) -> Caller {
    if sharing.is_public() {
        caller.identity = Identity::default();
    }
    if sharing == Sharing::Everyone {
        caller.forwarded = HeaderList::default();
    }
    caller
}

pub(super) fn stream_key(
    request: &GraphqlRequest,
    variables: &Map<String, Value>,
    caller: &Caller,
    sharing: Sharing,
) -> StreamKey {
    StreamKey {
        query: request.query.clone(),
        operation_name: request.operation_name.clone(),
        variables: sorted(variables),
        told: caller.told(),
        caller: (sharing != Sharing::Everyone).then(|| {
            let Identity { subject, scopes, .. } = &caller.identity;
            (subject.clone(), scopes.clone(), caller.forwarded.clone())
        }),
        is_fed: false,
    }
}

fn sorted(variables: &Map<String, Value>) -> String {
    let mut value = Value::Object(variables.clone());
    value.sort_all_objects();
    value.to_string()
}
