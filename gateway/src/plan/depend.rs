//! Which steps wait for which.

use super::node::{Plan, Step};

/// Notes who waits for whom, and drops what is implied.
pub(super) fn link(plan: &mut Plan) {
    drop_implied(&mut plan.steps);
    for index in 0..plan.steps.len() {
        let after = plan.steps.get(index).map(|step| step.after.clone()).unwrap_or_default();
        for earlier in after {
            if let Some(earlier) = plan.steps.get_mut(earlier) {
                earlier.before.push(index);
            }
        }
    }
}

/// For each step all that is done before it, directly or not.
fn all_before(steps: &[Step]) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::with_capacity(steps.len());
    for step in steps {
        let mut before = step.after.clone();
        for earlier in &step.after {
            before.extend(all.get(*earlier).into_iter().flatten());
        }
        before.sort_unstable();
        before.dedup();
        all.push(before);
    }
    all
}

/// Waits for no step that is done anyway when another one is that it waits for.
fn drop_implied(steps: &mut [Step]) {
    let before = all_before(steps);
    for step in steps {
        let after = step.after.clone();
        let is_implied = |by: &usize, index: usize| before.get(*by).is_some_and(|before| before.contains(&index));
        step.after.retain(|&index| !after.iter().any(|by| is_implied(by, index)));
    }
}
