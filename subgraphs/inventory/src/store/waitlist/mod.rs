//! Who waits for what: queues by variant, what is told from them, and forgetting a customer.
//!
//! Whoever changes a queue holds its row in `waitlist_variant`, and takes that row first. So those who look at one queue
//! follow each other, whatever the number of processes, and nobody can be told twice or before somebody in front of them.

mod entries;
mod notices;
mod queue;

pub(crate) use entries::{Joining, forget, join, leave};
pub use entries::{entries_of, entry_cursor};
pub(crate) use notices::{Leased, Settled, lease_notice, notice_is_due, redrive, settle_notice};
pub use notices::{NoticeCounts, count_notices};
pub use queue::WAITLIST_NOTIFIED;
pub(crate) use queue::{Told, look, queue_is_due, serve_and_wake};

use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, sea_query::LockType};

use super::StoreError;
use crate::entity::waitlist_variant;

/// Holds the queue of a variant until the transaction ends; it is made when there is none.
async fn lock_queue(transaction: &impl ConnectionTrait, variant_id: &str) -> Result<(), StoreError> {
    use sea_orm::{ActiveValue::Set, sea_query::OnConflict};
    let row = waitlist_variant::ActiveModel { variant_id: Set(variant_id.to_owned()), due_at: Set(None) };
    waitlist_variant::Entity::insert(row)
        .on_conflict(OnConflict::column(waitlist_variant::Column::VariantId).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    let held = waitlist_variant::Entity::find_by_id(variant_id).lock(LockType::Update).one(transaction).await?;
    // It was taken away between the two statements, because it was empty.
    held.map(drop).ok_or(StoreError::Conflict { what: "waitlist_variant" })
}
