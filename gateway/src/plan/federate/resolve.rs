//! What a selection can resolve by itself.

use super::{
    draft::Draft,
    state::{State, Via},
};
use crate::schema::{
    TypeId,
    federation::{FieldIn, FieldSet, Override, SubgraphId},
};

/// A field that a selection resolves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolved<'a> {
    /// The type that it must be asked of, if another one than the selection's.
    pub(super) condition: Option<TypeId>,
    /// The composite type below it there.
    pub(super) named: Option<TypeId>,
    /// What can be resolved below it beside what can be everywhere.
    pub(super) provided: Option<&'a FieldSet>,
}

/// A selection, there or possible.
#[derive(Clone, Copy)]
pub(super) struct Here<'s, 'a> {
    pub(super) subgraph: SubgraphId,
    pub(super) declared: TypeId,
    pub(super) provided: Option<&'a FieldSet>,
    /// The fields whose `@requires` is satisfied.
    pub(super) satisfied: &'s [&'a FieldIn],
}

impl<'a> Draft<'a> {
    /// What a state resolves of a field `name` of type `owner`.
    pub(super) fn resolved_at(&self, state: &State<'a>, owner: TypeId, name: &str) -> Option<Resolved<'a>> {
        let (site, by) = match state.via {
            Via::Site(site) => (Some(site), None),
            Via::Joined(site, by) => (Some(site), Some(by)),
            Via::Entities(_, by) => (None, by),
            _ => (None, None),
        };
        let known = site.filter(|&site| self.site(site).is_some_and(|site| site.above.is_none()));
        let mut satisfied = known.and_then(|site| self.group_of(site)).map_or_else(Vec::new, |it| it.satisfied.clone());
        satisfied.extend(by);
        let State { subgraph, declared, provided, .. } = *state;
        self.resolved(Here { subgraph, declared, provided, satisfied: &satisfied }, owner, name)
    }

    /// What a selection resolves of a field `name` of type `owner`.
    pub(super) fn resolved(&self, here: Here<'_, 'a>, owner: TypeId, name: &str) -> Option<Resolved<'a>> {
        let declared_in = self.federation.type_in(here.declared, here.subgraph)?;
        if name == "__typename" {
            // Of an interface object the subgraph does not know the type.
            return (!declared_in.is_interface_object).then_some(Resolved {
                condition: None,
                named: None,
                provided: None,
            });
        }
        if owner == here.declared {
            return self.resolved_of(here, owner, name, None);
        }
        if declared_in.is_interface_object {
            // It is asked of all of them, since the subgraph cannot tell them apart.
            return self.is_within(owner, here.declared).then(|| self.resolved_of(here, here.declared, name, None))?;
        }
        let is_all = declared_in.possible.iter().all(|&object| self.is_within(object, owner));
        if is_all && let Some(resolved) = self.resolved_of(here, here.declared, name, None) {
            return Some(resolved);
        }
        let owner_in = self.federation.type_in(owner, here.subgraph)?;
        let overlaps = owner_in.possible.iter().any(|object| declared_in.possible.contains(object));
        // A subgraph may have an object of the type without knowing that it is one.
        let mut wanted = declared_in.possible.iter().filter(|&&object| self.is_within(object, owner));
        let knows_all = wanted.all(|object| owner_in.possible.contains(object));
        (overlaps && knows_all).then(|| self.resolved_of(here, owner, name, Some(owner)))?
    }

    fn resolved_of(
        &self,
        here: Here<'_, 'a>,
        of: TypeId,
        name: &str,
        condition: Option<TypeId>,
    ) -> Option<Resolved<'a>> {
        let field = self.federation.field_in(of, name, here.subgraph)?;
        let provided = here.provided.and_then(|set| set.below(of, name, self.types));
        if self.is_several(of, here.subgraph) {
            let declared = self.federation.possible_in(here.declared, here.subgraph);
            let objects = self.federation.possible_in(of, here.subgraph).iter();
            let resolves = |&object: &TypeId| {
                let field = self.federation.field_in(object, name, here.subgraph);
                field.is_some_and(|field| {
                    let provided = here.provided.and_then(|set| set.below(object, name, self.types));
                    self.is_resolved(here, field, provided.is_some())
                })
            };
            if !objects.copied().filter(|object| declared.contains(object)).all(|object| resolves(&object)) {
                return None;
            }
        } else if !self.is_resolved(here, field, provided.is_some()) {
            return None;
        }
        Some(Resolved { condition, named: field.named, provided: field.provides.as_ref().or(provided) })
    }

    fn is_resolved(&self, here: Here<'_, 'a>, field: &FieldIn, is_provided: bool) -> bool {
        if is_provided || field.is_of_key {
            return true;
        }
        let is_satisfied = || here.satisfied.iter().any(|&satisfied| std::ptr::eq(satisfied, field));
        self.is_own(field) && (field.requires.is_none() || is_satisfied())
    }

    /// Whether the subgraph resolves it for this request.
    pub(super) fn is_own(&self, field: &FieldIn) -> bool {
        let is_active = |label: usize| self.active.get(label).copied().unwrap_or_default();
        let is_overridden = match field.overridden {
            None => false,
            Some(Override::Always) => true,
            Some(Override::With(label)) => is_active(label),
        };
        !field.is_external && !is_overridden && field.only_with.is_none_or(is_active)
    }
}
