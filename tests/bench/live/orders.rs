//! What the benchmark and its load generators say to each other, a line of JSON each.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a generator shall do. It answers each with a [`Report`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Open these sockets, and wait until each subscription has the first badge of each of its SKUs, or nothing comes.
    Open {
        address: SocketAddr,
        /// The payload of `connection_init`.
        init: Value,
        /// All SKUs that there are; others name them by their place.
        skus: Vec<String>,
        groups: Vec<Group>,
    },
    /// Those who stall stop reading.
    Stall,
    /// Count from now on.
    Begin,
    /// Messages that come from now on are not counted any more.
    Stop,
    /// Compare what came with what was changed, and with what is there in the end.
    End { changes: Vec<Change>, available: Vec<i64> },
    /// Close everything, with the handshake of the protocol.
    Close,
}

/// Sockets that are alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) sockets: usize,
    /// Of each socket.
    pub(crate) subscriptions: usize,
    /// Of each subscription: one behind the other, going on where the subscription before it ended.
    pub(crate) skus: usize,
    /// With which SKU the first subscription begins.
    pub(crate) first: usize,
    /// Of so many SKUs, from the first one that there is.
    pub(crate) of: usize,
    /// Whether they stop reading when they are told to.
    pub(crate) stalls: bool,
}

/// A unit that was added to a SKU. Times are of the machine's clock, which all processes share.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) sku: usize,
    /// Afterwards: which change it was, as nothing else changes this SKU.
    pub(crate) available: i64,
    pub(crate) sent_us: u64,
    /// The database has committed between these two.
    pub(crate) answered_us: u64,
}

/// What a generator says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub(crate) enum Report {
    /// First badges that did not come are not waited for without end.
    Opened {
        within_ms: u64,
        without_first: u64,
    },
    Done,
    Counted(Counted),
    Closed(Closed),
    /// It could not be done.
    Failed {
        reason: String,
    },
}

/// What came since [`Order::Begin`], to those who do not stall.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Counted {
    /// Until [`Order::Stop`].
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// How long it took: microseconds with how often.
    pub(crate) since_sent: Vec<(u64, u64)>,
    /// The same from the answer on, 0 for what came before it.
    pub(crate) since_answered: Vec<(u64, u64)>,
    /// Badges that clients have asked for; those that never came, and those that are not what is there.
    pub(crate) held: u64,
    pub(crate) empty: u64,
    pub(crate) not_current: u64,
    /// Sockets that the server has closed, and operations that it has ended.
    pub(crate) lost: u64,
    /// Of those who stall.
    pub(crate) lost_stalled: u64,
}

/// How the sockets ended.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Closed {
    pub(crate) sockets: u64,
    /// With a close frame for ours.
    pub(crate) answered: u64,
}

/// Microseconds of the clock that all processes of the machine share.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures by the clock of the machine")]
pub(crate) fn now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}
