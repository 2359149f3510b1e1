//! The bus inside one process.

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::{BusError, Consumer, Delivery, EventBus, TailFrom, Topic};
use crate::event::Event;

/// A bus within the process; its durability is the outbox's (see `Relay::refill`).
#[derive(Debug, Default)]
pub struct InProcessBus {}

#[async_trait]
impl EventBus for InProcessBus {
    async fn publish(&self, _topic: Topic, _events: &[Event]) -> Result<(), BusError> {
        Err(BusError::Unavailable { reason: String::new() })
    }
    async fn consume(&self, _topic: Topic, _group: &str, _member: &str) -> Result<Box<dyn Consumer>, BusError> {
        Err(BusError::Unavailable { reason: String::new() })
    }
    async fn tail(&self, _topic: Topic, _from: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError> {
        Err(BusError::Unavailable { reason: String::new() })
    }
    async fn check(&self) -> Result<(), BusError> {
        Err(BusError::Unavailable { reason: String::new() })
    }
}
