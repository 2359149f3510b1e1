//! Dead letters: the stream `{key}:dead`, and the hash `{key}:dead:ids` that knows which letter is where in it.

use redis::{Script, aio::ConnectionManager};

use super::{
    super::{Burial, BusError, DeadLetter, Topic},
    entry, unavailable,
};

/// Dead letters kept per topic; the oldest go first.
const MAX_DEAD_LETTERS: usize = 100_000;

/// Puts a letter on the stream unless it is there, and acknowledges its entry for the group (no group, no entry: that
/// of a reader who has none).
const BURY: &str = "
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then
  local place = redis.call('XADD', KEYS[1], '*', 'id', ARGV[1], 'group', ARGV[2], 'position', ARGV[3],
    'attempts', ARGV[4], 'reason', ARGV[5], 'event', ARGV[6])
  redis.call('HSET', KEYS[2], ARGV[1], place)
  while redis.call('XLEN', KEYS[1]) > tonumber(ARGV[7]) do
    local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
    redis.call('XDEL', KEYS[1], oldest[1])
    for i = 1, #oldest[2], 2 do
      if oldest[2][i] == 'id' then redis.call('HDEL', KEYS[2], oldest[2][i + 1]) end
    end
  end
end
if ARGV[8] == '1' then redis.call('XACK', KEYS[3], ARGV[2], ARGV[3]) end
return 1";

/// Takes a letter away, and with a third key puts its event on that stream for its group before.
const TAKE: &str = "
local place = redis.call('HGET', KEYS[2], ARGV[1]) or ARGV[1]
if not string.match(place, '^%d+%-%d+$') then return 0 end
local found = redis.call('XRANGE', KEYS[1], place, place)[1]
if not found then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return 0
end
if KEYS[3] then
  local event, group = '', ''
  for i = 1, #found[2], 2 do
    if found[2][i] == 'event' then event = found[2][i + 1] end
    if found[2][i] == 'group' then group = found[2][i + 1] end
  end
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'event', event, 'redriven', group)
end
redis.call('XDEL', KEYS[1], place)
redis.call('HDEL', KEYS[2], ARGV[1])
return 1";

/// The keys of a topic's letters.
#[derive(Debug, Clone)]
pub(super) struct Letters {
    /// The stream of the letters.
    pub(super) stream: String,
    ids: String,
    /// The stream of the events.
    events: String,
    topic: Topic,
}

impl Letters {
    pub(super) fn of(topic: Topic, key: &str) -> Self {
        Self { stream: format!("{key}:dead"), ids: format!("{key}:dead:ids"), events: key.to_owned(), topic }
    }

    /// Buries an entry; `acknowledge` when it was delivered to the group.
    pub(super) async fn bury(
        &self,
        manager: &ConnectionManager,
        burial: &Burial,
        acknowledge: bool,
    ) -> Result<(), BusError> {
        let script = Script::new(BURY);
        let mut call = script.prepare_invoke();
        call.key(&self.stream).key(&self.ids).key(&self.events);
        call.arg(burial.id()).arg(&burial.group).arg(&burial.position).arg(burial.attempts).arg(&burial.reason);
        call.arg(&burial.entry).arg(MAX_DEAD_LETTERS).arg(u8::from(acknowledge));
        let _: i64 = call.invoke_async(&mut manager.clone()).await.map_err(unavailable)?;
        burial.announce(self.topic.0);
        Ok(())
    }

    /// Takes a letter away; false when it is not there.
    pub(super) async fn purge(&self, manager: &ConnectionManager, letter: &DeadLetter) -> Result<bool, BusError> {
        let script = Script::new(TAKE);
        let mut call = script.prepare_invoke();
        call.key(&self.stream).key(&self.ids).arg(&letter.id);
        let taken: i64 = call.invoke_async(&mut manager.clone()).await.map_err(unavailable)?;
        Ok(taken == 1)
    }

    /// Puts the event of a letter back on the topic and takes the letter away, both at once.
    pub(super) async fn redrive(
        &self,
        manager: &ConnectionManager,
        letter: &DeadLetter,
        most_events: usize,
    ) -> Result<bool, BusError> {
        let script = Script::new(TAKE);
        let mut call = script.prepare_invoke();
        call.key(&self.stream).key(&self.ids).key(&self.events).arg(&letter.id).arg(most_events);
        let taken: i64 = call.invoke_async(&mut manager.clone()).await.map_err(unavailable)?;
        Ok(taken == 1)
    }

    /// Letters oldest first, behind the letter `after`.
    pub(super) async fn read(
        &self,
        manager: &ConnectionManager,
        after: Option<&DeadLetter>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, BusError> {
        let mut manager = manager.clone();
        let start = after.map_or_else(|| "-".to_owned(), |letter| format!("({}", letter.place));
        let mut command = redis::cmd("XRANGE");
        command.arg(&self.stream).arg(start).arg("+").arg("COUNT").arg(limit);
        let reply: redis::streams::StreamRangeReply = command.query_async(&mut manager).await.map_err(unavailable)?;
        Ok(reply.ids.iter().map(entry::read_dead_letter).collect())
    }
}
