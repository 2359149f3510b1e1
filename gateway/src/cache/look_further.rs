//! What is not in the first level may be in the second.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    AnswerCache, Asking,
    ask::{Questions, Wish},
    piece::{KeyRef, Piece},
    second_level::Looked,
    settle::Kept,
};

/// What was found.
pub(super) struct Further {
    /// For each wish.
    pub(super) found: Vec<Option<Kept>>,
    /// For keeping what is fetched for the others.
    pub(super) looked: Option<Looked>,
}

impl AnswerCache {
    /// Looks in the second level for what is about to be asked for, and keeps what it finds.
    pub(super) async fn look_further(
        &self,
        asking: &Asking<'_>,
        (questions, floor): (&Questions, u64),
        wishes: &[Wish],
    ) -> Further {
        let mut further = Further { found: vec![None; wishes.len()], looked: None };
        let Some(second) = &self.0.second else { return further };
        // What the store was told by now it judges by; the rest is up to our marks, which are not forgotten until then.
        let looking = self.begin_at(second.told());
        let places: Vec<_> = wishes
            .iter()
            .enumerate()
            .flat_map(|(place, wish)| questions.of(wish.batch).map(move |question| (place, *wish, question)))
            .collect();
        let keys: Vec<KeyRef<'_>> = places
            .iter()
            .map(|&(_, wish, question)| KeyRef { question, representation: asking.representation(wish) })
            .collect();
        let Some(mut looked) = second.look(&keys, (looking.began, floor)).await else { return further };
        for (piece, (place, wish, question)) in looked.pieces.drain(..).zip(places) {
            let Some(found) = further.found.get_mut(place).filter(|found| found.is_none()) else { continue };
            let Some(piece) = piece.and_then(|piece| self.welcome(asking, piece, floor)) else { continue };
            self.keep(question, asking.representation(wish), &piece);
            *found = Some((Arc::clone(question), piece));
        }
        further.looked = Some(looked);
        further
    }

    /// A piece of another process, if it is true here.
    fn welcome(&self, asking: &Asking<'_>, mut piece: Piece, floor: u64) -> Option<Arc<Piece>> {
        let now = Instant::now();
        piece.freshness.is_followed = self.0.marks.read().is_followed(&piece.readings);
        piece.freshness.until = piece.freshness.until.min(now + asking.profile.max_age());
        let is_welcome = piece.freshness.until > now && self.is_true_for(&piece, floor) == (true, true);
        is_welcome.then(|| Arc::new(piece))
    }

    /// Hands what was fetched after a look to the second level.
    pub(super) fn keep_further(&self, asking: &Asking<'_>, looked: Option<&Looked>, fetched: &[(Wish, Option<Kept>)]) {
        let (Some(second), Some(looked)) = (&self.0.second, looked) else { return };
        let of_wish = |(wish, kept): &'_ (Wish, Option<Kept>)| kept.as_ref().map(|kept| (*wish, kept.clone()));
        let kept: Vec<(Wish, Kept)> = fetched.iter().filter_map(of_wish).collect();
        let pieces: Vec<(KeyRef<'_>, &Piece)> = kept
            .iter()
            .map(|(wish, (question, piece))| {
                (KeyRef { question, representation: asking.representation(*wish) }, &**piece)
            })
            .collect();
        second.keep(looked, &pieces);
    }
}
