//! What customers wait for.

use async_graphql::{
    Context, Enum, Error, ID, Object,
    connection::{Connection, Edge},
};
use chrono::{DateTime, Utc};

use super::ProductVariant;
use crate::{
    domain::waitlist,
    entity::waitlist_entry,
    graphql::loaders::{VariantById, loaders},
    store::{catalog_read::Page, waitlist::entry_cursor},
};

/// That a customer waits for a variant, or once did.
#[derive(Debug, Clone)]
pub(crate) struct WaitlistEntry(pub(crate) waitlist_entry::Model);

pub(crate) type WaitlistEntryConnection = Connection<String, WaitlistEntry>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "waitlist::WaitStatus")]
pub(crate) enum WaitlistStatus {
    /// In the queue.
    Waiting,
    /// Told that there is something, which counts as theirs for a while.
    Notified,
    /// They have taken it.
    Served,
    /// They have not, in time.
    Lapsed,
    /// They left.
    Left,
}

pub(crate) fn waitlist_connection(page: Page<waitlist_entry::Model>) -> WaitlistEntryConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: waitlist_entry::Model| Edge::new(entry_cursor(&row), WaitlistEntry(row));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

#[Object(cache_control(private, no_cache))]
impl WaitlistEntry {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    /// Null when it is gone.
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>, Error> {
        Ok(loaders(ctx)?.load_one(VariantById(self.0.variant_id.clone())).await?.map(ProductVariant))
    }

    /// The code of the sales channel; null for any.
    async fn channel(&self) -> Option<&str> {
        Some(self.0.channel.as_str()).filter(|channel| !channel.is_empty())
    }

    /// Pieces that are waited for.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    async fn status(&self) -> Option<WaitlistStatus> {
        waitlist::WaitStatus::parse(&self.0.status).map(Into::into)
    }

    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.joined_at
    }

    /// Null while nobody was told.
    async fn notified_at(&self) -> Option<DateTime<Utc>> {
        self.0.notified_at
    }

    /// Of how many pieces the customer was told; fewer than were waited for when there were no more.
    async fn offered_quantity(&self) -> Option<i32> {
        self.0.offered
    }

    /// Until when these count as theirs. They are not held: who wants them reserves them.
    async fn offer_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.offer_expires_at
    }
}
