//! From the cheapest ways to fetches and what they select.

use std::rc::Rc;

use super::{
    asked::AskedId,
    draft::{Draft, Group, GroupId, Leaf, PositionId, SiteId, Start},
    reach::At,
    resolve::{Here, Resolved},
    state::{State, Via},
};
use crate::{
    schema::{
        TypeId,
        federation::{FieldIn, FieldSet, Key},
    },
    value::Keys,
};

/// How deep what leaves need may need leaves in its turn.
const MAX_NESTING: usize = 64;

impl<'a> Draft<'a> {
    /// Plans a leaf; returns the fetches that answer it.
    pub(super) fn plan_leaf(&mut self, leaf: Leaf, keys: &mut Keys) -> Result<Vec<GroupId>, String> {
        // A way costs more than what it needs, so none leads through itself; still, a stack has an end.
        if self.nesting == MAX_NESTING {
            return Err("keys need each other in a circle".to_owned());
        }
        self.nesting += 1;
        let planned = self.plan_nested(leaf, keys);
        self.nesting -= 1;
        planned
    }

    fn plan_nested(&mut self, leaf: Leaf, keys: &mut Keys) -> Result<Vec<GroupId>, String> {
        if self.effort == 0 {
            return Err("there are too many ways to look at".to_owned());
        }
        if !self.is_possible(leaf, keys) {
            return self.plan_presence(leaf, keys);
        }
        let Some(state) = self.route(leaf, keys) else { return self.plan_by_type(leaf, keys) };
        let site = self.site_for(&state, (leaf.at, leaf.owner), keys)?;
        self.select(site, leaf)?;
        self.tell_types(leaf, keys);
        Ok(self.site(site).map(|site| site.group).into_iter().collect())
    }

    /// The selection of a state, made if need be.
    fn site_for(&mut self, state: &Rc<State<'a>>, at: At, keys: &mut Keys) -> Result<SiteId, String> {
        match &state.via {
            Via::Site(site) => Ok(*site),
            Via::Root => Ok(self.root_site(state, at.0)),
            Via::Field(from, owner, asked) => {
                let above = self.position(at.0).and_then(|position| position.above).ok_or("a field above the root")?;
                let from = self.site_for(from, (above.0, *owner), keys)?;
                self.site_below(from, (*owner, *asked), at.0)
            }
            Via::Query => self.query_site(state, at, keys),
            Via::Entities(key, by) => self.entity_site(state, at, (key, *by), keys),
            Via::Joined(site, by) => self.joined_site(state, at, (*site, by), keys),
        }
    }

    fn root_site(&mut self, state: &State<'a>, at: PositionId) -> SiteId {
        let known =
            self.groups.iter().find(|group| matches!(group.start, Start::Root) && group.subgraph == state.subgraph);
        if let Some(known) = known {
            return known.site;
        }
        self.start(state, at, (Start::Root, 0, Vec::new()))
    }

    fn start(
        &mut self,
        state: &State<'a>,
        at: PositionId,
        (start, level, after): (Start, u32, Vec<GroupId>),
    ) -> SiteId {
        let subgraph = state.subgraph;
        let mut site = self.new_site(at, subgraph, state.declared);
        site.covers = state.covers;
        let (needs, satisfied) = (Vec::new(), Vec::new());
        self.add_group(Group { subgraph, start, site: SiteId(0), level, after, key: None, needs, satisfied }, site)
    }

    /// The selection below a field of another one, made if need be.
    fn site_below(
        &mut self,
        from: SiteId,
        (owner, asked): (TypeId, AskedId),
        below: PositionId,
    ) -> Result<SiteId, String> {
        let (name, above) = (self.field(asked).name, self.site(from).ok_or("no such site")?);
        if let Some((_, Some(known))) = above.fields.get(&(owner, asked)) {
            return Ok(*known);
        }
        let group = above.group;
        let resolved = self.resolved_by(from, owner, name).ok_or_else(|| format!("`{name}` is not resolved here"))?;
        let declared = resolved.named.ok_or_else(|| format!("`{name}` has no fields"))?;
        let subgraph = self.group(group).ok_or("no such group")?.subgraph;
        let mut site = self.new_site(below, subgraph, declared);
        site.group = group;
        site.above = Some(from);
        site.provided = resolved.provided;
        let site = self.add_site(site);
        if let Some(above) = self.site_mut(from) {
            above.fields.insert((owner, asked), (resolved.condition, Some(site)));
        }
        Ok(site)
    }

    fn resolved_by(&self, site: SiteId, owner: TypeId, name: &str) -> Option<Resolved<'a>> {
        let (site, group) = self.site(site).and_then(|site| Some((site, self.group(site.group)?)))?;
        let satisfied = if site.above.is_none() { group.satisfied.as_slice() } else { &[] };
        let (subgraph, declared, provided) = (group.subgraph, site.declared, site.provided);
        self.resolved(Here { subgraph, declared, provided, satisfied }, owner, name)
    }

    fn select(&mut self, site: SiteId, leaf: Leaf) -> Result<(), String> {
        let name = self.field(leaf.asked).name;
        let resolved = self.resolved_by(site, leaf.owner, name);
        let resolved = resolved.ok_or_else(|| format!("`{name}` is not resolved here"))?;
        if let Some(site) = self.site_mut(site) {
            if leaf.asked == AskedId::TYPENAME {
                site.says_type = true;
            } else {
                site.fields.entry((leaf.owner, leaf.asked)).or_insert((resolved.condition, None));
            }
        }
        Ok(())
    }

    fn query_site(&mut self, state: &State<'a>, at: At, keys: &mut Keys) -> Result<SiteId, String> {
        let start = Start::Query(at.0);
        let known = self
            .position(at.0)
            .into_iter()
            .flat_map(|position| &position.sites)
            .find(|&&site| self.group_of(site).is_some_and(|it| it.site == site && it.subgraph == state.subgraph));
        if let Some(&known) = known {
            return Ok(known);
        }
        let after = self.plan_leaf(Leaf { at: at.0, owner: at.1, asked: AskedId::TYPENAME }, keys)?;
        let level = self.level_after(&after);
        Ok(self.start(state, at.0, (start, level, after)))
    }

    fn level_after(&self, after: &[GroupId]) -> u32 {
        after.iter().filter_map(|&group| self.group(group)).map(|group| group.level + 1).max().unwrap_or_default()
    }

    fn entity_site(
        &mut self,
        state: &State<'a>,
        at: At,
        (key, by): (&'a Key, Option<&'a FieldIn>),
        keys: &mut Keys,
    ) -> Result<SiteId, String> {
        let (entity, at) = (state.declared, (at.0, state.covers));
        if by.is_none() {
            // What was planned since may have led here already.
            let known = self.position(at.0).into_iter().flat_map(|position| &position.sites).find(|&&id| {
                self.site(id).zip(self.group_of(id)).is_some_and(|(site, group)| {
                    group.site == id
                        && group.subgraph == state.subgraph
                        && site.declared == entity
                        && self.is_within(at.1, site.covers)
                })
            });
            if let Some(&known) = known {
                return Ok(known);
            }
        }
        let mut after = self.typed_after(at, entity, keys)?;
        after.extend(self.plan_set(&key.set, at, keys)?);
        if let Some(needs) = by.and_then(|by| by.requires.as_ref()) {
            after.extend(self.plan_set(needs, at, keys)?);
        }
        after.sort_unstable();
        after.dedup();
        let level = self.level_after(&after);
        let site = self.start(state, at.0, (Start::Entities(at.0, entity), level, after));
        if let Some(group) = self.group_mut_of(site) {
            group.key = Some(key);
            group.needs.push(&key.set);
            group.needs.extend(by.and_then(|by| by.requires.as_ref()));
            group.satisfied.extend(by);
        }
        Ok(site)
    }

    /// The fetches that say of which types the objects on the way are, where that must be known.
    fn typed_after(&mut self, at: At, entity: TypeId, keys: &mut Keys) -> Result<Vec<GroupId>, String> {
        let mut after = Vec::new();
        if !self.types.is_abstract(entity) {
            after.extend(self.plan_leaf(Leaf { at: at.0, owner: at.1, asked: AskedId::TYPENAME }, keys)?);
        }
        let mut step = Some(at);
        while let Some((position, owner)) = step {
            let Some(known) = self.position(position) else { break };
            step = known.above.map(|(position, owner, _)| (position, owner));
            let declared = known.declared;
            if !self.is_within(declared, owner) && self.has_interface_object(position) {
                after.extend(self.plan_leaf(Leaf { at: position, owner: declared, asked: AskedId::TYPENAME }, keys)?);
            }
        }
        Ok(after)
    }

    fn plan_set(&mut self, set: &'a FieldSet, at: At, keys: &mut Keys) -> Result<Vec<GroupId>, String> {
        let mut leaves = Vec::new();
        self.leaves_of(set, at, keys, &mut leaves);
        self.plan_all(&leaves, keys)
    }

    /// A fetch that there is, or another one like it where what a field needs comes later than was thought.
    fn joined_site(
        &mut self,
        state: &State<'a>,
        at: At,
        (site, by): (SiteId, &'a FieldIn),
        keys: &mut Keys,
    ) -> Result<SiteId, String> {
        let key = self.group_of(site).and_then(|group| group.key);
        match (self.join(site, at, by, keys), key) {
            (Err(_), Some(key)) => self.entity_site(state, at, (key, Some(by)), keys),
            (joined, _) => joined,
        }
    }

    /// Sends along what a field needs, in a fetch that there is.
    fn join(&mut self, site: SiteId, at: At, by: &'a FieldIn, keys: &mut Keys) -> Result<SiteId, String> {
        let needs = by.requires.as_ref().ok_or("a field that needs nothing")?;
        let after = self.plan_set(needs, at, keys)?;
        let level = self.level_after(&after);
        let group = self.group_mut_of(site).ok_or("no such group")?;
        if level > group.level {
            return Err("what a field needs comes later than it".to_owned());
        }
        if !group.satisfied.iter().any(|&known| std::ptr::eq(known, by)) {
            group.needs.push(needs);
            group.satisfied.push(by);
        }
        group.after.extend(after);
        group.after.sort_unstable();
        group.after.dedup();
        // What it can take along is another question now.
        self.known.clear();
        Ok(site)
    }

    fn group_mut_of(&mut self, site: SiteId) -> Option<&mut Group<'a>> {
        let group = self.site(site)?.group;
        self.groups.get_mut(group.0 as usize)
    }
}
