-- What all scripts share. KEYS[1] holds the evictions of this period, KEYS[2] those of the period before.
--
-- Both are hashes: `floor` (nothing from before it is true), `now` (the last eviction), `born`, `old_until`, and
--   a<type>    the last eviction of any entity of the type     t<type>    the last one of all of them
--   k<type>    "field,field=moment|..." the last eviction that named just these key fields
--   e<entity>  the last eviction that named no revision        r<entity>  "revision=moment", the newest named
--   c<caller>  nothing from before it is for this caller
-- Redis may throw either of them out, or be emptied: each is one key, so that it is there with all it has or not at
-- all, and without it nothing from before is true.
local PERIOD = 3720 * 1000000

local time = redis.call('TIME')
time = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function text(number) return string.format('%.0f', number) end

local function forget_all(moment)
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'floor', text(moment), 'now', text(moment), 'born', text(time))
end

local now = tonumber(redis.call('HGET', KEYS[1], 'now') or nil)
local old_until = tonumber(redis.call('HGET', KEYS[1], 'old_until') or '0')
if not now or (time < old_until and redis.call('EXISTS', KEYS[2]) == 0) then
  now = math.max(time, (now or 0) + 1)
  forget_all(now)
end
local floor = tonumber(redis.call('HGET', KEYS[1], 'floor'))

local known = {}
local function mark(field)
  local found = known[field]
  if not found then
    found = { redis.call('HGET', KEYS[1], field) or nil, redis.call('HGET', KEYS[2], field) or nil }
    known[field] = found
  end
  return found
end

local function last(field)
  local found = mark(field)
  return math.max(tonumber(found[1] or '0'), tonumber(found[2] or '0'))
end

local function shows_any(keys, fields)
  for field in string.gmatch(fields, '[^,]+') do
    if string.find(keys, ',' .. field .. ':', 1, true) then return true end
  end
  return false
end

-- The same rule as that of the first level.
local function reading_is_true(began, type, revision, keys)
  if began < last('t' .. type) then return false end
  if keys == '' then return began >= last('a' .. type) end
  local marked = ',' .. keys
  for generation = 1, 2 do
    local forms = mark('k' .. type)[generation]
    for fields, moment in string.gmatch(forms or '', '([^=|]+)=(%d+)') do
      if began < tonumber(moment) and not shows_any(marked, fields) then return false end
    end
  end
  for entity in string.gmatch(keys, ':(%x+)') do
    if began < last('e' .. entity) then return false end
    for generation = 1, 2 do
      local named = mark('r' .. entity)[generation]
      if named then
        local newest, moment = string.match(named, '^(-?%d+)=(%d+)$')
        if revision == '-' then
          if began < tonumber(moment) then return false end
        elseif tonumber(revision) < tonumber(newest) then
          return false
        end
      end
    end
  end
  return true
end

local function is_true(began, readings)
  if began < floor then return false end
  for type, revision, keys in string.gmatch(readings, '(%x+)/([-%d]+)/([^;]*);') do
    if not reading_is_true(began, type, revision, keys) then return false end
  end
  return true
end
