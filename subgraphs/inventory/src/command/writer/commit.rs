//! Committing the requests of a lane, until all of them are answered.

use std::collections::VecDeque;

use sea_orm::{
    DatabaseTransaction,
    sqlx::{Connection, PgConnection},
};

use super::{
    Shared,
    decide::decide,
    memory::{Memory, wanted},
    pending::Pending,
};
use crate::{
    command::{
        Answer, keyed,
        reserve::{Reserve, Reserved},
    },
    store::{
        Engine, StoreError,
        batch::{self, KnownAnswer, Written},
        idempotency::RequestKey,
        transact::{ATTEMPTS_MAX, Work, pause_after, transact},
    },
};

/// What became of an attempt.
enum Outcome {
    /// Committed, with the answers in the order of the requests.
    Done(Vec<Answer<Reserved>>),
    /// Nothing was written: these were answered before.
    Known(Vec<KnownAnswer>),
    /// Nothing was written: somebody else changed the same.
    Overtaken,
}

impl Shared {
    /// Answers all of `pending`. One that the store cannot take is answered so alone.
    pub(super) async fn settle(&self, pending: Vec<Pending>, memory: &mut Memory) {
        let mut parts = VecDeque::from([pending]);
        while let Some(part) = parts.pop_front() {
            let Err((part, error)) = self.settle_part(part, memory).await else { continue };
            memory.forget();
            if part.len() > 1 {
                parts.extend(part.into_iter().map(|one| vec![one]));
                continue;
            }
            for one in part {
                one.reply(&Err(error.clone()));
            }
        }
    }

    /// Gives what could not be answered, and why.
    async fn settle_part(
        &self,
        mut pending: Vec<Pending>,
        memory: &mut Memory,
    ) -> Result<(), (Vec<Pending>, StoreError)> {
        let mut attempt = 1;
        let mut is_overtaken = false;
        while !pending.is_empty() {
            let outcome = match self.store.engine() {
                Engine::Sqlite => self.commit_plainly(&pending).await,
                Engine::Postgres if is_overtaken || memory.locks_first() => {
                    self.commit_under_lock(&pending, memory).await
                }
                Engine::Postgres => self.commit_at_once(&pending, memory).await,
            };
            let error = match outcome {
                Ok(Outcome::Done(answers)) => {
                    self.announce(&answers);
                    pending.into_iter().zip(answers).for_each(|(one, answer)| one.reply(&Ok(answer)));
                    return Ok(());
                }
                Ok(Outcome::Known(known)) => {
                    memory.forget();
                    pending = reply_known(pending, known);
                    continue;
                }
                Ok(Outcome::Overtaken) => {
                    metrics::counter!("inventory_reservation_conflicts_total").increment(1);
                    is_overtaken = true;
                    memory.overtaken();
                    StoreError::Conflict { what: "stock_level" }
                }
                Err(error) => error,
            };
            memory.forget();
            if !error.is_transient() || attempt >= ATTEMPTS_MAX {
                return Err((pending, error));
            }
            metrics::counter!("inventory_transaction_retries_total").increment(1);
            tracing::debug!(%error, attempt, "reservations are tried again");
            if !matches!(error, StoreError::Conflict { .. }) {
                tokio::time::sleep(pause_after(attempt)).await;
            }
            attempt += 1;
        }
        Ok(())
    }

    fn announce(&self, answers: &[Answer<Reserved>]) {
        if answers.iter().any(Result::is_ok) {
            self.signal.ring();
        }
    }

    /// On what is known, or else was just read: one statement. Most often this is all.
    async fn commit_at_once(&self, pending: &[Pending], memory: &mut Memory) -> Result<Outcome, StoreError> {
        let mut connection = batch::connect(&self.store).await?;
        if !memory.covers(pending) {
            memory.read(&mut connection, pending).await?;
        }
        self.write(&mut connection, pending, memory).await
    }

    /// With the variants locked before they are read, so that nobody can overtake.
    async fn commit_under_lock(&self, pending: &[Pending], memory: &mut Memory) -> Result<Outcome, StoreError> {
        let mut connection = batch::connect(&self.store).await?;
        let mut transaction = connection.begin().await.map_err(batch::failed)?;
        let (skus, _) = wanted(pending);
        batch::lock(&mut transaction, &skus.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        memory.read(&mut transaction, pending).await?;
        let outcome = self.write(&mut transaction, pending, memory).await?;
        match outcome {
            Outcome::Done(_) => transaction.commit().await.map_err(batch::failed)?,
            Outcome::Known(_) | Outcome::Overtaken => transaction.rollback().await.map_err(batch::failed)?,
        }
        Ok(outcome)
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        pending: &[Pending],
        memory: &mut Memory,
    ) -> Result<Outcome, StoreError> {
        let (batch, answers) = decide(memory.stock()?, pending, self.low_stock_threshold)?;
        match batch::write(connection, &batch).await? {
            Written::Done { now } => {
                memory.set_clock(now);
                Ok(Outcome::Done(answers))
            }
            Written::Known(known) => Ok(Outcome::Known(known)),
            Written::Overtaken => Ok(Outcome::Overtaken),
        }
    }

    /// By plain statements in one transaction, for the engine with one writer.
    async fn commit_plainly(&self, pending: &[Pending]) -> Result<Outcome, StoreError> {
        let work = Plain { pending, low_stock_threshold: self.low_stock_threshold };
        transact(&self.store, &work).await.map(Outcome::Done)
    }
}

/// Answers those who were answered before, and gives the others.
fn reply_known(pending: Vec<Pending>, known: Vec<KnownAnswer>) -> Vec<Pending> {
    let mut all: Vec<Option<Pending>> = pending.into_iter().map(Some).collect();
    for KnownAnswer { index, request_hash, response } in known {
        let Some(one) = all.get_mut(index).and_then(Option::take) else { continue };
        let answer =
            if request_hash == one.request.hash { keyed::stored(response) } else { Ok(Err(vec![keyed::key_reused()])) };
        one.reply(&answer);
    }
    all.into_iter().flatten().collect()
}

struct Plain<'a> {
    pending: &'a [Pending],
    low_stock_threshold: i32,
}

impl Work for Plain<'_> {
    type Output = Vec<Answer<Reserved>>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        let mut answers = Vec::with_capacity(self.pending.len());
        for Pending { request, .. } in self.pending {
            let key = RequestKey { scope: &request.caller.actor, key: &request.key, hash: &request.hash };
            let command = Reserve { request, low_stock_threshold: self.low_stock_threshold };
            answers.push(keyed::perform_within(transaction, key, &command).await?);
        }
        Ok(answers)
    }
}
