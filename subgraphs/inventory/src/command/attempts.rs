//! Counting what could not be sold, beside the answers and never in their way.
//!
//! A refusal adds to a number in memory, under a lock that is held for no longer than that. Twice a second the numbers are
//! written down in a transaction of their own. So a reservation is never slower or fails because of them, and a crash loses
//! what was counted in the last half second.

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use sea_orm::DatabaseTransaction;
use tokio_util::sync::CancellationToken;

use super::{Answer, Caller, Commands, reserve::ReserveStock, reserve::Reserved};
use crate::{
    domain::{
        ErrorCode, UserError,
        alert::{AlertSettings, Tally},
        order::ChannelWant,
    },
    store::{
        StoreError,
        alerts::{self, AlertChange, Tallied},
        ledger::new_id,
        transact::{Work, transact},
    },
};

/// SKUs and channels that are counted apart between two writings; further ones are not counted.
const KEYS_MAX: usize = 10_000;
/// Keys that are written in one transaction.
const KEYS_AT_ONCE: usize = 500;
/// How often what was counted is written down.
const WRITE_EVERY: Duration = Duration::from_millis(500);

/// What was refused for want of stock and is not written down yet. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct SaleAttempts(Arc<Mutex<HashMap<(String, String), Tally>>>);

impl SaleAttempts {
    /// Counts what the answer to a reservation refuses for want of stock.
    pub(super) fn note_reservation(
        &self,
        (caller, key): (&Caller, &str),
        input: &ReserveStock,
        answer: &Answer<Reserved>,
    ) {
        let shopper = || {
            // Who is not signed in is known by the cart, or else by the request, which may be sent again.
            let anonymous = input.reference.as_deref().unwrap_or(key);
            hash(if caller.actor == Caller::ANONYMOUS { anonymous } else { &caller.actor })
        };
        match answer {
            Ok(reserved) if input.allow_partial => {
                for line in reserved.asked.iter().filter(|line| line.held < line.wanted) {
                    self.note((&line.sku, ""), (line.wanted, line.wanted - line.held), shopper());
                }
            }
            Ok(_) => {}
            Err(errors) => {
                for line in short_lines(errors).filter_map(|index| input.lines.get(index)) {
                    self.note((&line.sku, ""), (line.quantity, line.quantity), shopper());
                }
            }
        }
    }

    /// Counts what an order through `channel` is refused for want of stock, or because the channel may not sell as much.
    pub(super) fn note_order(&self, channel: &str, actor: &str, wants: &[ChannelWant], errors: &[UserError]) {
        for want in short_lines(errors).filter_map(|index| wants.get(index)) {
            self.note((&want.sku, channel), (want.quantity, want.quantity), hash(actor));
        }
    }

    fn note(&self, (sku, channel): (&str, &str), (wanted, missed): (i32, i32), shopper: u64) {
        let mut tally = Tally::default();
        tally.note(wanted, missed, shopper);
        self.add((sku.to_owned(), channel.to_owned()), &tally);
    }

    fn add(&self, key: (String, String), tally: &Tally) {
        let mut counted = self.0.lock();
        if let Some(own) = counted.get_mut(&key) {
            own.merge(tally);
        } else if counted.len() < KEYS_MAX {
            counted.insert(key, *tally);
        } else {
            metrics::counter!("inventory_sale_attempts_dropped_total")
                .increment(u64::try_from(tally.attempts).unwrap_or_default());
        }
    }

    fn take(&self) -> Vec<Tallied> {
        let counted = std::mem::take(&mut *self.0.lock());
        // In order, so that processes which write the same SKUs do not wait for each other in a ring.
        let counted: BTreeMap<(String, String), Tally> = counted.into_iter().collect();
        counted.into_iter().map(|((sku, channel), tally)| Tallied { sku, channel, tally }).collect()
    }
}

fn hash(text: &str) -> u64 {
    // Its keys are fixed, so that all processes of one build agree.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Which lines the errors refuse for want of stock: their field is `["input", "lines", INDEX, …]`.
fn short_lines(errors: &[UserError]) -> impl Iterator<Item = usize> {
    let of_stock =
        |error: &&UserError| matches!(error.code, ErrorCode::InsufficientStock | ErrorCode::ChannelLimitExceeded);
    errors.iter().filter(of_stock).filter_map(|error| error.field.as_ref()?.get(2)?.parse().ok())
}

impl Commands {
    /// Writes down what was refused for want of stock since the last time, and raises alerts where there was much of it; how
    /// many SKUs and channels it were. Several processes may do this at once.
    ///
    /// # Errors
    ///
    /// When the store fails; what was not written is written the next time.
    pub async fn write_sale_attempts(&self) -> Result<usize, StoreError> {
        let tallied = self.attempts.take();
        if tallied.is_empty() {
            return Ok(0);
        }
        let mut chunks = tallied.chunks(KEYS_AT_ONCE);
        let mut failure = alerts::prepare(&self.store).await.err();
        for chunk in &mut chunks {
            if failure.is_none() {
                let work = WriteAttempts { settings: &self.alerts, tallied: chunk };
                match transact(&self.store, &work).await {
                    Ok(changes) => {
                        alerts::count(&changes);
                        if !changes.is_empty() {
                            self.signal.ring();
                        }
                        continue;
                    }
                    Err(error) => failure = Some(error),
                }
            }
            for Tallied { sku, channel, tally } in chunk {
                self.attempts.add((sku.clone(), channel.clone()), tally);
            }
        }
        failure.map_or(Ok(tallied.len()), Err)
    }
}

struct WriteAttempts<'a> {
    settings: &'a AlertSettings,
    tallied: &'a [Tallied],
}

impl Work for WriteAttempts<'_> {
    type Output = Vec<AlertChange>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        let changes = alerts::add_attempts(transaction, self.settings, self.tallied).await?;
        alerts::save(transaction, &changes, &new_id()).await?;
        Ok(changes)
    }
}

/// Writes attempts down until `shutdown`, and once more then.
pub async fn run_sale_attempts(commands: Commands, shutdown: CancellationToken) {
    let mut is_over = false;
    while !is_over {
        is_over = shutdown.run_until_cancelled(tokio::time::sleep(WRITE_EVERY)).await.is_none();
        if let Err(error) = commands.write_sale_attempts().await {
            tracing::warn!(%error, "refused attempts to buy could not be written down yet");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS_MAX, SaleAttempts};
    use crate::domain::{ErrorCode, UserError, order::ChannelWant};

    fn want(sku: &str, quantity: i32) -> ChannelWant {
        ChannelWant { sku: sku.to_owned(), quantity }
    }

    #[test]
    fn only_lines_without_stock_count() {
        let attempts = SaleAttempts::default();
        let wants = [want("A", 2), want("B", 3)];
        let error = |index: &str, code| UserError::at(&["input", "lines", index, "quantity"], code, "");
        let errors = [error("0", ErrorCode::InvalidQuantity), error("1", ErrorCode::InsufficientStock)];
        attempts.note_order("web", "ann", &wants, &errors);
        attempts.note_order("web", "ann", &wants, &errors);
        attempts.note_order("web", "ben", &wants, &[error("1", ErrorCode::ChannelLimitExceeded)]);
        let taken = attempts.take();
        assert_eq!(taken.len(), 1);
        let one = &taken[0];
        assert_eq!((one.sku.as_str(), one.channel.as_str()), ("B", "web"));
        assert_eq!((one.tally.attempts, one.tally.units_missed, one.tally.shoppers.estimate()), (3, 9, 2));
        assert!(attempts.take().is_empty());
    }

    #[test]
    fn memory_is_bounded_and_known_keys_are_still_counted() {
        let attempts = SaleAttempts::default();
        let short = [UserError::at(&["input", "lines", "0", "quantity"], ErrorCode::InsufficientStock, "")];
        for number in 0..KEYS_MAX + 50 {
            attempts.note_order("web", "ann", &[want(&number.to_string(), 1)], &short);
        }
        attempts.note_order("web", "ann", &[want("7", 1)], &short);
        let taken = attempts.take();
        assert_eq!(taken.len(), KEYS_MAX);
        assert_eq!(taken.iter().find(|one| one.sku == "7").map(|one| one.tally.attempts), Some(2));
    }
}
