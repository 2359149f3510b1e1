//! What it costs to have what a key or `@requires` names.

use std::rc::Rc;

use super::{
    draft::Draft,
    reach::{At, MAX_DEPTH},
    state::{Cost, State, Via},
};
use crate::{
    schema::{
        TypeId,
        federation::{FieldSet, FieldSetItem},
    },
    value::Keys,
};

impl<'a> Draft<'a> {
    /// Adds to `cost` what a set of fields of some states costs; `None` when it cannot be had.
    pub(super) fn obtain(
        &mut self,
        (states, at): (&[Rc<State<'a>>], At),
        set: &'a FieldSet,
        (keys, depth): (&mut Keys, usize),
        cost: &mut Cost,
    ) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        for item in &set.0 {
            match item {
                FieldSetItem::On(condition, set) => {
                    for owner in self.narrowed(at.1, *condition) {
                        self.obtain_of((states, at), (owner, set), (keys, depth), cost)?;
                    }
                }
                FieldSetItem::Field { .. } => {
                    if self.obtain_field((states, at), item, (keys, depth), cost).is_none() {
                        self.obtain_by_type((states, at), item, (keys, depth), cost)?;
                    }
                }
            }
        }
        Some(())
    }

    /// The same, of objects of a narrower type.
    fn obtain_of(
        &mut self,
        (states, at): (&[Rc<State<'a>>], At),
        (owner, set): (TypeId, &'a FieldSet),
        (keys, depth): (&mut Keys, usize),
        cost: &mut Cost,
    ) -> Option<()> {
        if owner == at.1 {
            return self.obtain((states, at), set, (keys, depth), cost);
        }
        if !self.objects_of(states, at.1).iter().any(|&object| self.is_within(object, owner)) {
            // No such object can be here.
            return Some(());
        }
        let at = (at.0, owner);
        let states = self.closed(states.to_vec(), at, (keys, depth + 1));
        self.obtain((&states, at), set, (keys, depth), cost)
    }

    fn obtain_field(
        &mut self,
        (states, at): (&[Rc<State<'a>>], At),
        item: &'a FieldSetItem,
        (keys, depth): (&mut Keys, usize),
        cost: &mut Cost,
    ) -> Option<()> {
        let FieldSetItem::Field { name, arguments, below } = item else { return None };
        let asked = self.internal(name, arguments, keys);
        if below.is_empty() {
            return self.add_field((states, at), (asked, keys, depth), cost);
        }
        let position = self.below(at.0, at.1, asked)?;
        let declared = self.position(position)?.declared;
        let states = self.states_below((states, at), (asked, position), (keys, depth));
        if states.is_empty() {
            return None;
        }
        self.obtain((&states, (position, declared)), below, (keys, depth), cost)
    }

    /// The same for each object type, where the abstract type cannot be asked.
    fn obtain_by_type(
        &mut self,
        (states, at): (&[Rc<State<'a>>], At),
        item: &'a FieldSetItem,
        (keys, depth): (&mut Keys, usize),
        cost: &mut Cost,
    ) -> Option<()> {
        if !self.types.is_abstract(at.1) {
            return None;
        }
        for object in self.objects_of(states, at.1) {
            let at = (at.0, object);
            let states = self.closed(states.to_vec(), at, (keys, depth + 1));
            self.obtain_field((&states, at), item, (keys, depth), cost)?;
        }
        Some(())
    }

    /// The object types that objects of a type can be, as the subgraphs know that bring them.
    pub(super) fn objects_of(&self, states: &[Rc<State<'a>>], owner: TypeId) -> Vec<TypeId> {
        let mut objects = Vec::new();
        for state in states.iter().filter(|state| self.is_first(state)) {
            let there = self.federation.type_in(state.declared, state.subgraph);
            let possible = match there {
                Some(there) if !there.is_interface_object => there.possible.as_slice(),
                _ => self.types.possible(state.declared),
            };
            for &object in possible {
                if self.is_within(object, owner) && !objects.contains(&object) {
                    objects.push(object);
                }
            }
        }
        objects
    }

    /// Whether the subgraph of a state brings the objects, and does not only know more of them.
    pub(super) fn is_first(&self, state: &State<'a>) -> bool {
        match state.via {
            Via::Root | Via::Field(..) => true,
            Via::Site(site) => self.site(site).is_some_and(|site| {
                let is_root = self.position(site.at).is_some_and(|position| position.above.is_none());
                site.above.is_some() || is_root
            }),
            Via::Query | Via::Entities(..) | Via::Joined(..) => false,
        }
    }
}
