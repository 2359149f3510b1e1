-- KEYS[3...]: pieces. ARGV[1]: the caller. Gives the moment of now, the time, and for each piece what it has or null.
local caller_floor = last('c' .. ARGV[1])
local answer = { text(now), text(time) }
for number = 3, #KEYS do
  local piece = redis.call('HMGET', KEYS[number], 'began', 'readings', 'since', 'until', 'value')
  local began = tonumber(piece[1] or nil)
  if began and began >= caller_floor and is_true(began, piece[2]) then
    answer[number] = { piece[2], piece[3], piece[4], piece[5] }
  else
    answer[number] = false
  end
end
return answer
