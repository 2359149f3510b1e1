//! What an answer has read: a walk through its JSON along what was selected.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{
    selection::{Node, Nodes},
    tag::{Reading, entity_number},
    types::{TaggedType, TaggedTypes},
};

/// Everything that was read.
#[derive(Debug)]
pub(super) struct Observed {
    pub(super) readings: BTreeSet<Reading>,
    /// The least of what is configured for the types that were read.
    pub(super) max_age: Duration,
    /// Whether what is not there counts as well.
    with_absences: bool,
}

impl Observed {
    pub(super) const fn new(max_age: Duration) -> Self {
        Self { readings: BTreeSet::new(), max_age, with_absences: true }
    }

    /// The same, without what is not there.
    pub(super) const fn of_things(max_age: Duration) -> Self {
        Self { readings: BTreeSet::new(), max_age, with_absences: false }
    }

    /// Notes an object of these types with these scalars.
    fn note(&mut self, types: &[Arc<TaggedType>], scalars: &[(&str, Scalar)]) {
        for ty in types {
            self.max_age = self.max_age.min(ty.max_age);
            if !ty.is_entity {
                // An object of an abstract type that does not say what it is may be any entity that the type can be.
                self.readings.extend(ty.names.iter().skip(1).map(|&name| Reading::any_of(name)));
                continue;
            }
            let of_field = |name: &str| scalars.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
            let revision = ty.revision_field.as_deref().and_then(of_field).and_then(Scalar::number);
            for &typename in &ty.names {
                let known = ty.key_fields.iter().filter_map(|(field, number)| {
                    let text = of_field(field)?.text()?;
                    Some((*number, entity_number(typename, *number, text)))
                });
                let mut keys: Vec<(u64, u64)> = known.collect();
                keys.sort_unstable();
                self.readings.insert(Reading { typename, keys: keys.into(), revision });
            }
        }
    }

    /// Notes that there is nothing where an entity could be: any that appears makes the answer untrue.
    fn note_absence(&mut self, types: &[Arc<TaggedType>]) {
        for ty in types.iter().filter(|_| self.with_absences) {
            self.max_age = self.max_age.min(ty.max_age);
            let names = ty.names.iter().skip(usize::from(!ty.is_entity));
            self.readings.extend(names.map(|&name| Reading::any_of(name)));
        }
    }

    /// Notes what was asked for, of which nothing is shown.
    pub(super) fn note_represented(&mut self, represented: &Represented) {
        let scalars: Vec<_> =
            represented.scalars.iter().map(|(field, scalar)| (field.as_str(), scalar.clone())).collect();
        self.note(std::slice::from_ref(&represented.ty), &scalars);
    }
}

/// The entity of a representation.
#[derive(Debug)]
pub(super) struct Represented {
    ty: Arc<TaggedType>,
    scalars: Vec<(String, Scalar)>,
}

impl Represented {
    /// Reads it; `None` when it is none.
    pub(super) fn read(json: &[u8], types: &TaggedTypes) -> Option<Self> {
        let all: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(json).ok()?;
        let ty = types.get(all.get("__typename")?.as_str()?)?;
        // What it shows of a revision is older than the answer.
        let revision = ty.revision_field.as_deref().unwrap_or_default();
        let others = all.iter().filter(|(field, _)| *field != revision);
        let scalars = others.filter_map(|(field, value)| Some((field.clone(), Scalar::of(value)?))).collect();
        Some(Self { ty: Arc::clone(ty), scalars })
    }
}

/// A scalar that may be a key or a revision.
#[derive(Debug, Clone)]
enum Scalar {
    Text(String),
    Other,
}

impl Scalar {
    fn of(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::String(text) => Some(Self::Text(text.clone())),
            serde_json::Value::Number(number) => Some(Self::Text(number.to_string())),
            serde_json::Value::Bool(_) => Some(Self::Other),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other => None,
        }
    }

    fn number(&self) -> Option<i64> {
        self.text()?.parse().ok()
    }
}

/// Walks a value of the node `node`.
pub(super) struct Walk<'w> {
    pub(super) nodes: &'w Nodes,
    pub(super) types: &'w TaggedTypes,
    pub(super) node: usize,
    /// Of what answers a representation: this is the entity, whatever it shows of its keys.
    pub(super) represented: Option<&'w Represented>,
    pub(super) observed: &'w mut Observed,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object, a list or null")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match (self.represented, self.nodes.get(self.node)) {
            // No other could be there.
            (Some(represented), _) => self.observed.note_represented(represented),
            (None, Some(node)) => self.observed.note_absence(&node.types),
            (None, None) => {}
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut is_empty = true;
        while items
            .next_element_seed(Walk {
                nodes: self.nodes,
                types: self.types,
                node: self.node,
                represented: None,
                observed: &mut *self.observed,
            })?
            .is_some()
        {
            is_empty = false;
        }
        if is_empty { self.visit_unit() } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Some(node) = self.nodes.get(self.node) else { return Err(A::Error::custom("an object was not expected")) };
        let mut scalars: Vec<(&str, Scalar)> = Vec::new();
        let mut typename = None;
        while let Some(Key(key)) = entries.next_key()? {
            if let Some(child) = self.nodes.below(self.node, &key) {
                entries.next_value_seed(Walk {
                    nodes: self.nodes,
                    types: self.types,
                    node: child,
                    represented: None,
                    observed: &mut *self.observed,
                })?;
            } else if node.typenames.iter().any(|wire| **wire == *key) {
                typename = Some(entries.next_value::<String>()?);
            } else if let Some(field) = leaf(node, &key) {
                if let Some(scalar) = Scalar::of(&entries.next_value()?) {
                    scalars.push((field, scalar));
                }
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        let said = typename.as_deref().and_then(|name| self.types.get(name));
        let Some(represented) = self.represented else {
            match said {
                Some(ty) => self.observed.note(std::slice::from_ref(ty), &scalars),
                None => self.observed.note(&node.types, &scalars),
            }
            return Ok(());
        };
        let ty = said.unwrap_or(&represented.ty);
        // It may be asked for as an interface.
        if !Arc::ptr_eq(ty, &represented.ty) {
            self.observed.note_represented(represented);
        }
        for (field, scalar) in &represented.scalars {
            if !scalars.iter().any(|(shown, _)| *shown == &**field) {
                scalars.push((field, scalar.clone()));
            }
        }
        self.observed.note(std::slice::from_ref(ty), &scalars);
        Ok(())
    }
}

/// The field of a scalar that can be a key or a revision.
fn leaf<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.leaves.iter().find(|(wire, _)| **wire == *key).map(|(_, field)| &**field)
}

/// A key of an object, borrowed where it has no escapes.
struct Key<'de>(std::borrow::Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(text.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(text.to_owned().into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
