-- Replaces what the registry of a migration says, if it still says what the caller has read.
-- KEYS: 1 the registry, a hash
-- ARGV: 1 what it said ("": nothing)  2 what it is to say  3 shard  4 epoch of its owner
if (redis.call('HGET', KEYS[1], 'text') or '') ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
redis.call('HSET', KEYS[1], 'text', ARGV[2], 'epoch:' .. ARGV[3], ARGV[4],
  'seen:' .. ARGV[3], string.format('%.0f', now))
return 1
