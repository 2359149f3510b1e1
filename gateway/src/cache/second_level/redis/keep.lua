-- KEYS[3...]: pieces. ARGV[1]: when their fetch began; then for each piece what it has read, since, until, value.
-- Gives how many were kept.
local began = tonumber(ARGV[1])
local kept = 0
for number = 3, #KEYS do
  local at = 2 + (number - 3) * 4
  local left = math.floor((tonumber(ARGV[at + 2]) - time) / 1000)
  local other = tonumber(redis.call('HGET', KEYS[number], 'began') or '0')
  -- Too late is what was evicted since, and what a younger fetch has answered already.
  if left > 0 and other <= began and is_true(began, ARGV[at]) then
    redis.call('HSET', KEYS[number], 'began', ARGV[1], 'readings', ARGV[at], 'since', ARGV[at + 1],
      'until', ARGV[at + 2], 'value', ARGV[at + 3])
    redis.call('PEXPIRE', KEYS[number], left)
    kept = kept + 1
  end
end
return kept
