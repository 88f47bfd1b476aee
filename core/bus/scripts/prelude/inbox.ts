const numbers = (
  'version push t bytes ready held delayed leased dead accepted redriven delivered died discarded expired due wake_at ' +
  'deliver_until breaker_failures breaker_until settled_period settled_last settled_bytes settled_long_period ' +
  'settled_long_last settled_long_bytes hops_period hops_bytes record'
).split(' ')
const texts = ['status', 'wake_id', 'deliver_id']
const counters = [...numbers, ...texts]

// Counters are written out one by one: a script that ran through their names took a fifth longer for one message.
const names = counters.map((name) => `'${name}'`).join(', ')
const read = [
  ...numbers.map((name, i) => `${name} = (values[${i + 1}] or 0) + 0`),
  ...texts.map((name, i) => `${name} = values[${numbers.length + i + 1}] or ''`),
].join(', ')
const copy = counters.map((name) => `${name} = m.${name}`).join(', ')
const changes = [...numbers.map((name) => [name, `int(m.${name})`]), ...texts.map((name) => [name, `m.${name}`])]
  .map(
    ([name, text]) => `if m.${name} ~= was.${name} then n = n + 2; fields[n - 1] = '${name}'; fields[n] = ${text} end`,
  )
  .join('\n  ')

/**
 * An inbox as a script works on it: `m` its counters, `cache` the messages that were read, and lists of the changes that
 * `flush` writes, each kind with one command.
 */
export const inbox = String.raw`
-- The keys that inbox-keys.ts lists, from KEYS[at] on.
local function inboxKeys(at)
  return {inbox = KEYS[at], ready = KEYS[at + 1], timers = KEYS[at + 2], dead = KEYS[at + 3], correlated = KEYS[at + 4],
    settledBucket = KEYS[at + 5], settled = KEYS[at + 6], settledLongBucket = KEYS[at + 7], settledLong = KEYS[at + 8],
    outbox = KEYS[at + 9], outboxBytes = KEYS[at + 10], due = KEYS[at + 11]}
end

-- The answer of a script that would write outcomes to other segments than those declared; nil when it may go on.
local function otherSegments(ib)
  local K, m, other = ib.K, ib.m, nil
  local function check(bucket, declared, current, last)
    if not current then last = 0 end
    if declared ~= segment(bucket, last) then
      other = other or {'segments', int(now)}
      other[#other + 1] = bucket
      other[#other + 1] = last
    end
  end
  check(K.settledBucket, K.settled, m.settled_period == S.settled, m.settled_last)
  check(K.settledLongBucket, K.settledLong, m.settled_long_period == S.long, m.settled_long_last)
  return other
end

-- Reads the counters of an inbox and, in the same command, any further fields. K names its keys.
-- Returns the inbox and the values of the further fields; the inbox's status is '' for an unknown agent.
local function open(K, agent, extra)
  local values = redis.call('HMGET', K.inbox, ${names}, unpack(extra))
  local m = {${read}}
  local was = {${copy}}
  local rest = {}
  for i = 1, #extra do rest[i] = values[${counters.length} + i] end
  return {K = K, agent = agent, relay = string.find(agent, ':', 1, true) ~= nil, m = m, was = was, cache = {}, dirty = {}, fields = {}, gone = {}, chains = {}, chainDirty = {}, unlinks = {},
    addReady = {}, remReady = {}, addTimer = {}, remTimer = {}, addDead = {}, remDead = {}, addCorr = {}, remCorr = {}, newReady = {}, newTimers = {},
    settled = {}, settledLong = {}, events = {}, bodies = {}, died = {}}, rest
end

local function remember(ib, seq, text)
  if ib.cache[seq] == nil and text then ib.cache[seq] = decode(seq, text) end
  return ib.cache[seq]
end

-- Loads the states of messages that are not in the cache yet: one command, none when all are.
local function load(ib, seqs)
  local missing, asked = {}, {}
  for _, seq in ipairs(seqs) do
    if ib.cache[seq] == nil and not asked[seq] then asked[seq] = true; missing[#missing + 1] = seq end
  end
  if #missing == 0 then return end
  local values = redis.call('HMGET', ib.K.inbox, unpack(missing))
  for i, seq in ipairs(missing) do remember(ib, seq, values[i]) end
end

local function put(ib, s) if not s.gone then ib.dirty[s.seq] = s end end

-- The sweep is to look at the inbox at this time at the latest.
local function soon(ib, at) if ib.soon == nil or at < ib.soon then ib.soon = at end end

local function timer(ib, s, at)
  ib.remTimer[s.seq] = nil
  ib.addTimer[s.seq] = at
  soon(ib, at)
end

-- Appends to fields the counters that have changed, and their texts.
local function changedCounters(ib, fields)
  local m, was, n = ib.m, ib.was, #fields
  ${changes}
end

-- Writes changes of one zset, and forgets them. list: scores and members that are new for sure.
local function writeScores(ib, key, add, remove, list)
  local n = list and #list or 0
  list = list or {}
  for member, score in pairs(ib[add]) do n = n + 2; list[n - 1] = int(score); list[n] = member end
  if n > 0 then redis.call('ZADD', key, unpack(list)); ib[add] = {} end
  list, n = {}, 0
  for member in pairs(ib[remove]) do n = n + 1; list[n] = member end
  if n > 0 then redis.call('ZREM', key, unpack(list)); ib[remove] = {} end
end

-- What every answer says about the inbox: ready, held, delayed, leased, dead.
local function counts(ib)
  local m = ib.m
  return {m.ready, m.held, m.delayed, m.leased, m.dead}
end
`
