//! Giving back the pieces of reservations whose time has run out.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Caller, Commands, release::holds_differ};
use crate::{
    domain::{Command, Hold, Stock, decide},
    store::{
        StoreError,
        ledger::{Entry, Note, append, new_id},
        levels::{Which, load},
        reservations::{self, EXPIRED, ReservationWithLines},
        transact::{Work, transact},
    },
};

/// Reservations ended in one transaction: few, so that the SKUs are locked only shortly.
const BATCH: u64 = 200;
/// Between two rounds: what becomes due within it is ended together, instead of locking a hot SKU again for each.
const ROUND_MIN: Duration = Duration::from_millis(100);

impl Commands {
    /// Ends all reservations whose time has run out by the clock of the database, and gives their number. Several
    /// processes may do this at once.
    ///
    /// # Errors
    ///
    /// When the store fails; what was ended before stays ended.
    pub async fn expire_due(&self) -> Result<u64, StoreError> {
        let mut ended = 0;
        while reservations::until_next_due(&self.store).await? == Some(Duration::ZERO) {
            let batch = transact(&self.store, &Expire { commands: self }).await?;
            if batch == 0 {
                // Another process has them.
                break;
            }
            self.signal.ring();
            ended += batch;
        }
        metrics::counter!("inventory_reservations_expired_total").increment(ended);
        Ok(ended)
    }
}

/// Ends reservations at the moment when they are due, until `shutdown`. It looks at least every `pause`.
pub async fn run_expirer(commands: Commands, pause: Duration, shutdown: CancellationToken) {
    let rounds = async {
        loop {
            let wait = match expire_round(&commands).await {
                Ok(until_next) => until_next.unwrap_or(pause),
                Err(error) => {
                    tracing::warn!(%error, "reservations that have run out could not be ended");
                    pause
                }
            };
            sleep(wait.clamp(ROUND_MIN.min(pause), pause)).await;
        }
    };
    shutdown.run_until_cancelled(rounds).await;
}

/// Ends what is due, and says how long it is until there is more.
async fn expire_round(commands: &Commands) -> Result<Option<Duration>, StoreError> {
    let ended = commands.expire_due().await?;
    if ended > 0 {
        tracing::debug!(ended, "reservations have run out");
    }
    reservations::until_next_due(&commands.store).await
}

struct Expire<'a> {
    commands: &'a Commands,
}

impl Work for Expire<'_> {
    type Output = u64;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<u64, StoreError> {
        let due = reservations::lock_due(transaction, BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let all: Vec<String> =
            due.iter().flat_map(|one| one.lines.iter().map(|line| line.variant_id.clone())).collect();
        let mut loaded = load(transaction, Which::Ids(&all), &[]).await?;
        let due = without_damaged(&loaded.stock, due);
        if due.is_empty() {
            return Ok(0);
        }
        let (reservation_ids, holds): (Vec<String>, Vec<Hold>) =
            due.iter().flat_map(|one| one.holds().into_iter().map(|hold| (one.reservation.id.clone(), hold))).unzip();
        let events = decide(&loaded.stock, &Command::Expire(holds)).map_err(|errors| holds_differ(&errors))?;
        // One event per hold, in the order of the holds.
        let entries: Vec<Entry> = events
            .into_iter()
            .zip(reservation_ids)
            .map(|(event, id)| Entry { event, reservation_id: Some(id) })
            .collect();
        let caller = Caller::system("expirer", new_id());
        let note = Note {
            reason: "expired".to_owned(),
            actor: caller.actor,
            reference: None,
            correlation_id: caller.correlation_id,
            idempotency_key: None,
        };
        append(transaction, &mut loaded, &entries, &note, self.commands.low_stock_threshold).await?;
        let ids: Vec<String> = due.into_iter().map(|ReservationWithLines { reservation, .. }| reservation.id).collect();
        reservations::end(transaction, &ids, EXPIRED, loaded.now).await?;
        Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
    }
}

/// The reservations without those that hold more than is committed. Only a hand in the database makes such ones, and they
/// must not keep the others' stock: they wait until the ledger is rebuilt.
fn without_damaged(stock: &Stock, due: Vec<ReservationWithLines>) -> Vec<ReservationWithLines> {
    let holds =
        |due: &[ReservationWithLines]| Command::Expire(due.iter().flat_map(ReservationWithLines::holds).collect());
    if decide(stock, &holds(&due)).is_ok() {
        return due;
    }
    let mut sound = Vec::with_capacity(due.len());
    for one in due {
        sound.push(one);
        if decide(stock, &holds(&sound)).is_err()
            && let Some(damaged) = sound.pop()
        {
            let reservation_id = damaged.reservation.id;
            tracing::error!(
                reservation_id,
                "a reservation holds more than is committed; `selvedge ledger rebuild` mends it"
            );
        }
    }
    sound
}
