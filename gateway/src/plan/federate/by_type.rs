//! Leaves of abstract types that cannot be asked as such, and of objects that cannot be there.

use std::rc::Rc;

use super::{
    asked::AskedId,
    draft::{Draft, GroupId, Leaf, PositionId, SiteId},
    state::State,
};
use crate::{
    schema::{TypeId, federation::SubgraphId},
    value::Keys,
};

impl<'a> Draft<'a> {
    /// Plans a leaf for each object type, where an abstract type on the way cannot be asked: the nearest first.
    pub(super) fn plan_by_type(&mut self, leaf: Leaf, keys: &mut Keys) -> Result<Vec<GroupId>, String> {
        let mut below = Vec::new();
        let mut step = (leaf.at, leaf.owner, leaf.asked);
        loop {
            if self.types.is_abstract(step.1)
                && step.2 != AskedId::TYPENAME
                && let Some(objects) = self.told_apart(step, keys)
            {
                let leaves: Option<Vec<Leaf>> =
                    objects.iter().map(|&object| self.moved((step.0, object, step.2), &below)).collect();
                if let Some(Ok(groups)) = leaves.map(|leaves| self.plan_all(&leaves, keys)) {
                    return Ok(groups);
                }
            }
            let Some(above) = self.position(step.0).and_then(|position| position.above) else { break };
            below.push((step.1, step.2));
            step = above;
        }
        Err(format!("nothing leads to `{}` of `{}`", self.field(leaf.asked).name, self.types.name(leaf.owner)))
    }

    /// The object types of a position whose field can be had of each of them, from where one subgraph brings them.
    fn told_apart(
        &mut self,
        (at, owner, asked): (PositionId, TypeId, AskedId),
        keys: &mut Keys,
    ) -> Option<Vec<TypeId>> {
        let states = self.states((at, owner), keys);
        let mut first: Vec<Rc<State<'a>>> = states.iter().filter(|state| self.is_first(state)).cloned().collect();
        first.sort_by_key(|state| (state.cost.requests, state.cost.new.len(), state.cost.level));
        let mut subgraphs: Vec<SubgraphId> = first.iter().map(|state| state.subgraph).collect();
        subgraphs.dedup();
        for subgraph in subgraphs {
            let from: Vec<_> = first.iter().filter(|state| state.subgraph == subgraph).cloned().collect();
            let objects = self.objects_of(&from, owner);
            let resolves = |draft: &mut Self, object: TypeId| {
                let states = draft.closed(from.clone(), (at, object), (&mut *keys, 0));
                draft.best(&states, (at, object), (asked, &mut *keys, 0)).is_some()
            };
            let mut resolves = resolves;
            if !objects.is_empty() && objects.iter().all(|&object| resolves(self, object)) {
                return Some(self.objects_of(&first, owner));
            }
        }
        None
    }

    /// Whether there can be such objects, as the subgraphs know that bring those of the positions on the way: the
    /// nearest, as what others would bring is not asked of them.
    pub(super) fn is_possible(&mut self, leaf: Leaf, keys: &mut Keys) -> bool {
        let mut step = Some((leaf.at, leaf.owner));
        while let Some((at, owner)) = step {
            let Some(position) = self.position(at) else { break };
            let declared = position.declared;
            step = position.above.map(|(at, owner, _)| (at, owner));
            if self.is_within(declared, owner) {
                continue;
            }
            let states = self.states((at, declared), keys);
            let first: Vec<_> = states.iter().filter(|state| self.is_first(state)).cloned().collect();
            // Whoever resolves a field that several share must bring the same, so no more than all of them can.
            let is_union = self.federation.is_union(declared);
            if is_union && first.iter().any(|state| self.objects_of(&[Rc::clone(state)], owner).is_empty()) {
                return false;
            }
            let least = first.iter().map(|state| state.cost.new.len()).min();
            let nearest: Vec<_> = first.into_iter().filter(|state| Some(state.cost.new.len()) == least).collect();
            if !nearest.is_empty() && self.objects_of(&nearest, owner).is_empty() {
                return false;
            }
        }
        true
    }

    /// Instead of a leaf of objects that cannot be there, asks what is there.
    pub(super) fn plan_presence(&mut self, leaf: Leaf, keys: &mut Keys) -> Result<Vec<GroupId>, String> {
        let mut at = leaf.at;
        while at != PositionId(0) {
            let Some(position) = self.position(at) else { break };
            let presence = Leaf { at, owner: position.declared, asked: AskedId::TYPENAME };
            let above = position.above;
            if presence != leaf && self.is_possible(presence, keys) && self.route(presence, keys).is_some() {
                return self.plan_leaf(presence, keys);
            }
            let Some((above, ..)) = above else { break };
            at = above;
        }
        Ok(Vec::new())
    }

    /// Asks for the types of objects that a subgraph with an interface object cannot tell apart.
    pub(super) fn tell_types(&mut self, leaf: Leaf, keys: &mut Keys) {
        let mut step = Some((leaf.at, leaf.owner));
        while let Some((at, owner)) = step {
            let Some(position) = self.position(at) else { return };
            let declared = position.declared;
            step = position.above.map(|(at, owner, _)| (at, owner));
            let is_narrower = !self.is_within(declared, owner);
            if is_narrower && self.has_interface_object(at) {
                // Where nobody knows them, there is nothing to tell apart.
                let _ = self.plan_leaf(Leaf { at, owner: declared, asked: AskedId::TYPENAME }, keys);
            }
        }
    }

    pub(super) fn has_interface_object(&self, at: PositionId) -> bool {
        let is_one = |site: &SiteId| {
            let (site, group) = self.site(*site).and_then(|site| Some((site, self.group(site.group)?)))?;
            Some(self.federation.type_in(site.declared, group.subgraph)?.is_interface_object)
        };
        self.position(at).is_some_and(|position| position.sites.iter().any(|site| is_one(site) == Some(true)))
    }

    pub(super) fn plan_all(&mut self, leaves: &[Leaf], keys: &mut Keys) -> Result<Vec<GroupId>, String> {
        let mut groups = Vec::new();
        for &leaf in leaves {
            groups.extend(self.plan_leaf(leaf, keys)?);
        }
        Ok(groups)
    }

    /// The leaf below another field: `below` leads to it from there, the last step first.
    fn moved(
        &mut self,
        (at, owner, asked): (PositionId, TypeId, AskedId),
        below: &[(TypeId, AskedId)],
    ) -> Option<Leaf> {
        let mut leaf = Leaf { at, owner, asked };
        for &(owner, asked) in below.iter().rev() {
            leaf = Leaf { at: self.below(leaf.at, leaf.owner, leaf.asked)?, owner, asked };
        }
        Some(leaf)
    }
}
