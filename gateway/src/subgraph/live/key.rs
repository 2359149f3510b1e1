//! What must be equal for two subscriptions to share a connection.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;

use super::super::{CORRELATION_HEADER, CallerKey, HeaderList, IDENTITY_HEADER, SubgraphRequest};

/// What must be equal for two subscriptions to share a connection: who the caller is, rather than the token that says
/// so, which differs with every request; and the headers that the connection is opened with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SocketKey {
    caller: Option<CallerKey>,
    headers: HeaderList,
    /// The request that has a connection of its own, since it may be to blame for the end of another.
    pub(super) alone: Option<u64>,
}

impl SocketKey {
    pub(super) fn of(request: &SubgraphRequest) -> Self {
        let caller = request.context.caller.clone();
        // Of a caller who is not known, the token is all that tells it from others.
        let is_known = caller.is_some();
        let headers = request.headers();
        let shared = headers
            .iter()
            .filter(|(name, _)| **name != CORRELATION_HEADER && !(is_known && **name == IDENTITY_HEADER))
            .map(|(name, value)| (name.clone(), value.clone()));
        Self { caller, headers: shared.collect(), alone: None }
    }

    /// The key of a connection that only the request of this fingerprint uses.
    pub(super) const fn alone(mut self, fingerprint: u64) -> Self {
        self.alone = Some(fingerprint);
        self
    }
}

/// Tells requests apart, well enough to suspect one.
pub(super) fn fingerprint(body: &Bytes) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{
        super::super::{CallContext, OperationKind},
        *,
    };

    fn key(subject: Option<&str>, headers: &[(&'static str, &'static str)]) -> SocketKey {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let caller = subject.map(|subject| CallerKey { subject: Some(subject.to_owned()), scope: "a".to_owned() });
        let context = Arc::new(CallContext { headers, caller, ..CallContext::default() });
        SocketKey::of(&SubgraphRequest::new(OperationKind::Subscription, Bytes::new(), context))
    }

    #[test]
    fn tokens_and_correlation_ids_do_not_keep_calls_of_one_caller_apart() {
        let first = key(Some("a"), &[("x-selvedge-identity", "1"), ("x-correlation-id", "1"), ("x-tenant", "t")]);
        let second = key(Some("a"), &[("x-tenant", "t"), ("x-correlation-id", "2"), ("x-selvedge-identity", "2")]);
        assert_eq!(first, second);
        assert_ne!(first, key(Some("b"), &[("x-tenant", "t")]));
        assert_ne!(first, key(Some("a"), &[("x-tenant", "u")]));
        assert_ne!(first, key(None, &[("x-tenant", "t")]));
    }

    #[test]
    fn a_caller_who_is_not_known_is_told_by_the_token() {
        assert_eq!(key(None, &[("x-selvedge-identity", "1")]), key(None, &[("x-selvedge-identity", "1")]));
        assert_ne!(key(None, &[("x-selvedge-identity", "1")]), key(None, &[("x-selvedge-identity", "2")]));
    }
}
