//! Measures a document without expanding it, so that fragments that multiply cost nothing.

use ahash::AHashMap;

use super::{
    Limits,
    ast::{FragmentDefinition, Selection, SelectionSet},
    document::Document,
};
use crate::error::{GraphqlError, code};

/// How deep selections may nest with fragments counted, which cost stack in everything that follows.
const MAX_NESTING: usize = 150;

/// Checks every operation of a document against the limits.
///
/// # Errors
///
/// The first limit that is exceeded.
pub(crate) fn check_limits(document: &Document<'_>, limits: &Limits) -> Result<(), Vec<GraphqlError>> {
    let fragments = document.fragments().map(|fragment| (fragment.name.text, fragment)).collect();
    let mut ruler = Ruler { fragments, known: AHashMap::new(), uses_introspection: false };
    // Rules walk fragments that no operation uses as well.
    for fragment in document.fragments() {
        if ruler.fragment(fragment.name.text).nesting > MAX_NESTING {
            return Err(too_much("nested", MAX_NESTING));
        }
    }
    for operation in document.operations() {
        let size = ruler.set(&operation.selection_set);
        for (what, value, limit) in [
            ("deep", size.depth, limits.max_depth),
            ("nested", size.nesting, MAX_NESTING),
            ("aliases", size.aliases, limits.max_aliases),
            ("root fields", size.own_fields, limits.max_root_fields),
            ("fields", size.fields, limits.max_fields),
        ] {
            if value > limit {
                return Err(too_much(what, limit));
            }
        }
    }
    if ruler.uses_introspection && !limits.introspection {
        return Err(vec![GraphqlError::new(code::INTROSPECTION_DISABLED, "Introspection is switched off.")]);
    }
    Ok(())
}

fn too_much(what: &str, limit: usize) -> Vec<GraphqlError> {
    let message = match what {
        "deep" => format!("The operation nests fields more than {limit} deep."),
        "nested" => format!("The document nests fields and fragments more than {limit} deep."),
        _ => format!("The operation has more than {limit} {what}."),
    };
    vec![GraphqlError::new(code::VALIDATION_FAILED, message)]
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    depth: usize,
    /// As `depth`, with fragments counted.
    nesting: usize,
    aliases: usize,
    fields: usize,
    /// Fields at the top of the set.
    own_fields: usize,
}

impl Size {
    const fn nested(mut self) -> Self {
        self.nesting = self.nesting.saturating_add(1);
        self
    }

    const fn add(&mut self, other: Self) {
        self.depth = if other.depth > self.depth { other.depth } else { self.depth };
        self.nesting = if other.nesting > self.nesting { other.nesting } else { self.nesting };
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.fields = self.fields.saturating_add(other.fields);
        self.own_fields = self.own_fields.saturating_add(other.own_fields);
    }
}

struct Ruler<'d, 'a> {
    fragments: AHashMap<&'a str, &'d FragmentDefinition<'a>>,
    /// Measured fragments; `None` while one is being measured, so that cycles end (validation names them).
    known: AHashMap<&'a str, Option<Size>>,
    uses_introspection: bool,
}

impl<'a> Ruler<'_, 'a> {
    fn set(&mut self, set: &SelectionSet<'a>) -> Size {
        let mut size = Size::default();
        for item in &set.items {
            size.add(match item {
                Selection::Field(field) => {
                    self.uses_introspection |= matches!(field.name.text, "__schema" | "__type");
                    let below = field.selection_set.as_ref().map(|set| self.set(set)).unwrap_or_default();
                    Size {
                        depth: below.depth.saturating_add(1),
                        nesting: below.nesting.saturating_add(1),
                        aliases: below.aliases.saturating_add(usize::from(field.alias.is_some())),
                        fields: below.fields.saturating_add(1),
                        own_fields: 1,
                    }
                }
                Selection::Inline(fragment) => self.set(&fragment.selection_set).nested(),
                Selection::Spread(spread) => self.fragment(spread.name.text).nested(),
            });
        }
        size
    }

    fn fragment(&mut self, name: &'a str) -> Size {
        if let Some(known) = self.known.get(name) {
            return known.unwrap_or_default();
        }
        let Some(&fragment) = self.fragments.get(name) else { return Size::default() };
        self.known.insert(name, None);
        let size = self.set(&fragment.selection_set);
        self.known.insert(name, Some(size));
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    fn check(query: &str, limits: &Limits) -> Result<(), String> {
        check_limits(&parse(query, limits).unwrap(), limits).map_err(|mut errors| errors.remove(0).message)
    }

    #[test]
    fn fragments_that_multiply_are_counted_without_expanding_them() {
        let mut text = "{ ...f0 }".to_owned();
        for n in 0..40 {
            text.push_str(&format!(" fragment f{n} on Query {{ a: x ...f{0} ...f{0} }}", n + 1));
        }
        text.push_str(" fragment f40 on Query { x }");
        assert!(check(&text, &Limits::default()).unwrap_err().contains("more than"));
    }

    #[test]
    fn depth_counts_through_fragments_and_cycles_end() {
        let limits = Limits { max_depth: 3, ..Limits::default() };
        assert_eq!(check("{ a { b { ...f } } } fragment f on T { c }", &limits), Ok(()));
        assert!(check("{ a { b { ...f } } } fragment f on T { c { d } }", &limits).is_err());
        assert_eq!(check("{ ...f } fragment f on T { a ...f }", &limits), Ok(()));
    }

    #[test]
    fn introspection_can_be_switched_off() {
        let limits = Limits { introspection: false, ..Limits::default() };
        assert!(check("{ __schema { description } }", &limits).is_err());
        assert_eq!(check("{ __typename }", &limits), Ok(()));
    }
}
