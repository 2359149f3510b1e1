//! A command under an idempotency key.

use std::future::Future;

use sea_orm::DatabaseTransaction;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{Answer, Commands};
use crate::{
    domain::{ErrorCode, UserError},
    store::{
        StoreError,
        idempotency::{Claim, RequestKey, claim, settle},
        transact::{Work, transact},
    },
};

/// A command that is performed within a transaction.
pub(super) trait Perform: Sync {
    /// What it gives when it is done.
    type Output: Serialize + DeserializeOwned + Send;

    /// Does it. Nothing may have been written when it is refused.
    fn perform(
        &self,
        transaction: &DatabaseTransaction,
    ) -> impl Future<Output = Result<Answer<Self::Output>, StoreError>> + Send;
}

/// Performs `command` once per `key` of `scope`: the same `request` gets the stored answer, another one is refused.
pub(super) async fn perform_once<C: Perform, R: Serialize + Sync>(
    commands: &Commands,
    (name, scope, key): (&'static str, &str, &str),
    request: &R,
    command: &C,
) -> Result<Answer<C::Output>, StoreError> {
    let hash = hash(name, request)?;
    let request = RequestKey { scope, key, hash: &hash };
    let answer = transact(&commands.store, &Keyed { request, command }).await?;
    if answer.is_ok() {
        commands.signal.ring();
    }
    count(name, answer.is_ok());
    Ok(answer)
}

/// Counts a command that was answered.
pub(super) fn count(name: &'static str, is_done: bool) {
    let outcome = if is_done { "done" } else { "refused" };
    metrics::counter!("inventory_commands_total", "command" => name, "outcome" => outcome).increment(1);
}

struct Keyed<'a, C> {
    request: RequestKey<'a>,
    command: &'a C,
}

impl<C: Perform> Work for Keyed<'_, C> {
    type Output = Answer<C::Output>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        perform_within(transaction, self.request, self.command).await
    }
}

/// The part of [`perform_once`] that is inside of the transaction, for commands that share one.
pub(super) async fn perform_within<C: Perform>(
    transaction: &DatabaseTransaction,
    request: RequestKey<'_>,
    command: &C,
) -> Result<Answer<C::Output>, StoreError> {
    match claim(transaction, request).await? {
        Claim::Answered(answer) => return stored(answer),
        Claim::Reused => return Ok(Err(vec![key_reused()])),
        Claim::Ours => {}
    }
    let answer = command.perform(transaction).await?;
    settle(transaction, request, serde_json::to_value(&answer).map_err(corrupt)?).await?;
    Ok(answer)
}

/// An answer as it was stored.
pub(super) fn stored<T: DeserializeOwned>(answer: serde_json::Value) -> Result<Answer<T>, StoreError> {
    serde_json::from_value(answer).map_err(corrupt)
}

/// An answer as it is stored.
pub(super) fn to_store<T: Serialize>(answer: &Answer<T>) -> Result<String, StoreError> {
    serde_json::to_string(answer).map_err(corrupt)
}

pub(super) fn key_reused() -> UserError {
    UserError::at(
        &["idempotencyKey"],
        ErrorCode::IdempotencyKeyReused,
        "this idempotency key was used for another request",
    )
}

/// SHA-256 over the command's name and its input as JSON, whose members keep their order.
pub(super) fn hash<R: Serialize>(name: &str, request: &R) -> Result<String, StoreError> {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([0]);
    hasher.update(serde_json::to_vec(request).map_err(corrupt)?);
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of map_err")]
fn corrupt(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt { table: "idempotency", reason: error.to_string() }
}
