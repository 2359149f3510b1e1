//! Handling the events of a consumer group one after the other.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;

use super::{BusError, Consumer, Delivery};
use crate::backoff::Backoff;

/// Events taken at once.
const BATCH: usize = 64;

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// Its effect is durable, or it has none.
    Done,
    /// It may work later; the reason.
    Retry(String),
    /// It never will; the reason.
    Poison(String),
}

/// Handles events. The same event may come again, also after its effect: note its id in the transaction of the effect,
/// or drop what is not newer by its revision.
#[async_trait]
pub trait Handle: Send + Sync {
    /// Handles one event.
    ///
    /// # Cancellation
    ///
    /// May be dropped at any point; the event comes again.
    async fn handle(&self, delivery: &Delivery) -> Handled;
}

/// Gives the events of `consumer` to `handler`, in order, for ever. While an event of a subject waits to be tried again,
/// later ones of that subject wait behind it.
///
/// # Cancellation
///
/// Safe: what was not acknowledged comes again.
pub async fn work(mut consumer: Box<dyn Consumer>, handler: &dyn Handle) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        // The consumer says in the log that the bus is away, and waits by itself.
        let Ok(batch) = consumer.next(BATCH).await else { continue };
        if let Err(error) = handle_batch(&mut *consumer, handler, batch).await {
            if backoff.fail() {
                tracing::warn!(%error, "what was handled could not be told to the bus, it will come again");
            }
            tokio::time::sleep(backoff.delay()).await;
        } else {
            backoff.succeed();
        }
    }
}

/// Handles all of the batch, whatever the bus says meanwhile: an event that was left out would come again behind newer
/// ones of its subject.
async fn handle_batch(consumer: &mut dyn Consumer, handler: &dyn Handle, batch: Vec<Delivery>) -> Result<(), BusError> {
    let mut failed: HashSet<String> = HashSet::new();
    let mut outcome = Ok(());
    for delivery in batch {
        if failed.contains(&delivery.event.subject) {
            continue;
        }
        let told = match handler.handle(&delivery).await {
            Handled::Done => consumer.acknowledge(std::slice::from_ref(&delivery.position)).await,
            Handled::Retry(reason) => {
                failed.insert(delivery.event.subject.clone());
                consumer.fail(&delivery.position, &reason).await
            }
            Handled::Poison(reason) => consumer.reject(&delivery.position, &reason).await,
        };
        outcome = outcome.and(told);
    }
    outcome
}
