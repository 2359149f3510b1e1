//! The ledger in the order of commits.

use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::{Checkpoint, checkpoint::horizon};
use crate::{
    entity::stock_event::{self, Column},
    error::StoreError,
};

/// An event with its transaction.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct OrderedEvent {
    /// What happened.
    #[sea_orm(nested)]
    pub event: stock_event::Model,
    /// The transaction that appended it; 0 on SQLite.
    pub txid: i64,
}

/// What follows a checkpoint.
#[derive(Debug)]
pub(crate) struct Batch {
    /// In order.
    pub(crate) events: Vec<OrderedEvent>,
    /// How far a projection is that has taken them in.
    pub(crate) checkpoint: Checkpoint,
    /// Whether there was no more.
    pub(crate) drained: bool,
}

/// Up to `limit` events behind `checkpoint`, in the order of (transaction, sequence number). Of transactions that may still
/// append, and of those that began after them, nothing is given: what commits late would otherwise be passed by.
///
/// Two transactions that overlapped may have changed one level in another order than that of their numbers. Whoever takes
/// the events in must not depend on their order within a level; sums do not.
pub(crate) async fn next_batch(
    connection: &impl ConnectionTrait,
    checkpoint: &Checkpoint,
    limit: u64,
) -> Result<Batch, StoreError> {
    // Before the events are read: a transaction that was running then may end between the two statements.
    let horizon = horizon(connection).await?;
    let txid = || Expr::col("txid");
    let place = Expr::tuple([txid(), Expr::col(Column::Seq)]);
    let events = stock_event::Entity::find()
        .expr_as(txid(), "txid")
        .filter(place.gt(Expr::tuple([Expr::val(checkpoint.txid), Expr::val(checkpoint.seq)])))
        .filter(txid().lt(horizon))
        .order_by_asc(txid())
        .order_by_asc(Column::Seq)
        .limit(limit)
        .into_model::<OrderedEvent>()
        .all(connection)
        .await?;
    let drained = u64::try_from(events.len()).is_ok_and(|count| count < limit);
    let mut checkpoint = *checkpoint;
    if let Some(last) = events.last() {
        (checkpoint.txid, checkpoint.seq) = (last.txid, last.event.seq);
    }
    if drained {
        checkpoint.horizon = horizon;
    }
    Ok(Batch { events, checkpoint, drained })
}
