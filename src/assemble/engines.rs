//! Bus, clock and identities of a process.

use std::sync::Arc;

use selvedge_kit::{
    bus::{EventBus, InProcessBus, RedisBus},
    clock::{Clock, SystemClock},
    identity::{IdentitySigner, IdentityVerifier},
    server::Dependencies,
};
use tokio_util::sync::CancellationToken;

use crate::{config::Config, failure::Failure};

/// What every part of a process shares.
pub(crate) struct Engines {
    /// Given to each subgraph.
    pub(crate) dependencies: Dependencies,
    /// `Redis Streams` or `in process`.
    pub(crate) bus_name: &'static str,
    /// Signs and verifies.
    pub(crate) identities: Identities,
}

/// The two ends of the internal identity.
#[derive(Clone)]
pub(crate) struct Identities {
    /// For calls to other subgraphs.
    pub(crate) signer: IdentitySigner,
    /// For calls that come in.
    pub(crate) verifier: IdentityVerifier,
}

impl Engines {
    /// Opens what `config` names.
    pub(crate) async fn open(config: &Config, shutdown: CancellationToken) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (bus, bus_name): (Arc<dyn EventBus>, _) = match &config.events.redis_url {
            Some(url) => {
                let bus = RedisBus::connect(url, &config.events.prefix).await;
                (
                    Arc::new(bus.map_err(|error| {
                        Failure::operation("cannot open the event bus of `events.redis_url`", &error)
                    })?),
                    "Redis Streams",
                )
            }
            None => (Arc::new(InProcessBus::default()), "in process"),
        };
        let secret = config.gateway.identity.secret.as_ref().map_or(&[][..], |secret| secret.expose());
        let weak = |error| Failure::Usage(format!("`identity.secret`: {error}"));
        let identities = Identities {
            signer: IdentitySigner::new(secret, Arc::clone(&clock)).map_err(weak)?,
            verifier: IdentityVerifier::new(secret, Arc::clone(&clock)).map_err(weak)?,
        };
        let refill_bus = config.events.redis_url.is_none();
        Ok(Self { dependencies: Dependencies { bus, refill_bus, clock, shutdown }, bus_name, identities })
    }
}
