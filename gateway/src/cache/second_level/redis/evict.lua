-- ARGV[1]: how many evictions are remembered one by one. ARGV[2...]: "A" everything, "C<caller>" what was asked for
-- before for one caller, "R<type>/<revision>/<keys>" an entity, or all of the type where there are no keys.
now = math.max(time, now + 1)
local moment = text(now)

if time - tonumber(redis.call('HGET', KEYS[1], 'born')) > PERIOD then
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'floor', text(floor), 'born', text(time), 'old_until', text(time + PERIOD))
  redis.call('PEXPIRE', KEYS[2], math.floor(PERIOD / 1000) + 60000)
end
redis.call('HSET', KEYS[1], 'now', moment)

local function evict(type, revision, keys)
  redis.call('HSET', KEYS[1], 'a' .. type, moment)
  if keys == '' then
    redis.call('HSET', KEYS[1], 't' .. type, moment)
    return
  end
  local fields = {}
  for field, entity in string.gmatch(keys, '(%x+):(%x+)') do
    table.insert(fields, field)
    if revision == '-' then
      redis.call('HSET', KEYS[1], 'e' .. entity, moment)
    else
      local newest = string.match(redis.call('HGET', KEYS[1], 'r' .. entity) or '', '^(-?%d+)=')
      if not newest or tonumber(newest) < tonumber(revision) then newest = revision end
      redis.call('HSET', KEYS[1], 'r' .. entity, newest .. '=' .. moment)
    end
  end
  local form = table.concat(fields, ',')
  local forms = {}
  for other, at in string.gmatch(redis.call('HGET', KEYS[1], 'k' .. type) or '', '([^=|]+)=(%d+)') do
    if other ~= form then table.insert(forms, other .. '=' .. at) end
  end
  if #forms >= 32 then
    redis.call('HSET', KEYS[1], 't' .. type, moment)
  else
    table.insert(forms, form .. '=' .. moment)
    redis.call('HSET', KEYS[1], 'k' .. type, table.concat(forms, '|'))
  end
end

for number = 2, #ARGV do
  local kind, rest = string.sub(ARGV[number], 1, 1), string.sub(ARGV[number], 2)
  if kind == 'A' then
    forget_all(now)
  elseif kind == 'C' then
    redis.call('HSET', KEYS[1], 'c' .. rest, moment)
  else
    evict(string.match(rest, '^(%x+)/([-%d]+)/(.*)$'))
  end
end
-- With more than can be remembered, nothing from before can be told to be true.
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then forget_all(now) end
return moment
