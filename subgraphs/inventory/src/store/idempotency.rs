//! One answer per idempotency key.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{OnConflict, Query},
};
use serde_json::Value;

use super::{StoreError, now};
use crate::entity::idempotency::{self, Column};

/// What the key of a request says about it.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is new; answer it and [`settle`].
    Ours,
    /// The same request was answered before.
    Answered(Value),
    /// The key belongs to another request.
    Reused,
}

/// A request by its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestKey<'a> {
    /// Whose key it is.
    pub(crate) scope: &'a str,
    /// The key.
    pub(crate) key: &'a str,
    /// SHA-256 of the request.
    pub(crate) hash: &'a str,
}

/// Claims the key within the transaction. While another transaction holds the same key, this waits for its end: then
/// its answer is given, or, if it failed, the claim succeeds.
pub(crate) async fn claim(transaction: &impl ConnectionTrait, request: RequestKey<'_>) -> Result<Claim, StoreError> {
    let mut insert = Query::insert();
    insert
        .into_table(idempotency::Entity)
        .columns([Column::Scope, Column::Key, Column::RequestHash, Column::CreatedAt])
        .values_panic([
            request.scope.into(),
            request.key.into(),
            request.hash.into(),
            now::now(transaction.get_database_backend()),
        ])
        .on_conflict(OnConflict::columns([Column::Scope, Column::Key]).do_nothing().to_owned());
    if transaction.execute(&insert).await?.rows_affected() == 1 {
        return Ok(Claim::Ours);
    }
    let stored = idempotency::Entity::find_by_id((request.scope.to_owned(), request.key.to_owned()));
    match stored.one(transaction).await? {
        Some(row) if row.request_hash != request.hash => Ok(Claim::Reused),
        Some(idempotency::Model { response: Some(answer), .. }) => Ok(Claim::Answered(answer)),
        // Pruned between the two statements: the next try finds the key free.
        Some(_) | None => Err(StoreError::Conflict { what: "idempotency" }),
    }
}

/// Stores the answer to a claimed request.
pub(crate) async fn settle(
    transaction: &impl ConnectionTrait,
    request: RequestKey<'_>,
    answer: Value,
) -> Result<(), StoreError> {
    let answered = idempotency::ActiveModel { response: Set(Some(answer)), ..Default::default() };
    idempotency::Entity::update_many()
        .set(answered)
        .filter(Column::Scope.eq(request.scope))
        .filter(Column::Key.eq(request.key))
        .exec(transaction)
        .await?;
    Ok(())
}
