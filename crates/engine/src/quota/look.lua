-- Reads the registry of a migration. The owner of a shard is seen by that.
-- KEYS: 1 the registry, a hash
-- ARGV: 1 shard  2 epoch of the owner that looks ("": none)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local known = redis.call('HMGET', KEYS[1], 'text', 'epoch:' .. ARGV[1], 'seen:' .. ARGV[1])
if ARGV[2] ~= '' and known[2] == ARGV[2] then
  redis.call('HSET', KEYS[1], 'seen:' .. ARGV[1], string.format('%.0f', now))
end
return {now, known[1] or '', known[2] or '', tonumber(known[3] or '0')}
