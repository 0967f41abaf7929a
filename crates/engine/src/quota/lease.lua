-- One lease of the quota that all processes of a target share, for one kind of call: GCRA by the clock of this server.
--
-- What it grants are times at which requests may leave, evenly apart. A time is granted once, to one process, and only for
-- the near future: the length of a lease. A time that a process misses is lost.
--
-- KEYS: 1 the lane, a hash; 2 the registry of shards, a hash
-- ARGV: 1 how many times are wanted     2 time between two of them, as configured; 0: no limit
--       3 how soon the first may be     4 length of a lease
--       5 version of the controller's state that is known
--       6 "1": its state changes, to    7 this state, with     8 this time between two sends (0: as configured), and
--       9 nothing before this time
--      10 shard ("": none)             11 the epoch of its owner
-- All times are microseconds.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

if ARGV[10] ~= '' then
  local owner = redis.call('HGET', KEYS[2], 'epoch:' .. ARGV[10])
  -- 2: the registry knows nobody, so it has lost the shard; 1: it knows another owner.
  if not owner then
    return {now, 2, 0, 0, 0, 0, 0, 0, ''}
  end
  if owner ~= ARGV[11] then
    return {now, 1, 0, 0, 0, 0, 0, 0, ''}
  end
  redis.call('HSET', KEYS[2], 'seen:' .. ARGV[10], string.format('%.0f', now))
end

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
local lane = redis.call('HMGET', KEYS[1], 'next', 'run', 'version', 'held', 'paused', 'slowest', 'asked')
local free = tonumber(lane[1] or '')
local version = tonumber(lane[3] or '0')
local held = tonumber(lane[4] or '0')
local paused = tonumber(lane[5] or '0')
local wanted = tonumber(ARGV[1])
local length = tonumber(ARGV[4])

local stored = 0
if ARGV[6] == '1' and tonumber(ARGV[5]) == version then
  version = version + 1
  held = tonumber(ARGV[8])
  paused = tonumber(ARGV[9])
  stored = 1
  redis.call('HSET', KEYS[1], 'version', string.format('%.0f', version), 'state', ARGV[7],
    'held', string.format('%.0f', held), 'paused', string.format('%.0f', paused))
end

-- Processes may be configured with different rates: the lowest of those that asked within the last twenty leases holds for all.
local changed = false
local slowest = tonumber(lane[6] or '0')
local asked = tonumber(lane[7] or '0')
if tonumber(ARGV[2]) >= slowest or now > asked + 20 * length or now < asked then
  slowest = tonumber(ARGV[2])
  asked = now
  changed = true
end

local interval = math.max(slowest, held)
-- What was granted before is not known, where the key is gone, the server was started anew or its clock was set back: no
-- time is granted until all of it is over.
if free == nil or lane[2] ~= run or free > now + length + interval then
  free = now + length + interval
  changed = true
end

local first = math.max(free, now + tonumber(ARGV[3]), paused)
local last = now + length
local count = 0
if first <= last then
  count = wanted
  if interval > 0 then
    count = math.min(wanted, math.floor((last - first) / interval) + 1)
  end
end
if count > 0 then
  free = first + count * interval
  changed = true
end
if changed then
  redis.call('HSET', KEYS[1], 'next', string.format('%.0f', free), 'run', run,
    'slowest', string.format('%.0f', slowest), 'asked', string.format('%.0f', asked))
end

local state = ''
if stored == 0 and tonumber(ARGV[5]) ~= version then
  state = redis.call('HGET', KEYS[1], 'state') or ''
end
return {now, 0, first, count, interval, first + count * interval, version, stored, state}
