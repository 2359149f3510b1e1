//! Headers that can be compared, hashed and shared.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers in the order of their names; values of one name keep their order. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct HeaderList(Arc<[(HeaderName, HeaderValue)]>);

impl HeaderList {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Adds all of them to `headers`.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        for (name, value) in self.iter() {
            headers.append(name.clone(), value.clone());
        }
    }
}

impl FromIterator<(HeaderName, HeaderValue)> for HeaderList {
    fn from_iter<I: IntoIterator<Item = (HeaderName, HeaderValue)>>(headers: I) -> Self {
        let mut headers: Vec<_> = headers.into_iter().collect();
        if headers.is_empty() {
            return Self::default();
        }
        headers.sort_by(|(left, _), (right, _)| left.as_str().cmp(right.as_str()));
        Self(headers.into())
    }
}
