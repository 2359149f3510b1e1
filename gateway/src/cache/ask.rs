//! Asks a subgraph for what is not kept.

use std::{future::Future, sync::Arc};

use tokio::time::{Instant, timeout_at};

use super::{
    AnswerCache, FetchProfile, Piece,
    answers::floor_number,
    flights::{Follower, Joined, Landing, Leader},
    look_further::Further,
    piece::{KeyRef, Partition, Question},
    profile::Learned,
    settle::{Kept, Settled},
};
use crate::{
    freshness::Freshness,
    subgraph::{CallerKey, HeaderList, SubgraphResponse, TransportError},
};

/// After this many waits in vain, because others went away before their answer came, a wish is fetched without waiting.
const MAX_WAITS: usize = 3;

/// What is to be asked.
pub struct Asking<'a> {
    /// The fetch.
    pub profile: &'a Arc<FetchProfile>,
    /// For whom.
    pub caller: Option<&'a CallerKey>,
    /// Headers of the client that rules may pass on.
    pub forwarded: &'a HeaderList,
    /// Its variables, as they are sent.
    pub variables: Arc<[u8]>,
    /// For each batch, the different representations; for a fetch of root fields one batch with one that is empty.
    pub representations: Vec<Vec<&'a [u8]>>,
    /// When the client's request must be answered.
    pub deadline: Instant,
}

/// For each batch, which of its representations are asked for.
pub type Missing = Vec<Vec<usize>>;

/// An answer of the subgraph, to some of the representations.
pub struct Fetched {
    /// Which.
    pub missing: Missing,
    /// The answer.
    pub answer: Result<SubgraphResponse, TransportError>,
    /// When it was asked for, counted in evictions.
    pub(super) began: u64,
    /// When the first of it runs out, as somebody says.
    pub(super) runs_out: Option<Instant>,
}

/// All answers together.
pub struct Answered {
    /// For each batch and representation, what was kept.
    pub kept: Vec<Vec<Option<Arc<Piece>>>>,
    /// What was fetched.
    pub fetched: Vec<Fetched>,
    /// How long all of it stays true.
    pub freshness: Option<Freshness>,
}

/// A representation without an answer yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub(super) batch: usize,
    pub(super) index: usize,
    /// It is fetched without looking at what others do.
    alone: bool,
}

/// By what the answers of one asking are found.
pub(super) struct Questions {
    public: Vec<Arc<Question>>,
    own: Vec<Arc<Question>>,
    learned: Learned,
}

impl Questions {
    fn new(asking: &Asking<'_>) -> Self {
        let learned = asking.profile.learned();
        let count = asking.representations.len();
        let all = |partition: Partition| {
            let question = |batch| Question::new(&asking.profile.name, batch, &asking.variables, partition.clone());
            (0..count).map(question).collect()
        };
        let own = || asking.own().map(all).unwrap_or_default();
        match learned {
            Learned::Unknown => Self { public: all(asking.public()), own: own(), learned },
            Learned::Public => Self { public: all(asking.public()), own: Vec::new(), learned },
            Learned::Own => Self { public: Vec::new(), own: own(), learned },
            Learned::Nothing => Self { public: Vec::new(), own: Vec::new(), learned },
        }
    }

    /// Where answers may be.
    pub(super) fn of(&self, batch: usize) -> impl Iterator<Item = &Arc<Question>> {
        self.public.get(batch).into_iter().chain(self.own.get(batch))
    }

    /// By what others who want the same are found. As long as nobody knows for whom the answer will be, everyone waits
    /// for the first.
    fn shared(&self, batch: usize) -> Option<&Arc<Question>> {
        match self.learned {
            Learned::Own => self.own.get(batch),
            _ => self.public.get(batch),
        }
    }
}

impl Asking<'_> {
    pub(super) fn representation(&self, wish: Wish) -> &[u8] {
        self.representations.get(wish.batch).and_then(|batch| batch.get(wish.index)).copied().unwrap_or_default()
    }

    fn may_have(&self, question: &Question) -> bool {
        match &question.partition {
            Partition::Public(forwarded) => forwarded == self.forwarded,
            Partition::Own(owner, forwarded) => self.caller == Some(owner) && forwarded == self.forwarded,
        }
    }

    pub(super) fn public(&self) -> Partition {
        Partition::Public(self.forwarded.clone())
    }

    pub(super) fn own(&self) -> Option<Partition> {
        Some(Partition::Own(self.caller?.clone(), self.forwarded.clone()))
    }
}

/// One round of asking.
struct Round {
    leader: Leader,
    /// What is fetched; whether others may wait for it.
    asked: Vec<(Wish, bool)>,
    followed: Vec<(Wish, Follower)>,
}

impl AnswerCache {
    /// Answers from what is kept, waits for what others ask for, and asks for the rest with `fetch`, which is called
    /// with what is missing and the moment that the answer must not be from before.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the fetch; who waits for it asks anew.
    pub async fn ask<F>(&self, asking: &Asking<'_>, fetch: impl Fn(Missing, u64) -> F) -> Answered
    where
        F: Future<Output = Result<SubgraphResponse, TransportError>>,
    {
        let questions = Questions::new(asking);
        let floor = floor_number(asking.caller, &asking.profile.name.subgraph);
        let kept = asking.representations.iter().map(|batch| vec![None; batch.len()]).collect();
        let mut answered = Answered { kept, fetched: Vec::new(), freshness: Some(Freshness::ETERNAL) };
        let mut open = self.look(asking, &questions, floor, &mut answered);
        let mut waits = 0;
        while !open.is_empty() {
            if waits >= MAX_WAITS {
                open.iter_mut().for_each(|wish| wish.alone = true);
            }
            let round = self.begin_round(asking, &questions, (floor, open), &mut answered);
            self.fetch(asking, (&questions, floor), (round.leader, round.asked), (&fetch, &mut answered)).await;
            open = self.wait(asking, floor, round.followed, &mut answered).await;
            waits += 1;
        }
        if let (Some(freshness), true) = (answered.freshness, answered.has_kept()) {
            metrics::histogram!("selvedge_cache_age_seconds").record(freshness.age);
        }
        answered
    }

    fn look(&self, asking: &Asking<'_>, questions: &Questions, floor: u64, answered: &mut Answered) -> Vec<Wish> {
        let mut open = Vec::new();
        let mut hits = 0;
        for (batch, representations) in asking.representations.iter().enumerate() {
            for (index, representation) in representations.iter().enumerate() {
                let find = |question| self.find(&KeyRef { question, representation }, floor);
                match questions.of(batch).find_map(find) {
                    Some(piece) => {
                        hits += 1;
                        answered.take(batch, index, piece);
                    }
                    None => open.push(Wish { batch, index, alone: false }),
                }
            }
        }
        asking.count("hit", hits);
        asking.count("miss", open.len());
        open
    }

    fn begin_round(
        &self,
        asking: &Asking<'_>,
        questions: &Questions,
        (floor, open): (u64, Vec<Wish>),
        answered: &mut Answered,
    ) -> Round {
        let mut round = Round { leader: self.0.flights.leader(), asked: Vec::new(), followed: Vec::new() };
        for wish in open {
            let Some(question) = questions.shared(wish.batch).filter(|_| !wish.alone) else {
                round.asked.push((wish, false));
                continue;
            };
            let representation = asking.representation(wish);
            let look = || {
                let find = |question| self.find(&KeyRef { question, representation }, floor);
                questions.of(wish.batch).find_map(find)
            };
            match round.leader.join_or_lead(&KeyRef { question, representation }, look) {
                Joined::Found(piece) => answered.take(wish.batch, wish.index, piece),
                Joined::Follows(follower) => round.followed.push((wish, follower)),
                Joined::Leads => round.asked.push((wish, true)),
            }
        }
        asking.count("joined", round.followed.len());
        round
    }

    async fn fetch<F>(
        &self,
        asking: &Asking<'_>,
        questions: (&Questions, u64),
        (leader, asked): (Leader, Vec<(Wish, bool)>),
        (fetch, answered): (impl Fn(Missing, u64) -> F, &mut Answered),
    ) where
        F: Future<Output = Result<SubgraphResponse, TransportError>>,
    {
        if asked.is_empty() {
            return;
        }
        let wishes: Vec<Wish> = asked.iter().map(|(wish, _)| *wish).collect();
        let Further { found: mut pieces, looked } = self.look_further(asking, questions, &wishes).await;
        for (wish, (_, piece)) in wishes.iter().zip(&pieces).filter_map(|(wish, kept)| Some((wish, kept.as_ref()?))) {
            answered.take(wish.batch, wish.index, Arc::clone(piece));
        }
        let open: Vec<Wish> =
            wishes.iter().zip(&pieces).filter(|(_, kept)| kept.is_none()).map(|(wish, _)| *wish).collect();
        if !open.is_empty() {
            let fetched = self.fetch_open(asking, open, (&fetch, answered)).await;
            self.keep_further(asking, looked.as_ref(), &fetched);
            let mut fetched = fetched.into_iter().map(|(_, kept)| kept);
            let none = pieces.iter_mut().filter(|piece| piece.is_none());
            none.for_each(|piece| *piece = fetched.next().flatten());
        }
        if leader.len() > 0 {
            let landings = asked.iter().zip(pieces).filter(|((_, is_led), _)| *is_led).map(|(_, piece)| match piece {
                Some((question, piece)) => Landing::Piece(question, piece),
                None => Landing::Nothing,
            });
            leader.land(landings.collect());
        }
    }

    /// Asks the subgraph, and keeps what it answers.
    async fn fetch_open<F>(
        &self,
        asking: &Asking<'_>,
        open: Vec<Wish>,
        (fetch, answered): (impl Fn(Missing, u64) -> F, &mut Answered),
    ) -> Vec<(Wish, Option<Kept>)>
    where
        F: Future<Output = Result<SubgraphResponse, TransportError>>,
    {
        let mut missing: Missing = vec![Vec::new(); asking.representations.len()];
        for wish in &open {
            if let Some(of_batch) = missing.get_mut(wish.batch) {
                of_batch.push(wish.index);
            }
        }
        let fetching = self.begin();
        let answer = fetch(missing.clone(), fetching.began).await;
        let Settled { pieces, freshness, runs_out } = self.settle(asking, &missing, (&open, &answer), fetching.began);
        answered.lower(freshness);
        answered.fetched.push(Fetched { missing, answer, began: fetching.began, runs_out });
        open.into_iter().zip(pieces).collect()
    }

    /// Waits for others; returns what they could not help with.
    async fn wait(
        &self,
        asking: &Asking<'_>,
        floor: u64,
        followed: Vec<(Wish, Follower)>,
        answered: &mut Answered,
    ) -> Vec<Wish> {
        let mut open = Vec::new();
        for (mut wish, follower) in followed {
            let landing = timeout_at(asking.deadline, follower.landing()).await.unwrap_or(Some(Landing::Nothing));
            match landing {
                // Something may have been evicted after that fetch began and before this one would have.
                Some(Landing::Piece(question, piece))
                    if asking.may_have(&question) && self.is_true_for(&piece, floor) == (true, true) =>
                {
                    answered.take(wish.batch, wish.index, piece);
                }
                Some(_) => {
                    wish.alone = true;
                    open.push(wish);
                }
                None => open.push(wish),
            }
        }
        open
    }
}

impl Asking<'_> {
    fn count(&self, outcome: &'static str, count: usize) {
        if count > 0 {
            let subgraph = self.profile.name.subgraph.clone();
            metrics::counter!("selvedge_cache_lookups_total", "subgraph" => subgraph, "outcome" => outcome)
                .increment(count as u64);
        }
    }
}

impl Answered {
    fn has_kept(&self) -> bool {
        self.kept.iter().flatten().any(Option::is_some)
    }

    fn take(&mut self, batch: usize, index: usize, piece: Arc<Piece>) {
        self.lower(Some(piece.freshness.now()));
        if let Some(place) = self.kept.get_mut(batch).and_then(|batch| batch.get_mut(index)) {
            *place = Some(piece);
        }
    }

    fn lower(&mut self, by: Option<Freshness>) {
        self.freshness = self.freshness.and_then(|known| Some(known.and(by?)));
    }
}
