//! What happened to the stock of a variant, newest first.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::page::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page};
use crate::{
    domain::EventKind,
    entity::stock_event::{self, Column},
    error::StoreError,
    store::Store,
};

/// Which events are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryFilter {
    /// Only at this location.
    pub location_id: Option<String>,
    /// Only of these kinds; of any when empty.
    pub kinds: Vec<EventKind>,
    /// Only at or after this time.
    pub from: Option<DateTime<Utc>>,
    /// Only before this time.
    pub until: Option<DateTime<Utc>>,
}

fn ordering() -> Ordering {
    Ordering::by("history", Column::OccurredAt, Column::Seq).descending().numbered()
}

/// The cursor of `row` in a history.
#[must_use]
pub fn history_cursor(row: &stock_event::Model) -> String {
    encode_cursor(ordering().name, Key::Time(row.occurred_at), &row.seq.to_string())
}

/// One page of the events of a variant that `filter` leaves, newest first.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn stock_history(
    store: &Store,
    variant_id: &str,
    filter: &HistoryFilter,
    page: &PageRequest,
) -> Result<Page<stock_event::Model>, ReadError> {
    let mut select = stock_event::Entity::find().filter(Column::VariantId.eq(variant_id));
    if let Some(location_id) = &filter.location_id {
        select = select.filter(Column::LocationId.eq(location_id.as_str()));
    }
    if !filter.kinds.is_empty() {
        select = select.filter(Column::Kind.is_in(filter.kinds.iter().map(|kind| kind.as_str())));
    }
    if let Some(from) = filter.from {
        select = select.filter(Column::OccurredAt.gte(from));
    }
    if let Some(until) = filter.until {
        select = select.filter(Column::OccurredAt.lt(until));
    }
    let select = select_page(select, &ordering(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

/// How many events there are.
///
/// # Errors
///
/// When the store fails.
pub async fn count_events(store: &Store) -> Result<u64, StoreError> {
    Ok(stock_event::Entity::find().count(store.reader()).await?)
}
