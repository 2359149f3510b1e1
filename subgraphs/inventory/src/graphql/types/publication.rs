//! Where and when something is published.

use std::sync::Arc;

use async_graphql::{Context, Error, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    domain::publication::{self as rules, is_published_anywhere},
    entity::publication,
    graphql::loaders::{ClockOfRequest, loaders},
};

/// Where and when something is published.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub(crate) struct Publication {
    /// Null for all channels that have none of their own.
    channel: Option<String>,
    /// Whether it is, between the two times.
    published: bool,
    /// Not before this time.
    starts_at: Option<DateTime<Utc>>,
    /// Only before this time.
    ends_at: Option<DateTime<Utc>>,
}

impl Publication {
    pub(super) fn of(row: &publication::Model) -> Self {
        Self {
            channel: Some(row.channel.clone()).filter(|channel| !channel.is_empty()),
            published: row.published,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
        }
    }
}

/// Whether what has these rules is published in `channel` at this moment of the database's clock, or without one,
/// anywhere. What has no rules needs no clock.
pub(super) async fn is_published(
    ctx: &Context<'_>,
    rows: &[Arc<publication::Model>],
    channel: Option<&str>,
) -> Result<bool, Error> {
    if rows.is_empty() {
        return Ok(true);
    }
    let Some(time) = loaders(ctx)?.load_one(ClockOfRequest).await? else { return Ok(false) };
    let rules: Vec<rules::Publication> = rows.iter().map(|row| publication::Model::clone(row).into()).collect();
    Ok(match channel {
        Some(channel) => rules::is_published(&rules, channel, time),
        None => is_published_anywhere(&rules, time),
    })
}
