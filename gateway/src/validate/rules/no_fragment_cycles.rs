//! Fragment spreads must not form cycles:
//! <https://spec.graphql.org/September2025/#sec-Fragment-spreads-must-not-form-cycles>.

use ahash::{AHashMap, AHashSet};

use crate::{
    parse::ast::{FragmentDefinition, FragmentSpread, Offset, Selection, SelectionSet},
    validate::{context::Context, rule::Rule},
};

pub(super) struct NoFragmentCycles;

impl<'v> Rule<'v> for NoFragmentCycles {
    fn document(&mut self, context: &mut Context<'v>) {
        let document = context.document;
        let mut search = Search::default();
        for fragment in document.fragments() {
            search.run(context, fragment);
        }
    }
}

#[derive(Default)]
struct Search<'v> {
    visited: AHashSet<&'v str>,
    /// The spreads that lead to where the search is.
    path: Vec<&'v FragmentSpread<'v>>,
    /// Which fragments are on the path, and how long it was where they began.
    open: AHashMap<&'v str, usize>,
}

/// A fragment that is searched, and its spreads still to follow.
struct Frame<'v> {
    name: &'v str,
    spreads: std::vec::IntoIter<&'v FragmentSpread<'v>>,
}

impl<'v> Search<'v> {
    /// Without recursion, since chains of fragments can be long.
    fn run(&mut self, context: &mut Context<'v>, fragment: &'v FragmentDefinition<'v>) {
        let mut frames: Vec<Frame<'v>> = self.enter(fragment).into_iter().collect();
        while let Some(frame) = frames.last_mut() {
            let Some(spread) = frame.spreads.next() else {
                self.open.remove(frame.name);
                frames.pop();
                self.path.pop();
                continue;
            };
            let name = spread.name.text;
            if let Some(&start) = self.open.get(name) {
                self.path.push(spread);
                report(context, name, self.path.get(start..).unwrap_or_default());
                self.path.pop();
            } else if let Some(fragment) = context.fragments.get(name)
                && let Some(next) = self.enter(fragment)
            {
                self.path.push(spread);
                frames.push(next);
            }
        }
    }

    fn enter(&mut self, fragment: &'v FragmentDefinition<'v>) -> Option<Frame<'v>> {
        let name = fragment.name.text;
        self.visited.insert(name).then(|| {
            self.open.insert(name, self.path.len() + usize::from(!self.open.is_empty()));
            let mut spreads = Vec::new();
            spreads_of(&fragment.selection_set, &mut spreads);
            Frame { name, spreads: spreads.into_iter() }
        })
    }
}

fn report<'v>(context: &mut Context<'v>, name: &str, cycle: &[&'v FragmentSpread<'v>]) {
    let via: Vec<String> = cycle.iter().rev().skip(1).rev().map(|spread| format!("\"{}\"", spread.name.text)).collect();
    let via = if via.is_empty() { String::new() } else { format!(" via {}", via.join(", ")) };
    context.has_cycles = true;
    let places: Vec<Offset> = cycle.iter().map(|spread| spread.at).collect();
    context.report(format!("Cannot spread fragment \"{name}\" within itself{via}."), &places);
}

fn spreads_of<'v>(set: &'v SelectionSet<'v>, spreads: &mut Vec<&'v FragmentSpread<'v>>) {
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                if let Some(set) = &field.selection_set {
                    spreads_of(set, spreads);
                }
            }
            Selection::Inline(fragment) => spreads_of(&fragment.selection_set, spreads),
            Selection::Spread(spread) => spreads.push(spread),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn a_fragment_does_not_lead_to_itself() {
        let errors = |query: &str| errors_of(Box::new(NoFragmentCycles), query);
        assert_eq!(errors("fragment A on Dog { ...B ...B } fragment B on Dog { ...C } fragment C on Dog { name }"), []);
        assert_eq!(errors("fragment A on Dog { ...Missing }"), []);
        assert_eq!(
            errors("fragment A on Dog { a { ...A } }"),
            [at("Cannot spread fragment \"A\" within itself.", &[(1, 25)])]
        );
        assert_eq!(
            errors("fragment A on Dog { ...B } fragment B on Dog { ...C } fragment C on Dog { ...A ...B }"),
            [
                at("Cannot spread fragment \"A\" within itself via \"B\", \"C\".", &[(1, 21), (1, 48), (1, 75)]),
                at("Cannot spread fragment \"B\" within itself via \"C\".", &[(1, 48), (1, 80)]),
            ]
        );
        let chain: String =
            (0..1_500).map(|n| format!("fragment F{n} on Dog {{ ...F{} }} ", (n + 1) % 1_500)).collect();
        assert_eq!(errors(&chain).len(), 1);
    }
}
