//! Giving held pieces back before their time.

use sea_orm::DatabaseTransaction;

use super::{
    Answer, Caller, Commands,
    keyed::{Perform, perform_once},
};
use crate::{
    domain::{Command, ErrorCode, UserError, decide},
    store::{
        StoreError,
        ledger::{Entry, Note, append},
        levels::{Which, load},
        reservations::{self, ACTIVE, RELEASED, ReservationWithLines},
    },
};

impl Commands {
    /// Ends an active reservation. Only who made it, or who manages stock, finds it.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn release(
        &self,
        caller: &Caller,
        reservation_id: &str,
        idempotency_key: &str,
    ) -> Result<Answer<ReservationWithLines>, StoreError> {
        let command = Release { commands: self, caller, reservation_id, idempotency_key };
        perform_once(self, ("release", &caller.actor, idempotency_key), &reservation_id, &command).await
    }
}

struct Release<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    reservation_id: &'a str,
    idempotency_key: &'a str,
}

impl Perform for Release<'_> {
    type Output = ReservationWithLines;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let mut found = match find_active(transaction, self.caller, self.reservation_id).await? {
            Ok(found) => found,
            Err(error) => return Ok(Err(vec![error])),
        };
        let holds = found.holds();
        let variant_ids: Vec<String> = holds.iter().map(|hold| hold.variant_id.clone()).collect();
        let mut loaded = load(transaction, Which::Ids(&variant_ids), &[]).await?;
        let events = decide(&loaded.stock, &Command::Release(holds)).map_err(|errors| holds_differ(&errors))?;
        let id = &found.reservation.id;
        let entry = |event| Entry { event, reservation_id: Some(id.clone()) };
        let entries: Vec<Entry> = events.into_iter().map(entry).collect();
        let note = Note {
            reason: "released".to_owned(),
            actor: self.caller.actor.clone(),
            reference: found.reservation.reference.clone(),
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(self.idempotency_key.to_owned()),
        };
        append(transaction, &mut loaded, &entries, &note, self.commands.low_stock_threshold).await?;
        reservations::end(transaction, std::slice::from_ref(id), RELEASED, loaded.now).await?;
        RELEASED.clone_into(&mut found.reservation.status);
        found.reservation.updated_at = loaded.now;
        Ok(Ok(found))
    }
}

/// Locks the active reservation with this id, if the caller may change it.
pub(super) async fn find_active(
    transaction: &DatabaseTransaction,
    caller: &Caller,
    id: &str,
) -> Result<Result<ReservationWithLines, UserError>, StoreError> {
    let found = reservations::lock(transaction, id).await?;
    let may_change = |found: &ReservationWithLines| caller.manages_stock || found.reservation.actor == caller.actor;
    let Some(found) = found.filter(may_change) else {
        let message = format!("there is no reservation `{id}`");
        return Ok(Err(UserError::at(&["id"], ErrorCode::ReservationNotFound, message)));
    };
    if found.reservation.status != ACTIVE {
        let message = format!("the reservation is {} already", found.reservation.status.to_lowercase());
        return Ok(Err(UserError::at(&["id"], ErrorCode::ReservationNotActive, message)));
    }
    Ok(Ok(found))
}

/// An active reservation holds more than is committed: only a hand in the database can do that.
pub(super) fn holds_differ(errors: &[UserError]) -> StoreError {
    let reason = errors.first().map_or_else(String::new, |error| error.message.clone());
    StoreError::Corrupt { table: "reservation_line", reason }
}
