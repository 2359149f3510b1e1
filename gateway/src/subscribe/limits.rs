//! How many clients may listen, and to how much: in all, of one user, and from one address.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use http::StatusCode;
use parking_lot::Mutex;

use super::Caller;
use crate::{config::SubscriptionsConfig, error::GraphqlError};

/// What there may be only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Live connections: WebSockets and streamed HTTP responses.
    Connections,
    /// Those of one user.
    ConnectionsOfUser,
    /// Those from one address.
    ConnectionsFromAddress,
    /// Subscriptions.
    Subscriptions,
    /// Those of one user.
    SubscriptionsOfUser,
    /// Those from one address.
    SubscriptionsFromAddress,
    /// Event streams that are reserved and not open yet.
    ReservedStreams,
}

impl Limit {
    const ALL: [Self; 7] = [
        Self::Connections,
        Self::ConnectionsOfUser,
        Self::ConnectionsFromAddress,
        Self::Subscriptions,
        Self::SubscriptionsOfUser,
        Self::SubscriptionsFromAddress,
        Self::ReservedStreams,
    ];

    /// The limit that an error of this code is about.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.code() == code)
    }

    /// The value of `extensions.code`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Connections => "TOO_MANY_CONNECTIONS",
            Self::ConnectionsOfUser => "TOO_MANY_CONNECTIONS_OF_USER",
            Self::ConnectionsFromAddress => "TOO_MANY_CONNECTIONS_FROM_ADDRESS",
            Self::Subscriptions => "TOO_MANY_SUBSCRIPTIONS",
            Self::SubscriptionsOfUser => "TOO_MANY_SUBSCRIPTIONS_OF_USER",
            Self::SubscriptionsFromAddress => "TOO_MANY_SUBSCRIPTIONS_FROM_ADDRESS",
            Self::ReservedStreams => "TOO_MANY_RESERVED_STREAMS",
        }
    }

    /// The HTTP status: who has too much himself is told apart from a gateway that is full.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Connections | Self::Subscriptions | Self::ReservedStreams => StatusCode::SERVICE_UNAVAILABLE,
            Self::ConnectionsOfUser
            | Self::ConnectionsFromAddress
            | Self::SubscriptionsOfUser
            | Self::SubscriptionsFromAddress => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Connections => "live connections at a time",
            Self::ConnectionsOfUser => "live connections of one user at a time",
            Self::ConnectionsFromAddress => "live connections from one address at a time",
            Self::Subscriptions => "subscriptions at a time",
            Self::SubscriptionsOfUser => "subscriptions of one user at a time",
            Self::SubscriptionsFromAddress => "subscriptions from one address at a time",
            Self::ReservedStreams => "reserved event streams that nobody has opened yet",
        }
    }
}

/// A limit that is reached; the text is for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway serves at most {most} {what}", what = limit.what())]
pub struct LimitReached {
    /// Which.
    pub limit: Limit,
    /// How many there may be.
    pub most: usize,
}

impl LimitReached {
    /// Says that something is refused for it.
    #[must_use]
    pub(super) fn counted(limit: Limit, most: usize) -> Self {
        metrics::counter!("selvedge_live_refused_total", "limit" => limit.code()).increment(1);
        Self { limit, most }
    }
}

impl From<LimitReached> for GraphqlError {
    fn from(reached: LimitReached) -> Self {
        Self::new(reached.limit.code(), reached.to_string())
    }
}

#[derive(Default)]
struct Counts {
    in_all: usize,
    of_user: HashMap<Arc<str>, usize>,
    from_address: HashMap<IpAddr, usize>,
}

/// How much there is of one thing, and how much there may be.
struct Quota {
    counts: Mutex<Counts>,
    in_all: (Limit, usize),
    /// Not counted where there is no limit.
    of_user: (Limit, Option<usize>),
    from_address: (Limit, Option<usize>),
}

/// One of what there may be only so much of, until it is dropped.
pub struct Permit {
    quota: Arc<Quota>,
    user: Option<Arc<str>>,
    address: Option<IpAddr>,
}

impl Quota {
    fn enter(self: &Arc<Self>, user: Option<&str>, address: Option<IpAddr>) -> Result<Permit, LimitReached> {
        let mut counts = self.counts.lock();
        let (limit, most) = self.in_all;
        if counts.in_all >= most {
            return Err(LimitReached::counted(limit, most));
        }
        let address = address.filter(|_| self.from_address.1.is_some()).map(network);
        if let Some(address) = address {
            add(&mut counts.from_address, address, self.from_address)?;
        }
        let user = user.filter(|_| self.of_user.1.is_some()).map(|user| counts.known(user));
        if let Some(user) = &user
            && let Err(reached) = add(&mut counts.of_user, Arc::clone(user), self.of_user)
        {
            if let Some(address) = address {
                remove(&mut counts.from_address, &address);
            }
            return Err(reached);
        }
        counts.in_all += 1;
        drop(counts);
        Ok(Permit { quota: Arc::clone(self), user, address })
    }
}

impl Counts {
    /// `user`, as it is kept where it is counted already.
    fn known(&self, user: &str) -> Arc<str> {
        self.of_user.get_key_value(user).map_or_else(|| user.into(), |(known, _)| Arc::clone(known))
    }
}

impl Permit {
    /// Counts it as one of `user`, who was not known before.
    ///
    /// # Errors
    ///
    /// When that user has too much; it then is nobody's, as before.
    pub fn give_to(&mut self, user: Option<&str>) -> Result<(), LimitReached> {
        if self.user.is_some() {
            return Ok(());
        }
        let Some(user) = user.filter(|_| self.quota.of_user.1.is_some()) else { return Ok(()) };
        let mut counts = self.quota.counts.lock();
        let user = counts.known(user);
        add(&mut counts.of_user, Arc::clone(&user), self.quota.of_user)?;
        drop(counts);
        self.user = Some(user);
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.quota.counts.lock();
        counts.in_all = counts.in_all.saturating_sub(1);
        if let Some(user) = &self.user {
            remove(&mut counts.of_user, user);
        }
        if let Some(address) = &self.address {
            remove(&mut counts.from_address, address);
        }
    }
}

fn add<K: Hash + Eq>(
    counts: &mut HashMap<K, usize>,
    key: K,
    (limit, most): (Limit, Option<usize>),
) -> Result<(), LimitReached> {
    let count = counts.entry(key).or_default();
    match most {
        Some(most) if *count >= most => Err(LimitReached::counted(limit, most)),
        _ => {
            *count += 1;
            Ok(())
        }
    }
}

fn remove<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// What one client has of addresses: with IPv6 it has a whole network of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// The limits of a gateway, and what is counted against them; cheap to clone.
#[derive(Clone)]
pub struct Limits {
    connections: Arc<Quota>,
    subscriptions: Arc<Quota>,
}

impl Limits {
    /// The configured limits, with nothing counted.
    #[must_use]
    pub fn new(config: &SubscriptionsConfig) -> Self {
        let connections = Quota {
            counts: Mutex::default(),
            in_all: (Limit::Connections, config.max_connections),
            of_user: (Limit::ConnectionsOfUser, config.max_connections_per_user),
            from_address: (Limit::ConnectionsFromAddress, config.max_connections_per_address),
        };
        let subscriptions = Quota {
            counts: Mutex::default(),
            in_all: (Limit::Subscriptions, config.max_subscriptions),
            of_user: (Limit::SubscriptionsOfUser, config.max_subscriptions_per_user),
            from_address: (Limit::SubscriptionsFromAddress, config.max_subscriptions_per_address),
        };
        Self { connections: Arc::new(connections), subscriptions: Arc::new(subscriptions) }
    }

    /// One more live connection, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn connect(&self, caller: &Caller) -> Result<Permit, LimitReached> {
        self.connections.enter(caller.identity.subject.as_deref(), caller.address)
    }

    /// One more subscription, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn subscribe(&self, caller: &Caller) -> Result<Permit, LimitReached> {
        self.subscriptions.enter(caller.identity.subject.as_deref(), caller.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticate::{CorrelationId, Identity};

    fn caller(subject: Option<&str>, address: &str) -> Caller {
        let identity = Identity { subject: subject.map(str::to_owned), ..Identity::default() };
        Caller { address: Some(address.parse().unwrap()), ..Caller::new(identity, CorrelationId::generate()) }
    }

    fn limits() -> Limits {
        Limits::new(&SubscriptionsConfig {
            max_connections: 4,
            max_connections_per_user: Some(2),
            max_connections_per_address: Some(3),
            ..SubscriptionsConfig::default()
        })
    }

    fn refused(result: Result<Permit, LimitReached>) -> Option<&'static str> {
        result.err().map(|reached| reached.limit.code())
    }

    #[test]
    fn each_limit_is_named_and_what_ends_makes_room() {
        let limits = limits();
        let ann = caller(Some("ann"), "10.0.0.1");
        let first = limits.connect(&ann).unwrap();
        let _second = limits.connect(&ann).unwrap();
        assert_eq!(refused(limits.connect(&ann)), Some("TOO_MANY_CONNECTIONS_OF_USER"));
        let _third = limits.connect(&caller(Some("bob"), "10.0.0.1")).unwrap();
        assert_eq!(refused(limits.connect(&caller(None, "10.0.0.1"))), Some("TOO_MANY_CONNECTIONS_FROM_ADDRESS"));
        let _fourth = limits.connect(&caller(None, "10.0.0.2")).unwrap();
        assert_eq!(refused(limits.connect(&caller(None, "10.0.0.3"))), Some("TOO_MANY_CONNECTIONS"));
        drop(first);
        assert_eq!(refused(limits.connect(&ann)), None);
    }

    #[test]
    fn a_connection_can_become_somebody_s() {
        let limits = limits();
        let mut permits: Vec<_> =
            (1..=3).map(|n| limits.connect(&caller(None, &format!("10.0.0.{n}"))).unwrap()).collect();
        let given: Vec<_> = permits.iter_mut().map(|permit| permit.give_to(Some("ann")).is_ok()).collect();
        assert_eq!(given, [true, true, false]);
        permits.remove(0);
        assert!(permits.last_mut().unwrap().give_to(Some("ann")).is_ok());
        drop(permits);
        let counts = limits.connections.counts.lock();
        assert!(counts.in_all == 0 && counts.of_user.is_empty() && counts.from_address.is_empty());
    }

    #[test]
    fn a_client_has_a_network_of_addresses() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:10.0.0.1"), "10.0.0.1");
    }
}
