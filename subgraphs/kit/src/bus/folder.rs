//! What an in-process bus keeps in files: its dead letters, and what an operator wants published again.
//!
//! `dead-letters/TOPIC/LETTER.json` is one letter each, so that the process and a command beside it need no lock.
//! `spool/ID.jsonl` is a request: a first line that says for whom, then one event a line. Files come into being by
//! renaming and are whole or not there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{BusError, DeadLetter, InProcessBus, Origin, Topic};
use crate::event::Event;

/// Dead letters kept per topic; the oldest go first.
const MAX_DEAD_LETTERS: usize = 10_000;
/// How often the spool is looked at.
const SPOOL_INTERVAL: Duration = Duration::from_millis(250);

/// The folder of a bus.
#[derive(Debug, Clone)]
pub struct EventsFolder {
    path: PathBuf,
}

/// A letter as it lies in its file; when, the file says.
#[derive(Debug, Serialize, Deserialize)]
struct LetterFile {
    id: String,
    group: String,
    position: String,
    attempts: u32,
    reason: String,
    entry: String,
}

/// The first line of a request.
#[derive(Debug, Serialize, Deserialize)]
struct RequestHead {
    topic: String,
    /// The group that its events come back for; absent: a replay for all.
    redriven_for: Option<String>,
}

impl EventsFolder {
    /// The folder at `path`, which is made when something is put into it.
    #[must_use]
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Keeps a letter; one with the same id stays as it is.
    ///
    /// # Errors
    ///
    /// When files cannot be written.
    pub fn put_dead_letter(&self, topic: Topic, letter: &DeadLetter) -> Result<(), BusError> {
        let path = self.letter_path(topic, &letter.id);
        if path.exists() {
            return Ok(());
        }
        let DeadLetter { id, group, position, attempts, reason, entry, .. } = letter.clone();
        let file = LetterFile { id, group, position, attempts, reason, entry };
        let text = serde_json::to_string(&file).map_err(|error| files(&path, &error))?;
        write_whole(&path, &text)?;
        let kept = self.dead_letters(topic)?;
        let surplus = kept.len().saturating_sub(MAX_DEAD_LETTERS);
        for letter in kept.iter().take(surplus) {
            self.remove_dead_letter(topic, &letter.id)?;
        }
        Ok(())
    }

    /// The letters of a topic, oldest first.
    ///
    /// # Errors
    ///
    /// When files cannot be read.
    pub fn dead_letters(&self, topic: Topic) -> Result<Vec<DeadLetter>, BusError> {
        let mut letters = Vec::new();
        for path in paths(&self.letters_of(topic), "json")? {
            // A letter that was taken away meanwhile is none.
            let Some(text) = read(&path)? else { continue };
            let LetterFile { id, group, position, attempts, reason, entry } =
                serde_json::from_str(&text).map_err(|error| files(&path, &error))?;
            let written = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
            let (place, at) = (String::new(), written.map(Into::into));
            letters.push(DeadLetter { id, place, group, position, attempts, reason, at, entry });
        }
        letters.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(letters)
    }

    /// How many letters a topic has.
    ///
    /// # Errors
    ///
    /// When files cannot be read.
    pub fn count_dead_letters(&self, topic: Topic) -> Result<u64, BusError> {
        Ok(paths(&self.letters_of(topic), "json")?.len() as u64)
    }

    /// Takes a letter away; false when it is not there.
    ///
    /// # Errors
    ///
    /// When its file cannot be removed.
    pub fn remove_dead_letter(&self, topic: Topic, id: &str) -> Result<bool, BusError> {
        let path = self.letter_path(topic, id);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(files(&path, &error)),
        }
    }

    /// Asks the process that serves this folder to publish `events` again; it does so when it next runs.
    ///
    /// # Errors
    ///
    /// When the request cannot be written.
    pub fn request(&self, topic: Topic, events: &[Arc<Event>], origin: &Origin) -> Result<(), BusError> {
        let path = self.spool().join(format!("{}.jsonl", uuid::Uuid::now_v7()));
        let redriven_for = match origin {
            Origin::Redriven { group } => Some(group.clone()),
            Origin::Relayed | Origin::Replayed => None,
        };
        let head = RequestHead { topic: topic.0.to_owned(), redriven_for };
        let mut text = serde_json::to_string(&head).map_err(|error| files(&path, &error))?;
        for event in events {
            text.push('\n');
            text.push_str(&serde_json::to_string(&**event).map_err(|error| files(&path, &error))?);
        }
        write_whole(&path, &text)
    }

    /// Publishes what was asked for, oldest request first, and takes the requests away after; gives the number of events.
    ///
    /// # Errors
    ///
    /// When files cannot be read or removed.
    pub fn serve_requests(&self, bus: &InProcessBus) -> Result<usize, BusError> {
        let mut count = 0;
        for path in paths(&self.spool(), "jsonl")? {
            let Some(text) = read(&path)? else { continue };
            match parse_request(&text) {
                Ok((topic, origin, events)) => {
                    count += events.len();
                    bus.publish_again(topic, events, &origin);
                    fs::remove_file(&path).map_err(|error| files(&path, &error))?;
                }
                Err(reason) => {
                    tracing::error!(path = %path.display(), reason, "a request to publish events again cannot be read");
                    let aside = path.with_extension("unreadable");
                    fs::rename(&path, aside).map_err(|error| files(&path, &error))?;
                }
            }
        }
        Ok(count)
    }

    fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    fn letters_of(&self, topic: Topic) -> PathBuf {
        self.path.join("dead-letters").join(topic.0)
    }

    /// Ids come from events, which may say anything; a name of one segment is made of them.
    fn letter_path(&self, topic: Topic, id: &str) -> PathBuf {
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, id.as_bytes());
        self.letters_of(topic).join(format!("{name}.json"))
    }
}

/// Serves the requests in `folder` until `shutdown`.
pub async fn run_spool(folder: EventsFolder, bus: Arc<InProcessBus>, shutdown: CancellationToken) {
    let serving = async {
        loop {
            tokio::time::sleep(SPOOL_INTERVAL).await;
            let (folder, bus) = (folder.clone(), Arc::clone(&bus));
            match tokio::task::spawn_blocking(move || folder.serve_requests(&bus)).await {
                Ok(Ok(0)) | Err(_) => {}
                Ok(Ok(count)) => tracing::info!(count, "published events again, as an operator asked"),
                Ok(Err(error)) => tracing::warn!(%error, "requests to publish events again cannot be served"),
            }
        }
    };
    shutdown.run_until_cancelled(serving).await;
}

fn parse_request(text: &str) -> Result<(Topic, Origin, Vec<Arc<Event>>), String> {
    let mut lines = text.lines();
    let head: RequestHead =
        serde_json::from_str(lines.next().unwrap_or_default()).map_err(|error| format!("line 1: {error}"))?;
    let topic = Topic::named(&head.topic).ok_or_else(|| format!("`{}` is no topic", head.topic))?;
    let origin = head.redriven_for.map_or(Origin::Replayed, |group| Origin::Redriven { group });
    let events = lines.enumerate().map(|(number, line)| {
        serde_json::from_str(line).map(Arc::new).map_err(|error| format!("line {}: {error}", number + 2))
    });
    Ok((topic, origin, events.collect::<Result<_, _>>()?))
}

/// The files in `folder` with that extension, by name; none when there is no such folder.
fn paths(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, BusError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(files(folder, &error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(|error| files(folder, &error))?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Option<String>, BusError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(files(path, &error)),
    }
}

/// Writes the file beside its place and renames it there.
fn write_whole(path: &Path, text: &str) -> Result<(), BusError> {
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let beside = path.with_extension(format!("{}.new", uuid::Uuid::now_v7().simple()));
        fs::write(&beside, text)?;
        fs::File::open(&beside)?.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|error| files(path, &error))
}

fn files(path: &Path, error: &impl ToString) -> BusError {
    BusError::Files { path: path.display().to_string(), reason: error.to_string() }
}
