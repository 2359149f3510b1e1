//! Subscription fields that events of a bus feed, as `@fedBy` in the schema says.
//!
//! ```graphql
//! type Subscription {
//!   stockBadges(skus: [String!]!): StockBadge!
//!     @fedBy(event: "com.example.badge_changed.v1", key: "skus", field: "sku", revision: "revision",
//!       carries: "sku state available revision", snapshot: "stockBadges", public: true)
//! }
//! ```

use std::{collections::BTreeMap, sync::Arc};

use graphql_tools::static_graphql::schema::Document;

use super::{
    TypeNames, TypeRef,
    fed_by::{FedByProblem, Reader},
    federation::Federation,
};

/// A subscription field whose values come with events of a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveField {
    /// Its name.
    pub name: String,
    /// The type of the events.
    pub event: String,
    /// The argument that says which keys a client listens to: one, or a list of them.
    pub key: String,
    /// The field of the payload, and of the event's data, whose value is the key.
    pub field: String,
    /// The field of both that grows with every change of a key.
    pub revision: Option<String>,
    /// The fields of the payload that the event's data holds under the same names.
    pub carries: Vec<String>,
    /// The query field that answers what is true now of keys.
    pub snapshot: Snapshot,
    /// Whether everyone gets the same values.
    pub is_public: bool,
    /// The type of the payload.
    pub payload: String,
}

/// The query field that answers what is true now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub field: String,
    /// The type of its argument of the same name as the subscription's.
    pub key_type: TypeRef,
}

impl Snapshot {
    /// Whether it answers many keys at once.
    #[must_use]
    pub fn is_list(&self) -> bool {
        let of = |type_ref: &TypeRef| matches!(type_ref, TypeRef::List(_));
        match &self.key_type {
            TypeRef::NonNull(inner) => of(inner),
            other => of(other),
        }
    }
}

/// All of a schema, by name.
#[derive(Debug, Default, Clone)]
pub struct LiveFields(BTreeMap<String, Arc<LiveField>>);

impl LiveFields {
    /// The field of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<LiveField>> {
        self.0.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<LiveField>> {
        self.0.values()
    }

    /// Reads a supergraph. Every directive that does not fit the schema is a problem.
    pub(super) fn read(
        supergraph: &Document,
        (types, federation): (&TypeNames, &Federation),
    ) -> Result<Self, Vec<FedByProblem>> {
        let (fields, problems) = Reader::new(supergraph, types, federation).read();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self(fields.into_iter().map(|live| (live.name.clone(), Arc::new(live))).collect()))
    }
}
