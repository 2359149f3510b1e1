//! Requests → what is written for them, and what they are answered.

use super::pending::Pending;
use crate::{
    command::{Answer, keyed, reserve::Reserved},
    domain::reserve_in_turn,
    store::{
        StoreError,
        batch::{Answered, Batch, Sale},
        levels::LoadedStock,
    },
};

/// Decides the requests in their order, each on what the ones before it left, and gives the answers in the same order.
pub(super) fn decide(
    loaded: &mut LoadedStock,
    pending: &[Pending],
    low_stock_threshold: i32,
) -> Result<(Batch, Vec<Answer<Reserved>>), StoreError> {
    let mut answers = Vec::with_capacity(pending.len());
    let mut sales = Vec::with_capacity(pending.len());
    let mut stored = Vec::with_capacity(pending.len());
    for Pending { request, .. } in pending {
        let decided = reserve_in_turn(&mut loaded.stock, &request.wants());
        let answer = decided.map(|events| {
            let reserved = request.reserved(&events, loaded.now);
            let (reserved_rows, events) = (reserved.clone().into(), events.into_iter().flatten().collect());
            sales.push(Sale { reserved: reserved_rows, events, key: request.key.clone() });
            reserved
        });
        stored.push(Answered {
            scope: request.caller.actor.clone(),
            key: request.key.clone(),
            request_hash: request.hash.clone(),
            response: keyed::to_store(&answer)?,
        });
        answers.push(answer);
    }
    Ok((Batch::new(loaded, stored, sales, low_stock_threshold)?, answers))
}
