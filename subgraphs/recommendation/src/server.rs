//! Putting the parts together.

use std::{sync::Arc, time::Duration};

use selvedge_kit::{
    bus::EventBus,
    client::SubgraphClient,
    server::{Dependencies, Readiness, RunningSubgraph},
};

use crate::{
    config::Config,
    error::StartError,
    graphql,
    intake::{Intake, IntakeParts},
    recommend::{Recommender, Settings},
    state::LiveState,
};

/// How often the bus is asked whether it is usable.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How long it may take to say so.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// Starts the subgraph. It answers at once and learns in the background: until the catalog is loaded from `inventory`,
/// feeds say that they are degraded and readiness says why.
///
/// # Errors
///
/// When `config` cannot work.
pub async fn start(
    config: Config,
    dependencies: Dependencies,
    inventory: SubgraphClient,
) -> Result<RunningSubgraph, StartError> {
    config.validate()?;
    let state = Arc::new(LiveState::new(&config.state_limits()));
    let readiness = Readiness::default();
    let watch = watch_bus(dependencies.bus.clone(), readiness.clone());
    let watch = dependencies.shutdown.clone().run_until_cancelled_owned(watch);
    let mut tasks = Intake::start(IntakeParts {
        state: state.clone(),
        bus: dependencies.bus,
        inventory: inventory.calling_as("recommendation"),
        clock: dependencies.clock.clone(),
        readiness: readiness.clone(),
        shutdown: dependencies.shutdown,
        page_size: config.snapshot_page_size,
        longest_pause: Duration::from_millis(config.max_retry_ms.into()),
    });
    tasks.push(tokio::spawn(async move {
        watch.await;
    }));
    let recommender = Recommender::new(state, dependencies.clock, Settings::default());
    Ok(RunningSubgraph {
        name: "recommendation",
        sdl: graphql::sdl(),
        executor: graphql::build(recommender),
        readiness,
        tasks,
    })
}

/// Says whether the bus answers: a subscription that waits to be opened again looks like one without events.
async fn watch_bus(bus: Arc<dyn EventBus>, readiness: Readiness) {
    loop {
        let answer = tokio::time::timeout(CHECK_TIMEOUT, bus.check()).await;
        let late = |_| format!("no answer within {} ms", CHECK_TIMEOUT.as_millis());
        readiness.set("bus", answer.map_err(late).and_then(|state| state.map_err(|error| error.to_string())));
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use futures::{StreamExt, stream::BoxStream};
    use selvedge_kit::{
        bus::{Burial, BusError, Consumer, DeadLetter, Delivery, Followed, TailFrom, Topic},
        event::Event,
    };

    use super::*;

    /// A bus whose server is away, while a subscription waits for it without a word.
    struct Away;

    #[async_trait]
    impl EventBus for Away {
        async fn publish(&self, _topic: Topic, _events: &[Event]) -> Result<(), BusError> {
            self.check().await
        }
        async fn consume(&self, _topic: Topic, _group: &str, _member: &str) -> Result<Box<dyn Consumer>, BusError> {
            Err(BusError::Unavailable { reason: "away".to_owned() })
        }
        async fn tail(&self, _topic: Topic, _from: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError> {
            Ok(futures::stream::pending().boxed())
        }
        async fn follow(&self, _topic: Topic) -> Result<BoxStream<'static, Followed>, BusError> {
            Ok(futures::stream::pending().boxed())
        }
        async fn dead_letters(&self, _topic: Topic, _limit: usize) -> Result<Vec<DeadLetter>, BusError> {
            Ok(Vec::new())
        }
        async fn count_dead_letters(&self, _topic: Topic) -> Result<u64, BusError> {
            Ok(0)
        }
        async fn bury(&self, _topic: Topic, _burial: Burial) -> Result<(), BusError> {
            self.check().await
        }
        async fn check(&self) -> Result<(), BusError> {
            Err(BusError::Unavailable { reason: "away".to_owned() })
        }
    }

    #[tokio::test]
    async fn a_bus_that_is_away_is_not_called_ready() {
        let readiness = Readiness::default();
        let watch = tokio::spawn(watch_bus(Arc::new(Away), readiness.clone()));
        while readiness.failures().is_empty() {
            tokio::task::yield_now().await;
        }
        watch.abort();
        assert_eq!(readiness.failures(), [("bus", "the event bus is not reachable: away".to_owned())]);
    }
}
