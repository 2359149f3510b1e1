//! From where a position can be reached: by a field of the position above, by a key, or from the root.

use std::rc::Rc;

use super::{
    asked::AskedId,
    draft::{Draft, Leaf, PositionId, Start},
    state::{Cost, State, Via},
};
use crate::{
    operation::OperationKind,
    schema::{
        TypeId,
        federation::{FieldIn, Key, SubgraphId},
    },
    value::Keys,
};

/// How deep what is needed may need something in its turn.
pub(super) const MAX_DEPTH: usize = 6;

/// A position and the type that is asked there.
pub(super) type At = (PositionId, TypeId);

/// States, all of one position.
pub(super) type States<'a> = Vec<Rc<State<'a>>>;

impl<'a> Draft<'a> {
    /// All that there is or could be on objects of a type at a position.
    pub(super) fn states(&mut self, at: At, keys: &mut Keys) -> Rc<[Rc<State<'a>>]> {
        if let Some(known) = self.known.get(&at) {
            return Rc::clone(known);
        }
        let reached = self.reached(at, keys);
        let states: Rc<[Rc<State<'a>>]> = self.closed(reached, at, (keys, 0)).into();
        self.known.insert(at, Rc::clone(&states));
        states
    }

    /// The cheapest way to a leaf.
    pub(super) fn route(&mut self, leaf: Leaf, keys: &mut Keys) -> Option<Rc<State<'a>>> {
        let at = (leaf.at, leaf.owner);
        let states = self.states(at, keys);
        self.best(&states, at, (leaf.asked, keys, 0))
    }

    /// How many equally cheap ways there are to a leaf; one when it must be planned by type.
    pub(super) fn ways(&mut self, leaf: Leaf, keys: &mut Keys) -> usize {
        let states = self.states((leaf.at, leaf.owner), keys);
        let name = self.field(leaf.asked).name;
        let resolving = || states.iter().filter(|state| self.resolved_at(state, leaf.owner, name).is_some());
        let Some(best) = cheapest(resolving()) else { return 1 };
        resolving().filter(|state| !best.cost.is_less(&state.cost)).count()
    }

    /// The cheapest of some states that resolves a field, or of those that they lead to.
    pub(super) fn best(
        &mut self,
        states: &[Rc<State<'a>>],
        at: At,
        (asked, keys, depth): (AskedId, &mut Keys, usize),
    ) -> Option<Rc<State<'a>>> {
        let name = self.field(asked).name;
        let mut best: Option<Rc<State<'a>>> = None;
        let resolving = states.iter().filter(|state| self.resolved_at(state, at.1, name).is_some());
        for state in resolving {
            if best.as_ref().is_none_or(|best| state.cost.is_less(&best.cost)) {
                best = Some(Rc::clone(state));
            }
        }
        if best.as_ref().is_some_and(|best| best.cost.new.is_empty()) {
            return best;
        }
        for state in self.with_needs(states, at, (name, keys, depth)) {
            if best.as_ref().is_none_or(|best| state.cost.is_less(&best.cost)) {
                best = Some(state);
            }
        }
        best
    }

    fn reached(&mut self, at: At, keys: &mut Keys) -> States<'a> {
        let mut states = self.there(at);
        let Some(position) = self.position(at.0) else { return states };
        let declared = position.declared;
        let Some((above, owner, asked)) = position.above else {
            // What changes something is run once, however many share it.
            let is_run = !states.is_empty() && self.federation.root(OperationKind::Mutation) == Some(declared);
            if is_run {
                return states;
            }
            for subgraph in self.federation.subgraphs() {
                let is_new = states.iter().all(|state| state.subgraph != subgraph);
                if is_new && self.federation.type_in(declared, subgraph).is_some() {
                    let cost = self.with_fetch(&Cost::default(), (at.0, subgraph), 0);
                    let (provided, via) = (None, Via::Root);
                    states.push(Rc::new(State { subgraph, declared, covers: declared, provided, via, cost }));
                }
            }
            return states;
        };
        let mut from = self.states((above, owner), keys).to_vec();
        let name = self.field(asked).name;
        from.extend(self.with_needs(&from.clone(), (above, owner), (name, keys, 0)));
        self.descend(&from, (owner, asked), at.0, &mut states);
        states
    }

    /// The selections that there are.
    fn there(&self, (at, owner): At) -> States<'a> {
        let Some(position) = self.position(at) else { return Vec::new() };
        let sites = position.sites.iter().filter_map(|&id| Some((id, self.site(id)?)));
        let state = |(id, site): (_, &super::draft::Site<'a>)| {
            let group = self.group(site.group)?;
            Some(Rc::new(State {
                subgraph: group.subgraph,
                declared: site.declared,
                covers: site.covers,
                provided: site.provided,
                via: Via::Site(id),
                cost: Cost { level: group.level, ..Cost::default() },
            }))
        };
        sites.filter(|(_, site)| self.is_within(owner, site.covers)).filter_map(state).collect()
    }

    /// The states below a field, of the states above that resolve it.
    fn descend(
        &self,
        from: &[Rc<State<'a>>],
        (owner, asked): (TypeId, AskedId),
        below: PositionId,
        into: &mut States<'a>,
    ) {
        let name = self.field(asked).name;
        let covers = self.position(below).map(|position| position.declared);
        for state in from {
            let resolved = self.resolved_at(state, owner, name);
            let Some((resolved, covers)) = resolved.zip(covers) else { continue };
            let Some(declared) = resolved.named else { continue };
            let new = State {
                subgraph: state.subgraph,
                declared,
                covers,
                provided: resolved.provided,
                via: Via::Field(Rc::clone(state), owner, asked),
                cost: state.cost.clone(),
            };
            offer(into, new);
        }
    }

    /// Adds all that can be reached by keys.
    pub(super) fn closed(&mut self, mut states: States<'a>, at: At, (keys, depth): (&mut Keys, usize)) -> States<'a> {
        let query = self.federation.root(OperationKind::Query);
        if query.is_some_and(|query| self.position(at.0).is_some_and(|it| it.declared == query && it.above.is_some())) {
            self.add_queries(&mut states, at);
        }
        if depth > MAX_DEPTH {
            return states;
        }
        // Each round leads one fetch further.
        loop {
            let mut is_changed = false;
            for subgraph in self.federation.subgraphs() {
                for entity in self.federation.entities(at.1, subgraph, self.types) {
                    let Some(there) = self.federation.type_in(entity, subgraph) else { continue };
                    // No new fetch is cheaper than one that there is.
                    let is_there = |state: &Rc<State<'a>>| {
                        state.subgraph == subgraph
                            && state.declared == entity
                            && state.provided.is_none()
                            && state.cost.new.is_empty()
                    };
                    if states.iter().any(is_there) {
                        continue;
                    }
                    for key in there.keys.iter().filter(|key| key.is_resolvable) {
                        let entry = self.entry((&states, at), (entity, subgraph), (key, None), (keys, depth));
                        is_changed |= entry.is_some_and(|entry| offer(&mut states, entry));
                    }
                }
            }
            if !is_changed {
                return states;
            }
        }
    }

    fn add_queries(&self, states: &mut States<'a>, (at, owner): At) {
        let Some(cheapest) = cheapest(states.iter()).map(|state| state.cost.clone()) else { return };
        for subgraph in self.federation.subgraphs() {
            if self.federation.type_in(owner, subgraph).is_some() {
                let cost = self.with_fetch(&cheapest, (at, subgraph), cheapest.level + 1);
                let (provided, via) = (None, Via::Query);
                offer(states, State { subgraph, declared: owner, covers: owner, provided, via, cost });
            }
        }
    }

    /// A fetch of entities by a key, out of what some states can tell.
    fn entry(
        &mut self,
        (states, at): (&[Rc<State<'a>>], At),
        (entity, subgraph): (TypeId, SubgraphId),
        (key, by): (&'a Key, Option<&'a FieldIn>),
        (keys, depth): (&mut Keys, usize),
    ) -> Option<State<'a>> {
        self.effort = self.effort.checked_sub(1)?;
        let (states, at) = self.known_as(states, at, (entity, subgraph));
        let states = states.as_slice();
        let mut cost = Cost::default();
        if !self.types.is_abstract(entity) {
            // It goes by the name of its type, which a subgraph with an interface object does not know.
            let knows = |state: &&Rc<State<'a>>| self.resolved_at(state, at.1, "__typename").is_some();
            let state = cheapest(states.iter().filter(knows))?;
            cost = state.cost.clone();
        }
        self.obtain((states, at), &key.set, (keys, depth), &mut cost)?;
        if let Some(needs) = by.and_then(|by| by.requires.as_ref()) {
            self.obtain((states, at), needs, (keys, depth), &mut cost)?;
        }
        let level = cost.level + 1;
        let cost = self.with_fetch(&cost, (at.0, subgraph), level);
        let via = Via::Entities(key, by);
        Some(State { subgraph, declared: entity, covers: at.1, provided: None, via, cost })
    }

    /// The objects that can be asked for as `entity`. By an interface all are, whatever types are wanted of them: of
    /// which type each is, is often what is asked.
    fn known_as(
        &self,
        states: &[Rc<State<'a>>],
        (at, owner): At,
        (entity, subgraph): (TypeId, SubgraphId),
    ) -> (States<'a>, At) {
        let declared = self.position(at).map_or(owner, |position| position.declared);
        if !self.is_several(entity, subgraph) || !self.is_within(declared, entity) {
            return (states.to_vec(), (at, owner));
        }
        let has_all = |state: &&Rc<State<'a>>| self.is_within(declared, state.covers);
        (states.iter().filter(has_all).cloned().collect(), (at, declared))
    }

    /// The states whose representations hold what the `@requires` of a field names.
    pub(super) fn with_needs(
        &mut self,
        states: &[Rc<State<'a>>],
        at: At,
        (name, keys, depth): (&str, &mut Keys, usize),
    ) -> States<'a> {
        let mut found = Vec::new();
        if depth > MAX_DEPTH || !self.federation.is_ever_required_for(name) {
            return found;
        }
        for subgraph in self.federation.subgraphs() {
            for entity in self.federation.entities(at.1, subgraph, self.types) {
                let field = self.federation.field_in(entity, name, subgraph).filter(|field| self.is_own(field));
                let Some((field, needs)) = field.and_then(|field| Some((field, field.requires.as_ref()?))) else {
                    continue;
                };
                let mut cost = Cost::default();
                if self.obtain((states, at), needs, (keys, depth + 1), &mut cost).is_some() {
                    self.add_joined(&mut found, at, (entity, subgraph, field), &cost);
                }
                let Some(there) = self.federation.type_in(entity, subgraph) else { continue };
                for key in there.keys.iter().filter(|key| key.is_resolvable) {
                    let by = (key, Some(field));
                    let entry = self.entry((states, at), (entity, subgraph), by, (keys, depth + 1));
                    found.extend(entry.map(Rc::new));
                }
            }
        }
        found
    }

    /// Fetches of the same entities that come late enough to send along what a field needs.
    fn add_joined(
        &self,
        found: &mut States<'a>,
        (at, owner): At,
        (entity, subgraph, field): (TypeId, SubgraphId, &'a FieldIn),
        cost: &Cost,
    ) {
        let Some(position) = self.position(at) else { return };
        for &id in &position.sites {
            let Some((site, group)) = self.site(id).and_then(|site| Some((site, self.group(site.group)?))) else {
                continue;
            };
            let starts = matches!(group.start, Start::Entities(_, of) if of == entity) && group.site == id;
            let takes = group.needs.iter().all(|known| field.requires.as_ref().is_none_or(|new| known.agrees(new)));
            // All its representations hold what is needed, so it must be had of all its objects.
            let is_same = self.is_within(owner, site.covers) && self.is_within(site.covers, owner);
            let is_for = group.subgraph == subgraph && is_same && takes;
            if starts && is_for && group.level > cost.level {
                found.push(Rc::new(State {
                    subgraph,
                    declared: site.declared,
                    covers: site.covers,
                    provided: site.provided,
                    via: Via::Joined(id, field),
                    cost: Cost { level: group.level, ..cost.clone() },
                }));
            }
        }
    }

    /// A cost with one fetch more.
    fn with_fetch(&self, cost: &Cost, (at, subgraph): (PositionId, SubgraphId), level: u32) -> Cost {
        let mut cost = Cost { level, ..cost.clone() };
        cost.new.push((at, subgraph, level));
        self.count_requests(&mut cost);
        cost
    }

    /// Adds one cost to another.
    pub(super) fn add_cost(&self, cost: &mut Cost, other: &Cost) {
        for new in &other.new {
            if !cost.new.contains(new) {
                cost.new.push(*new);
            }
        }
        cost.level = cost.level.max(other.level);
        self.count_requests(cost);
    }

    fn count_requests(&self, cost: &mut Cost) {
        let is_made = |subgraph: SubgraphId, level: u32| {
            self.groups.iter().any(|group| group.subgraph == subgraph && group.level == level)
        };
        cost.requests = cost.new.iter().filter(|(_, subgraph, level)| !is_made(*subgraph, *level)).count();
    }

    /// Adds what it costs to have a field of some states.
    pub(super) fn add_field(
        &mut self,
        (states, at): (&[Rc<State<'a>>], At),
        (asked, keys, depth): (AskedId, &mut Keys, usize),
        cost: &mut Cost,
    ) -> Option<()> {
        let state = self.best(states, at, (asked, keys, depth))?;
        self.add_cost(cost, &state.cost);
        Some(())
    }

    /// The states below a field of some states, all that can be reached from there included.
    pub(super) fn states_below(
        &mut self,
        (states, at): (&[Rc<State<'a>>], At),
        (asked, below): (AskedId, PositionId),
        (keys, depth): (&mut Keys, usize),
    ) -> States<'a> {
        let declared = self.position(below).map_or(at.1, |position| position.declared);
        let name = self.field(asked).name;
        let mut from = states.to_vec();
        from.extend(self.with_needs(states, at, (name, keys, depth)));
        let mut found = self.there((below, declared));
        self.descend(&from, (at.1, asked), below, &mut found);
        self.closed(found, (below, declared), (keys, depth + 1))
    }
}

/// Adds a state unless there is one like it that is as cheap; returns whether it was added.
fn offer<'a>(states: &mut States<'a>, new: State<'a>) -> bool {
    let is_like = |state: &State<'a>| {
        state.subgraph == new.subgraph
            && state.declared == new.declared
            && match (state.provided, new.provided) {
                (Some(one), Some(other)) => std::ptr::eq(one, other),
                (one, other) => one.is_none() && other.is_none(),
            }
    };
    if states.iter().any(|state| is_like(state) && !new.cost.is_less(&state.cost)) {
        return false;
    }
    // What is there stays, as it may resolve more.
    states.retain(|state| matches!(state.via, Via::Site(_)) || !is_like(state));
    states.push(Rc::new(new));
    true
}

fn cheapest<'s, 'a: 's>(states: impl Iterator<Item = &'s Rc<State<'a>>>) -> Option<&'s Rc<State<'a>>> {
    let mut best: Option<&Rc<State<'a>>> = None;
    for state in states {
        if best.is_none_or(|best| state.cost.is_less(&best.cost)) {
            best = Some(state);
        }
    }
    best
}
