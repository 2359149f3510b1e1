//! Holding a reservation for longer.

use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;

use super::{
    Answer, Caller, Commands,
    keyed::{Perform, perform_once},
    release::find_active,
    reserve::{TTL_MAX_SECONDS, TTL_MIN_SECONDS},
};
use crate::{
    domain::{ErrorCode, UserError},
    store::{
        StoreError, now,
        reservations::{self, ReservationWithLines},
    },
};

impl Commands {
    /// Lets an active reservation `(id, seconds)` end so many seconds from now, be that later or earlier than it would have.
    /// Only who made it, or who manages stock, finds it. Nobody holds stock for more than [`TTL_MAX_SECONDS`] in all.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn extend(
        &self,
        caller: &Caller,
        reservation: (&str, i32),
        idempotency_key: &str,
    ) -> Result<Answer<ReservationWithLines>, StoreError> {
        let ttl_seconds = reservation.1;
        if !(TTL_MIN_SECONDS..=TTL_MAX_SECONDS).contains(&ttl_seconds) {
            let message =
                format!("{ttl_seconds} s is no time to live, {TTL_MIN_SECONDS} to {TTL_MAX_SECONDS} s are possible");
            return Ok(Err(vec![UserError::at(&["ttlSeconds"], ErrorCode::InvalidTtl, message)]));
        }
        let command = Extend { caller, reservation };
        perform_once(self, ("extend", &caller.actor, idempotency_key), &reservation, &command).await
    }
}

struct Extend<'a> {
    caller: &'a Caller,
    reservation: (&'a str, i32),
}

impl Perform for Extend<'_> {
    type Output = ReservationWithLines;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let (id, ttl_seconds) = self.reservation;
        let mut found = match find_active(transaction, self.caller, id).await? {
            Ok(found) => found,
            Err(error) => return Ok(Err(vec![error])),
        };
        let now = now::read(transaction).await?;
        let row = &mut found.reservation;
        if row.expires_at <= now {
            let message = "the time of the reservation has run out".to_owned();
            return Ok(Err(vec![UserError::at(&["id"], ErrorCode::ReservationNotActive, message)]));
        }
        let expires_at = now + TimeDelta::seconds(ttl_seconds.into());
        let latest = row.created_at + TimeDelta::seconds(TTL_MAX_SECONDS.into());
        if expires_at > latest {
            let left = (latest - now).num_seconds();
            let message =
                format!("stock is held for at most {TTL_MAX_SECONDS} s in all, {left} s of this reservation are left");
            return Ok(Err(vec![UserError::at(&["ttlSeconds"], ErrorCode::InvalidTtl, message)]));
        }
        (row.expires_at, row.updated_at) = (expires_at, now);
        reservations::extend(transaction, row).await?;
        Ok(Ok(found))
    }
}
