//! How many clients may listen, and to how much: in all, of one user, and from one address.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use parking_lot::Mutex;

use super::{Caller, Limit, LimitReached};
use crate::config::SubscriptionsConfig;

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

/// What there may be only so much of, until it is dropped.
pub struct Permit {
    quota: Arc<Quota>,
    amount: usize,
    user: Option<Arc<str>>,
    address: Option<IpAddr>,
}

impl Quota {
    fn new(in_all: (Limit, usize), of_user: (Limit, Option<usize>), from_address: (Limit, Option<usize>)) -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), in_all, of_user, from_address })
    }

    fn enter(self: &Arc<Self>, caller: &Caller, amount: usize) -> Result<Permit, LimitReached> {
        let (user, address) = (caller.identity.subject.as_deref(), caller.address);
        let mut counts = self.counts.lock();
        let (limit, most) = self.in_all;
        if counts.in_all.saturating_add(amount) > most {
            return Err(LimitReached::counted(limit, most));
        }
        let address = address.filter(|_| self.from_address.1.is_some()).map(network);
        if let Some(address) = address {
            add(&mut counts.from_address, (address, amount), self.from_address)?;
        }
        let user = user.filter(|_| self.of_user.1.is_some()).map(|user| counts.known(user));
        if let Some(user) = &user
            && let Err(reached) = add(&mut counts.of_user, (Arc::clone(user), amount), self.of_user)
        {
            if let Some(address) = address {
                remove(&mut counts.from_address, &address, amount);
            }
            return Err(reached);
        }
        counts.in_all += amount;
        drop(counts);
        Ok(Permit { quota: Arc::clone(self), amount, user, address })
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
        add(&mut counts.of_user, (Arc::clone(&user), self.amount), self.quota.of_user)?;
        drop(counts);
        self.user = Some(user);
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.quota.counts.lock();
        counts.in_all = counts.in_all.saturating_sub(self.amount);
        if let Some(user) = &self.user {
            remove(&mut counts.of_user, user, self.amount);
        }
        if let Some(address) = &self.address {
            remove(&mut counts.from_address, address, self.amount);
        }
    }
}

fn add<K: Hash + Eq>(
    counts: &mut HashMap<K, usize>,
    (key, amount): (K, usize),
    (limit, most): (Limit, Option<usize>),
) -> Result<(), LimitReached> {
    let count = counts.get(&key).copied().unwrap_or_default().saturating_add(amount);
    if let Some(most) = most.filter(|most| count > *most) {
        return Err(LimitReached::counted(limit, most));
    }
    counts.insert(key, count);
    Ok(())
}

fn remove<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K, amount: usize) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(amount);
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
    keys: Arc<Quota>,
}

impl Limits {
    /// The configured limits, with nothing counted.
    #[must_use]
    pub fn new(config: &SubscriptionsConfig) -> Self {
        let connections = Quota::new(
            (Limit::Connections, config.max_connections),
            (Limit::ConnectionsOfUser, config.max_connections_per_user),
            (Limit::ConnectionsFromAddress, config.max_connections_per_address),
        );
        let subscriptions = Quota::new(
            (Limit::Subscriptions, config.max_subscriptions),
            (Limit::SubscriptionsOfUser, config.max_subscriptions_per_user),
            (Limit::SubscriptionsFromAddress, config.max_subscriptions_per_address),
        );
        let keys = Quota::new(
            (Limit::Keys, config.max_keys),
            (Limit::KeysOfUser, config.max_keys_per_user),
            (Limit::KeysFromAddress, config.max_keys_per_address),
        );
        Self { connections, subscriptions, keys }
    }

    /// One more live connection, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn connect(&self, caller: &Caller) -> Result<Permit, LimitReached> {
        self.connections.enter(caller, 1)
    }

    /// One more subscription, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn subscribe(&self, caller: &Caller) -> Result<Permit, LimitReached> {
        self.subscriptions.enter(caller, 1)
    }

    /// So many more keys that a subscription listens to, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub(super) fn listen(&self, caller: &Caller, keys: usize) -> Result<Permit, LimitReached> {
        self.keys.enter(caller, keys)
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
    fn keys_are_counted_by_how_many_a_subscription_names() {
        let limits = Limits::new(&SubscriptionsConfig {
            max_keys: 10,
            max_keys_per_user: Some(5),
            max_keys_per_address: Some(7),
            ..SubscriptionsConfig::default()
        });
        let (ann, bob) = (caller(Some("ann"), "10.0.0.1"), caller(Some("bob"), "10.0.0.1"));
        assert_eq!(refused(limits.listen(&ann, 6)), Some("TOO_MANY_KEYS_OF_USER"));
        let four = limits.listen(&ann, 4).unwrap();
        assert_eq!(refused(limits.listen(&ann, 2)), Some("TOO_MANY_KEYS_OF_USER"));
        let one = limits.listen(&ann, 1).unwrap();
        assert_eq!(refused(limits.listen(&bob, 3)), Some("TOO_MANY_KEYS_FROM_ADDRESS"));
        let other = limits.listen(&caller(None, "10.0.0.2"), 5).unwrap();
        assert_eq!(refused(limits.listen(&caller(None, "10.0.0.3"), 1)), Some("TOO_MANY_KEYS_IN_ALL"));
        drop(four);
        assert_eq!(refused(limits.listen(&ann, 4)), None);
        drop((one, other));
        let counts = limits.keys.counts.lock();
        assert!(counts.in_all == 0 && counts.of_user.is_empty() && counts.from_address.is_empty());
    }

    #[test]
    fn a_client_has_a_network_of_addresses() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:10.0.0.1"), "10.0.0.1");
    }
}
