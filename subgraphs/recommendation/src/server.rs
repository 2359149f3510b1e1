//! Putting the parts together.

use std::{sync::Arc, time::Duration};

use selvedge_kit::{
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
    let tasks = Intake::start(IntakeParts {
        state: state.clone(),
        bus: dependencies.bus,
        inventory: inventory.calling_as("recommendation"),
        clock: dependencies.clock.clone(),
        readiness: readiness.clone(),
        shutdown: dependencies.shutdown,
        page_size: config.snapshot_page_size,
        longest_pause: Duration::from_millis(config.max_retry_ms.into()),
    });
    let recommender = Recommender::new(state, dependencies.clock, Settings::default());
    Ok(RunningSubgraph {
        name: "recommendation",
        sdl: graphql::sdl(),
        executor: graphql::build(recommender),
        readiness,
        tasks,
    })
}
