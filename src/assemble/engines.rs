//! Bus, clock and identities of a process.

use std::sync::Arc;

use selvedge_kit::{
    bus::{EventBus, EventsFolder, InProcessBus, RedisBus, run_spool},
    clock::{Clock, SystemClock},
    identity::{IdentitySigner, IdentityVerifier},
    server::Dependencies,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{DataFolder, events_folder};
use crate::{config::Config, failure::Failure};

/// What every part of a process shares.
pub(crate) struct Engines {
    /// Given to each subgraph.
    pub(crate) dependencies: Dependencies,
    /// `Redis Streams` or `in process`.
    pub(crate) bus_name: &'static str,
    /// Signs and verifies.
    pub(crate) identities: Identities,
    /// The bus inside the process, and the folder of its dead letters and requests.
    in_process: Option<(Arc<InProcessBus>, EventsFolder)>,
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
    pub(crate) async fn open(config: &Config, data: &DataFolder, shutdown: CancellationToken) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let settings = config.events.bus_settings();
        let mut in_process = None;
        let (bus, bus_name): (Arc<dyn EventBus>, _) = match &config.events.redis_url {
            Some(url) => (Arc::new(open_redis(config, url).await?), "Redis Streams"),
            None => {
                let folder = events_folder(data);
                let bus = Arc::new(InProcessBus::with_settings(settings).with_folder(folder.clone()));
                in_process = Some((Arc::clone(&bus), folder));
                (bus, "in process")
            }
        };
        let secret = config.gateway.identity.secret.as_ref().map_or(&[][..], |secret| secret.expose());
        let weak = |error| Failure::Usage(format!("`identity.secret`: {error}"));
        let identities = Identities {
            signer: IdentitySigner::new(secret, Arc::clone(&clock)).map_err(weak)?,
            verifier: IdentityVerifier::new(secret, Arc::clone(&clock)).map_err(weak)?,
        };
        let refill_bus = config.events.redis_url.is_none();
        Ok(Self { dependencies: Dependencies { bus, refill_bus, clock, shutdown }, bus_name, identities, in_process })
    }

    /// Publishes again what `selvedge events` asks for, where the bus is inside this process.
    pub(crate) fn serve_requests(&self) -> Option<JoinHandle<()>> {
        let (bus, folder) = self.in_process.clone()?;
        Some(tokio::spawn(run_spool(folder, bus, self.dependencies.shutdown.clone())))
    }
}

/// Opens the bus at `url`.
pub(super) async fn open_redis(config: &Config, url: &str) -> Result<RedisBus, Failure> {
    let bus = RedisBus::connect_with(url, &config.events.prefix, config.events.bus_settings()).await;
    bus.map_err(|error| Failure::operation("cannot open the event bus of `events.redis_url`", &error))
}
