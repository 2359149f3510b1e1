//! Who listens to what, and what changes meanwhile.

use std::time::Duration;

use super::{Options, changes::Rate, orders::Group};

/// Of a subscription; inventory takes no more.
const SKUS_OF_A_SUBSCRIPTION_MAX: usize = 250;
const SUBSCRIPTIONS_OF_A_SOCKET: usize = 100;
/// What everyone watches at saturation: so few that each changes again before everyone has the change before,
const HOT_SKUS: usize = 10;
/// or so many that nothing is left out for being older.
const WARM_SKUS: usize = 100;
/// Then there are so many times as many changes, more than can be sent,
const WARM_RATE: u64 = 3;
/// and so many in one transaction, for the load generator must have time to read what comes of them.
const WARM_AT_ONCE: usize = 10;
/// Longer than a gateway waits for a client that takes nothing.
const STALLED_SECONDS: u64 = 40;
/// Shows that idle subscribers are not dead.
const PROOF_OF_LIFE: Duration = Duration::from_secs(3);

/// What is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// What subscribers cost that hear nothing.
    Memory,
    /// How long a change takes to clients.
    Latency,
    /// How much can be sent.
    Throughput,
}

/// One comparison.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) shows: Shows,
    pub(crate) gateways: usize,
    /// The sockets at each gateway.
    pub(crate) groups: Vec<Group>,
    pub(crate) rate: Rate,
    pub(crate) duration: Duration,
    pub(crate) rounds: usize,
}

impl Scenario {
    pub(crate) fn subscribers(&self) -> usize {
        self.gateways * self.groups.iter().map(|group| group.sockets * group.subscriptions).sum::<usize>()
    }

    pub(crate) fn has_stalling(&self) -> bool {
        self.groups.iter().any(|group| group.stalls)
    }
}

/// All of them.
pub(crate) fn all(options: &Options) -> Vec<Scenario> {
    let Options { sockets, most, skus, rounds, .. } = *options;
    let group = |sockets: usize| Group { sockets, subscriptions: 1, skus: 1, first: 0, of: skus, stalls: false };
    let idle = |name: String, gateways: usize, group: Group| Scenario {
        name,
        shows: Shows::Memory,
        gateways,
        groups: vec![group],
        rate: Rate { per_second: 20, skus, at_once: 1 },
        duration: PROOF_OF_LIFE,
        rounds: 1,
    };
    // As many as it takes, each with as many.
    let many = options.many;
    let gateways = many.div_ceil(most).max(2);
    let of_a_page = Group { subscriptions: SUBSCRIPTIONS_OF_A_SOCKET, ..group(many / SUBSCRIPTIONS_OF_A_SOCKET) };
    let changing = Scenario {
        shows: Shows::Latency,
        rate: Rate { per_second: options.changes, skus, at_once: 1 },
        duration: options.duration,
        rounds,
        ..idle(format!("{} changes a second, {sockets} sockets", options.changes), 1, group(sockets))
    };
    let stalling = Group { skus: SKUS_OF_A_SUBSCRIPTION_MAX.min(skus), stalls: true, ..group(sockets / 10) };
    let saturating = |skus: usize, (per_second, at_once): (u64, usize)| Scenario {
        name: format!("saturation, {sockets} sockets of {skus} SKUs"),
        shows: Shows::Throughput,
        groups: vec![Group { skus, of: skus, ..group(sockets) }],
        rate: Rate { per_second, skus, at_once },
        ..changing.clone()
    };
    vec![
        idle(format!("idle, {sockets} sockets"), 1, group(sockets)),
        idle(format!("idle, {most} sockets"), 1, group(most)),
        idle(format!("idle, {SUBSCRIPTIONS_OF_A_SOCKET} on a socket, {many}"), 1, of_a_page),
        idle(format!("idle, {gateways} gateways, {many} sockets"), gateways, group(many / gateways)),
        Scenario {
            name: format!("{}, a tenth stalled", changing.name),
            groups: vec![group(sockets - sockets / 10), stalling],
            duration: options.duration.max(Duration::from_secs(STALLED_SECONDS)),
            rounds: 1,
            ..changing.clone()
        },
        saturating(HOT_SKUS.min(skus), (options.changes, 1)),
        saturating(WARM_SKUS.min(skus), (WARM_RATE * options.changes, WARM_AT_ONCE)),
        changing,
    ]
}
