//! Requests in a lane, and who waits for them.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use tokio::sync::oneshot;

use crate::{
    command::{
        Answer,
        keyed::key_reused,
        reserve::{Request, Reserved},
    },
    store::StoreError,
};

type Reply = oneshot::Sender<Result<Answer<Reserved>, StoreError>>;

/// A request as it is handed to a lane.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: Arc<Request>,
    pub(super) reply: Reply,
}

/// A request with everyone who waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) request: Arc<Request>,
    /// Who asked, and who asked the same under the same key.
    same: Vec<Reply>,
    /// Who asked something else under the same key.
    others: Vec<Reply>,
}

impl Pending {
    /// Tells the answer to all who wait. Those who went away hear nothing; what was done for them stays done.
    pub(super) fn reply(self, answer: &Result<Answer<Reserved>, StoreError>) {
        for reply in self.others {
            let _ = reply.send(answer.clone().map(|_| Err(vec![key_reused()])));
        }
        for reply in self.same {
            let _ = reply.send(answer.clone());
        }
    }
}

/// Each key once, in the order of arrival.
pub(super) fn gather(jobs: Vec<Job>) -> Vec<Pending> {
    let mut all: Vec<Pending> = Vec::with_capacity(jobs.len());
    let mut places: HashMap<(String, String), usize> = HashMap::with_capacity(jobs.len());
    for Job { request, reply } in jobs {
        match places.entry((request.caller.actor.clone(), request.key.clone())) {
            Entry::Vacant(place) => {
                place.insert(all.len());
                all.push(Pending { request, same: vec![reply], others: Vec::new() });
            }
            Entry::Occupied(place) => {
                let Some(first) = all.get_mut(*place.get()) else { continue };
                let list = if first.request.hash == request.hash { &mut first.same } else { &mut first.others };
                list.push(reply);
            }
        }
    }
    all
}
