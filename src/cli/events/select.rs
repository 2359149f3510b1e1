//! Which events are meant.

use chrono::{DateTime, TimeDelta, Utc};
use selvedge_kit::{
    bus::{EventArchive, Kept, ReadFrom, Topic},
    clock::{Clock, SystemClock},
    event::Event,
};

use super::{PAGE, failed};
use crate::failure::Failure;

/// Which events of a topic are meant.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) from: Option<String>,
    pub(super) after: Option<String>,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) until: Option<DateTime<Utc>>,
    /// The last position, itself included.
    pub(super) to: Option<String>,
    pub(super) subject: Option<String>,
    /// The whole type, or its name without owner and version.
    pub(super) event_type: Option<String>,
}

impl Selection {
    fn start(&self) -> ReadFrom {
        match (&self.from, &self.after, self.since) {
            (Some(position), _, _) => ReadFrom::At(position.clone()),
            (None, Some(position), _) => ReadFrom::After(position.clone()),
            (None, None, Some(time)) => ReadFrom::About(time),
            (None, None, None) => ReadFrom::Oldest,
        }
    }

    pub(super) fn has(&self, event: &Event) -> bool {
        let is_of_type = |wanted: &String| {
            event.event_type == *wanted || event.event_type.split('.').any(|part| part == wanted.as_str())
        };
        self.since.is_none_or(|since| event.time >= since)
            && self.until.is_none_or(|until| event.time <= until)
            && self.subject.as_ref().is_none_or(|subject| event.subject == *subject)
            && self.event_type.as_ref().is_none_or(is_of_type)
    }

    /// Shows everything from the start to the end to `visit`, which says whether to go on.
    pub(super) async fn walk(
        &self,
        archive: &dyn EventArchive,
        topic: Topic,
        mut visit: impl AsyncFnMut(Kept) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let mut from = self.start();
        loop {
            let page = archive.read(topic, &from, PAGE).await.map_err(failed)?;
            let Some(last) = page.last() else { return Ok(()) };
            from = ReadFrom::After(last.position.clone());
            for kept in page {
                let is_last = self.to.as_ref() == Some(&kept.position);
                if !visit(kept).await? || is_last {
                    return Ok(());
                }
            }
        }
    }
}

/// A moment: RFC 3339, or how long ago, such as `90s`, `15m`, `2h`, `3d`.
pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let expected =
        || format!("`{text}` is no time; expected one like 2026-11-28T04:00:00Z, or how long ago: 90s, 15m, 2h, 3d");
    let unit = text.chars().next_back().ok_or_else(expected)?;
    let count: i64 = text.strip_suffix(unit).and_then(|count| count.parse().ok()).ok_or_else(expected)?;
    let ago = match unit {
        's' => TimeDelta::try_seconds(count),
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        _ => None,
    };
    let ago = ago.filter(|ago| *ago >= TimeDelta::zero()).ok_or_else(expected)?;
    SystemClock.now().checked_sub_signed(ago).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_absolute_or_ago() {
        assert_eq!(moment("2026-11-28T04:00:00+02:00").unwrap().to_rfc3339(), "2026-11-28T02:00:00+00:00");
        let ago = SystemClock.now() - moment("2h").unwrap();
        assert!((ago - TimeDelta::hours(2)).num_seconds().abs() < 5, "{ago}");
        for wrong in ["", "h", "2", "2w", "-1d", "yesterday", "99999999999999d"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
