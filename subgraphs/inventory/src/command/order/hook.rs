//! The moments of a saga, for tests that stop it there.

use crate::{domain::order::Step, store::StoreError};

/// Where in a step a saga is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The lease is taken.
    Begun,
    /// The provider is about to be asked.
    BeforeCall,
    /// The provider has answered, and nobody has written it down.
    AfterCall,
    /// Everything is written and not committed.
    BeforeCommit,
    /// It is committed, and nothing else was done.
    AfterCommit,
}

impl Moment {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Begun, Self::BeforeCall, Self::AfterCall, Self::BeforeCommit, Self::AfterCommit];
}

/// Is told of every moment of every step.
pub trait SagaHook: Send + Sync + std::fmt::Debug {
    /// Whether the saga is to stop dead here, as if the process had been killed: nothing is cleaned up.
    fn stops_at(&self, step: Step, moment: Moment) -> bool;
}

/// Never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHook;

impl SagaHook for NoHook {
    fn stops_at(&self, _step: Step, _moment: Moment) -> bool {
        false
    }
}

impl super::Orders {
    pub(super) fn pass(&self, step: Step, moment: Moment) -> Result<(), StoreError> {
        if self.hook.stops_at(step, moment) {
            return Err(StoreError::Interrupted { point: format!("{} {moment:?}", step.as_str()) });
        }
        Ok(())
    }
}
