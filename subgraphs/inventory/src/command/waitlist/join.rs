//! What customers do about waiting.

use sea_orm::{
    DatabaseTransaction, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use serde::Serialize;

use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, UserError},
    entity::{product, variant, waitlist_entry},
    store::{
        StoreError,
        catalog_read::STATUS_SHOWN,
        channels,
        waitlist::{self, Joining},
    },
};

/// The most variants that one customer waits for at once.
pub const WAITING_MAX: u64 = 100;
/// The most pieces that one customer waits for at once.
pub const WAITLIST_QUANTITY_MAX: i32 = 100;

/// A wish to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JoinWaitlist {
    /// What for.
    pub variant_id: String,
    /// Through which channel; any when absent.
    pub channel: Option<String>,
    /// How many pieces: 1 to [`WAITLIST_QUANTITY_MAX`].
    pub quantity: i32,
}

impl Commands {
    /// Puts the caller at the end of a queue. Who waits there already keeps their place, with the new quantity.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn join_waitlist(
        &self,
        caller: &Caller,
        input: &JoinWaitlist,
        idempotency_key: &str,
    ) -> Result<Answer<waitlist_entry::Model>, StoreError> {
        if !(1..=WAITLIST_QUANTITY_MAX).contains(&input.quantity) {
            let message = format!("{} pieces cannot be waited for, 1 to {WAITLIST_QUANTITY_MAX} can", input.quantity);
            return Ok(Err(vec![UserError::at(&["quantity"], ErrorCode::InvalidQuantity, message)]));
        }
        let command = Join { caller, input };
        perform_once(self, ("join waitlist", &caller.actor, idempotency_key), input, &command).await
    }

    /// Takes the caller's entry out of its queue, or gives back what they were told of.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn leave_waitlist(
        &self,
        caller: &Caller,
        entry_id: &str,
        idempotency_key: &str,
    ) -> Result<Answer<waitlist_entry::Model>, StoreError> {
        let command = Leave { caller, entry_id };
        perform_once(self, ("leave waitlist", &caller.actor, idempotency_key), &entry_id, &command).await
    }

    /// Forgets a customer: who they are, every entry and every notice. How many entries it were.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn erase_from_waitlist(
        &self,
        caller: &Caller,
        customer_id: &str,
        idempotency_key: &str,
    ) -> Result<Answer<u64>, StoreError> {
        let command = Erase { customer_id };
        perform_once(self, ("erase from waitlist", &caller.actor, idempotency_key), &customer_id, &command).await
    }

    /// Has notices that were given up tried again, as far as what they tell is still true; how many.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn redrive_waitlist_notices(
        &self,
        caller: &Caller,
        idempotency_key: &str,
    ) -> Result<Answer<u64>, StoreError> {
        perform_once(self, ("redrive waitlist notices", &caller.actor, idempotency_key), &(), &Redrive).await
    }
}

struct Join<'a> {
    caller: &'a Caller,
    input: &'a JoinWaitlist,
}

impl Perform for Join<'_> {
    type Output = waitlist_entry::Model;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let JoinWaitlist { variant_id, channel, quantity } = self.input;
        let refused = |field, code, message| Ok(Err(vec![UserError::at(&[field], code, message)]));
        let is_shown = Expr::exists(
            sea_orm::sea_query::Query::select()
                .expr(Expr::val(1))
                .from(product::Entity)
                .and_where(
                    Expr::col((product::Entity, product::Column::Id))
                        .equals((variant::Entity, variant::Column::ProductId)),
                )
                .and_where(Expr::col((product::Entity, product::Column::Status)).eq(STATUS_SHOWN))
                .to_owned(),
        );
        let found = variant::Entity::find_by_id(variant_id.as_str()).filter(is_shown).one(transaction).await?;
        if found.is_none() {
            return refused("variantId", ErrorCode::UnknownVariant, format!("there is no variant `{variant_id}`"));
        }
        if let Some(code) = channel
            && channels::read(transaction, code, &[]).await?.is_none()
        {
            return refused("channel", ErrorCode::UnknownChannel, format!("there is no channel `{code}`"));
        }
        let joining = Joining {
            customer_id: &self.caller.actor,
            variant_id,
            channel: channel.as_deref().unwrap_or_default(),
            quantity: *quantity,
        };
        match waitlist::join(transaction, joining, WAITING_MAX).await? {
            Some(entry) => Ok(Ok(entry)),
            None => {
                let message = format!("nobody waits for more than {WAITING_MAX} variants at once");
                refused("variantId", ErrorCode::TooManyLines, message)
            }
        }
    }
}

struct Leave<'a> {
    caller: &'a Caller,
    entry_id: &'a str,
}

impl Perform for Leave<'_> {
    type Output = waitlist_entry::Model;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let left = waitlist::leave(transaction, &self.caller.actor, self.entry_id).await?;
        Ok(left.ok_or_else(|| {
            let message = format!("there is no entry `{}` of yours", self.entry_id);
            vec![UserError::at(&["id"], ErrorCode::WaitlistEntryNotFound, message)]
        }))
    }
}

struct Erase<'a> {
    customer_id: &'a str,
}

impl Perform for Erase<'_> {
    type Output = u64;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<u64>, StoreError> {
        Ok(Ok(waitlist::forget(transaction, self.customer_id).await?))
    }
}

struct Redrive;

impl Perform for Redrive {
    type Output = u64;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<u64>, StoreError> {
        Ok(Ok(waitlist::redrive(transaction).await?))
    }
}
