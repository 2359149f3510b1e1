//! The types of one schema as tags see them, with what is configured for them.

use std::{sync::Arc, time::Duration};

use ahash::{AHashMap, AHashSet};

use super::tag::name_number;
use crate::{config::CacheConfig, schema::EntityTypes};

/// One type that entities can have.
#[derive(Debug)]
pub(super) struct TaggedType {
    /// What its entities go by: the type, its entity interfaces, what it can be.
    pub(super) names: Box<[u64]>,
    /// The fields of its keys, with their numbers.
    pub(super) key_fields: Vec<(Box<str>, u64)>,
    /// The field of its revision.
    pub(super) revision_field: Option<Box<str>>,
    /// How long what has read it is kept at most; zero when it is not to be kept.
    pub(super) max_age: Duration,
    /// Whether it has a key.
    pub(super) is_entity: bool,
}

/// All composite types of a schema, by name.
#[derive(Debug)]
pub(super) struct TaggedTypes {
    types: AHashMap<String, Arc<TaggedType>>,
    /// The fields that are a key or a revision of any of them.
    fields: AHashSet<Box<str>>,
}

impl TaggedTypes {
    pub(super) fn new(entities: &EntityTypes, config: &CacheConfig) -> Self {
        let types: AHashMap<_, _> =
            entities.type_names().map(|name| (name.to_owned(), Arc::new(tagged(name, entities, config)))).collect();
        let keys = types.values().flat_map(|ty| ty.key_fields.iter().map(|(field, _)| field.clone()));
        let revisions = types.values().filter_map(|ty| ty.revision_field.clone());
        let fields = keys.chain(revisions).collect();
        Self { types, fields }
    }

    /// Whether a field can be a key or a revision.
    pub(super) fn matters(&self, field: &str) -> bool {
        self.fields.contains(field)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<TaggedType>> {
        self.types.get(name)
    }
}

fn tagged(name: &str, entities: &EntityTypes, config: &CacheConfig) -> TaggedType {
    let own = config.types.get(name);
    let key_fields = entities.key_fields(name).iter().map(|field| (field.as_str().into(), name_number(field)));
    let capped = own.and_then(|own| own.max_age_s).map_or(config.max_age(), Duration::from_secs);
    TaggedType {
        names: entities.names(name).iter().map(|name| name_number(name)).collect(),
        key_fields: key_fields.collect(),
        revision_field: own.and_then(|own| own.revision_field.as_deref()).map(Into::into),
        max_age: if own.is_some_and(|own| own.enabled == Some(false)) { Duration::ZERO } else { capped },
        is_entity: entities.is_entity(name),
    }
}
