/**
 * What every script of the bus starts with. Scripts collect their changes in an inbox table and write them with one
 * variadic command a kind (`flush`), because Upstash bills each command inside a script.
 *
 * ARGV[1]  numbers: the current buckets as the caller knows them (short, long, settled), then the settings of `createBus`
 * ARGV[2]  request id of the caller
 * Answers  {'period', now} when Redis's clock is in other buckets than those whose keys were declared; nothing is written
 *
 * A message is two fields of its recipient's inbox hash: `<sequence>` its state, `m:<sequence>` its envelope. The
 * sequence is the acceptance time in µs by Redis's clock, raised by one where two would be equal. An ordering key is a
 * field `k:<key>` (head, tail, and how many of each priority wait), its messages a doubly linked list.
 *
 * States: R ready, D delayed, L leased, H held behind its ordering key, X dead.
 */
export const prelude = String.raw`#!lua flags=allow-key-locking
local S = {}
do
  local names = {'short', 'long', 'settled', 'shortMs', 'longMs', 'settledMs', 'keep', 'offsetHigh', 'offsetMedium',
    'offsetLow', 'maxMessages', 'maxBytes', 'maxDead', 'hopLimit', 'outboxMax', 'statusMs', 'deadMs', 'wakeGrace', 'maxWaiters', 'shortLife'}
  local i = 0
  for n in string.gmatch(ARGV[1], '%S+') do i = i + 1; S[names[i]] = tonumber(n) end
end
local REQUEST = ARGV[2]
local LEASE_LIMIT = 43200000
local OUTBOX_ENTRY = 1048576
local SMALL_WAKE = 900000
local clock = redis.call('TIME')
local us = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local now = math.floor(us / 1000)
-- tostring keeps 14 digits only
local function int(n) return string.format('%.0f', n) end
if math.floor(now / S.shortMs) ~= S.short or math.floor(now / S.longMs) ~= S.long or math.floor(now / S.settledMs) ~= S.settled then
  return {'period', int(now)}
end

local OFFSET = {S.offsetLow * 1000, S.offsetMedium * 1000, S.offsetHigh * 1000, 0}
local NUMBERS = {'version', 'push', 't', 'bytes', 'ready', 'held', 'delayed', 'leased', 'dead', 'accepted', 'redriven',
  'delivered', 'died', 'discarded', 'expired', 'due', 'wake_at', 'deliver_until', 'breaker_failures', 'breaker_until', 'settled_period'}
local TEXTS = {'status', 'wake_id', 'deliver_id'}
local STATE = '^' .. string.rep('(%S+) ', 20) .. '(%S+)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$'

local function decode(seq, text)
  local s = {seq = seq}
  local rank, prio, eff, exp, att, lease, due, max, lms, base, cap, ttl, size, hop, acc
  s.st, rank, prio, eff, exp, att, lease, due, s.done, s.prev, s.next, max, lms, s.backoff, base, cap, ttl, size, hop,
    s.body, acc, s.key, s.from, s.id, s.corr, s.reason = string.match(text, STATE)
  s.rank = tonumber(rank); s.prio = tonumber(prio); s.eff = tonumber(eff); s.exp = tonumber(exp); s.att = tonumber(att)
  s.lease = tonumber(lease); s.due = tonumber(due); s.max = tonumber(max); s.lms = tonumber(lms); s.base = tonumber(base)
  s.cap = tonumber(cap); s.ttl = tonumber(ttl); s.size = tonumber(size); s.hop = tonumber(hop); s.acc = tonumber(acc)
  return s
end

local function encode(s)
  return table.concat({s.st, int(s.rank), s.prio, s.eff, int(s.exp), s.att, s.lease, int(s.due), s.done, s.prev, s.next,
    s.max, int(s.lms), s.backoff, int(s.base), int(s.cap), int(s.ttl), s.size, s.hop, s.body, int(s.acc)}, ' ')
    .. '\n' .. s.key .. '\n' .. s.from .. '\n' .. s.id .. '\n' .. s.corr .. '\n' .. s.reason
end

-- Reads the counters of an inbox and, in the same command, any further fields. K names its keys.
-- Returns the inbox and the values of the further fields; the inbox's status is '' for an unknown agent.
local function open(K, agent, extra)
  local fields = {}
  for i = 1, #NUMBERS do fields[i] = NUMBERS[i] end
  for i = 1, #TEXTS do fields[#fields + 1] = TEXTS[i] end
  local first = #fields
  for i = 1, #extra do fields[first + i] = extra[i] end
  local values = redis.call('HMGET', K.inbox, unpack(fields))
  local m, was = {}, {}
  for i = 1, #NUMBERS do m[NUMBERS[i]] = tonumber(values[i] or 0); was[NUMBERS[i]] = m[NUMBERS[i]] end
  for i = 1, #TEXTS do local f = TEXTS[i]; m[f] = values[#NUMBERS + i] or ''; was[f] = m[f] end
  local rest = {}
  for i = 1, #extra do rest[i] = values[first + i] end
  return {K = K, agent = agent, m = m, was = was, cache = {}, dirty = {}, envelopes = {}, gone = {}, chains = {}, chainDirty = {}, unlinks = {},
    addReady = {}, remReady = {}, addTimer = {}, remTimer = {}, addDead = {}, remDead = {}, addCorr = {}, remCorr = {},
    settled = {}, events = {}, bodies = {}, soon = nil}, rest
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

local function soon(ib, at) if ib.soon == nil or at < ib.soon then ib.soon = at end end

local function timer(ib, s, at) ib.remTimer[s.seq] = nil; ib.addTimer[s.seq] = at; soon(ib, at) end

local function event(ib, s, status)
  ib.events[#ib.events + 1] = 's'
  ib.events[#ib.events + 1] = table.concat({ib.agent, status, int(math.max(us, s.rank + 1)), s.att, s.from, s.id, s.reason}, '\n')
end

local COUNT = {R = 'ready', D = 'delayed', L = 'leased', H = 'held', X = 'dead'}

-- Takes a message out of its present state.
local function leave(ib, s)
  local count = COUNT[s.st]
  ib.m[count] = ib.m[count] - 1
  if s.st == 'R' then
    if ib.addReady[s.seq] then ib.addReady[s.seq] = nil end
    if not s.popped then ib.remReady[s.seq] = true end
  elseif s.st == 'X' then ib.remDead[s.seq] = true end
end

local function enterReady(ib, s)
  s.st = 'R'
  ib.m.ready = ib.m.ready + 1
  ib.remReady[s.seq] = nil
  s.popped = nil
  ib.addReady[s.seq] = s.rank + OFFSET[s.eff]
  timer(ib, s, s.exp)
  put(ib, s)
end

local function enterDelayed(ib, s, due)
  s.st = 'D'
  s.due = due
  ib.m.delayed = ib.m.delayed + 1
  timer(ib, s, math.min(due, s.exp))
  if ib.soonestDelayed == nil or due < ib.soonestDelayed then ib.soonestDelayed = due end
  put(ib, s)
end

-- Ends a message: delivered, expired or discarded. Its outcome stays readable for the retention of statuses.
local function finish(ib, s, status, action)
  local dead = s.st == 'X'
  leave(ib, s)
  s.gone = true
  ib.dirty[s.seq] = nil
  ib.gone[#ib.gone + 1] = s.seq
  ib.gone[#ib.gone + 1] = 'm:' .. s.seq
  ib.addTimer[s.seq] = nil
  ib.remTimer[s.seq] = true
  ib.m.bytes = ib.m.bytes - s.size
  ib.m[status] = ib.m[status] + 1
  if s.corr ~= '' then ib.remCorr[#ib.remCorr + 1] = s.corr .. '\n' .. s.seq end
  if s.body ~= '-' then ib.bodies[#ib.bodies + 1] = s.body end
  ib.settled[#ib.settled + 1] = s.seq
  ib.settled[#ib.settled + 1] = table.concat({status, int(now), s.att, s.max, s.lease, action, int(s.acc), int(s.exp)}, ' ') .. '\n' .. s.reason
  event(ib, s, status)
  if s.key ~= '' and not dead then ib.unlinks[#ib.unlinks + 1] = s end
end

-- Moves a message to the dead letters.
local function die(ib, s, reason)
  leave(ib, s)
  s.st = 'X'
  s.reason = reason
  s.due = now + S.deadMs
  ib.m.dead = ib.m.dead + 1
  ib.m.died = ib.m.died + 1
  ib.addDead[s.seq] = now
  timer(ib, s, s.due)
  put(ib, s)
  event(ib, s, 'failed')
  if s.key ~= '' then ib.unlinks[#ib.unlinks + 1] = s end
end

local function loadChains(ib, keys)
  local missing, asked = {}, {}
  for _, key in ipairs(keys) do
    if ib.chains[key] == nil and not asked[key] then asked[key] = true; missing[#missing + 1] = 'k:' .. key end
  end
  if #missing == 0 then return end
  local values = redis.call('HMGET', ib.K.inbox, unpack(missing))
  for i, field in ipairs(missing) do
    local head, tail, a, b, c, d = string.match(values[i] or '- - 0 0 0 0', '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
    ib.chains[string.sub(field, 3)] = {head = head, tail = tail, n = {tonumber(a), tonumber(b), tonumber(c), tonumber(d)}}
  end
end

local function highest(chain)
  for priority = 4, 1, -1 do if chain.n[priority] > 0 then return priority end end
  return 1
end

-- Takes the finished and the dead out of their ordering keys and lets the next head of each key go.
local function releaseChains(ib)
  if #ib.unlinks == 0 then return end
  local keys, near = {}, {}
  for _, s in ipairs(ib.unlinks) do
    keys[#keys + 1] = s.key
    if s.prev ~= '-' then near[#near + 1] = s.prev end
    if s.next ~= '-' then near[#near + 1] = s.next end
  end
  loadChains(ib, keys)
  load(ib, near)
  local touched = {}
  for _, s in ipairs(ib.unlinks) do
    local chain = ib.chains[s.key]
    local before, after = ib.cache[s.prev], ib.cache[s.next]
    if before then before.next = s.next; put(ib, before) else chain.head = s.next; touched[s.key] = chain end
    if after then after.prev = s.prev; put(ib, after) else chain.tail = s.prev end
    chain.n[s.prio] = chain.n[s.prio] - 1
    s.prev = '-'; s.next = '-'
    put(ib, s)
    ib.chainDirty[s.key] = chain
  end
  ib.unlinks = {}
  for _, chain in pairs(touched) do
    local head = ib.cache[chain.head]
    if head and head.st == 'H' then
      ib.m.held = ib.m.held - 1
      head.eff = highest(chain)
      if head.due > now then enterDelayed(ib, head, head.due) else enterReady(ib, head) end
    end
  end
end

-- Appends a message to its ordering key. Returns true when it is the head and may run; else it is held.
local function joinChain(ib, s)
  local chain = ib.chains[s.key]
  ib.chainDirty[s.key] = chain
  chain.n[s.prio] = chain.n[s.prio] + 1
  s.prev = chain.tail
  s.next = '-'
  chain.tail = s.seq
  if s.prev == '-' then chain.head = s.seq; s.eff = s.prio; return true end
  local before = ib.cache[s.prev]
  before.next = s.seq
  put(ib, before)
  -- the head takes the highest priority that waits behind it
  local head = ib.cache[chain.head]
  if head.eff < s.prio then
    head.eff = s.prio
    if head.st == 'R' then ib.addReady[head.seq] = head.rank + OFFSET[head.eff] end
    put(ib, head)
  end
  s.st = 'H'
  ib.m.held = ib.m.held + 1
  timer(ib, s, s.exp)
  put(ib, s)
  return false
end

-- Applies up to limit due events: delays that ended, leases that ran out, lives and retentions that ended.
-- Returns how many there were.
local function settleDue(ib, limit)
  local due = redis.call('ZRANGEBYSCORE', ib.K.timers, '-inf', int(now), 'LIMIT', 0, limit)
  if #due == 0 then return 0 end
  load(ib, due)
  for _, seq in ipairs(due) do
    local s = ib.cache[seq]
    if s == nil then ib.remTimer[seq] = true
    elseif s.st == 'X' then finish(ib, s, 'discarded', '-')
    elseif s.st == 'L' then
      if s.att >= s.max then die(ib, s, 'lease expired')
      elseif s.exp <= now then finish(ib, s, 'expired', '-')
      else leave(ib, s); s.reason = 'lease expired'; enterReady(ib, s) end
    elseif s.exp <= now then finish(ib, s, 'expired', '-')
    elseif s.st == 'D' then leave(ib, s); enterReady(ib, s)
    else timer(ib, s, s.exp) end
  end
  releaseChains(ib)
  return #due
end

-- Decides whether an SQS wake is to be sent for a push agent, and sees to it that the sweep finds what has none.
-- Returns the delay of the wake in ms, or false.
local function askWake(ib)
  local m = ib.m
  if m.push ~= 1 or m.status ~= 'enabled' or ib.delivering then return false end
  local due
  if m.ready > 0 then due = now elseif ib.soonestDelayed then due = ib.soonestDelayed else return false end
  if m.breaker_until > due then due = m.breaker_until end
  -- the delivery that is under way looks again before it ends; if it dies the sweep finds the inbox
  if m.deliver_until > now then soon(ib, m.deliver_until); return false end
  if due - now > SMALL_WAKE then soon(ib, due); return false end
  local ask = false
  if m.wake_at == 0 or due <= m.wake_at - 1000 or m.wake_id == REQUEST or m.wake_at + S.wakeGrace <= now then
    m.wake_at = due
    m.wake_id = REQUEST
    ask = int(due - now)
  end
  soon(ib, m.wake_at + S.wakeGrace)
  return ask
end

-- Appends events (field, value, …) to an outbox shard in entries of at most 1 MiB.
local function append(outbox, events)
  local from, size = 1, 0
  for i = 1, #events, 2 do
    local length = #events[i + 1]
    if i > from and (size + length > OUTBOX_ENTRY or i - from >= 2000) then
      redis.call('XADD', outbox, '*', unpack(events, from, i - 1))
      from, size = i, 0
    end
    size = size + length
  end
  if #events > 0 then redis.call('XADD', outbox, '*', unpack(events, from, #events)) end
end

local function sizeOf(events)
  local size = 0
  for i = 2, #events, 2 do size = size + #events[i] end
  return size
end

local function scored(set)
  local list = {}
  for member, score in pairs(set) do list[#list + 1] = int(score); list[#list + 1] = member end
  return list
end

local function members(set)
  local list = {}
  for member in pairs(set) do list[#list + 1] = member end
  return list
end

-- Writes everything that was collected, each kind with one command. Events are written too unless the caller does.
-- Returns true when history should be woken for the shard.
local function flush(ib, own_events)
  local K, m = ib.K, ib.m
  if ib.soon and (m.due == 0 or ib.soon < m.due) then
    m.due = ib.soon
    redis.call('ZADD', K.due, int(m.due), ib.agent)
  end
  if #ib.settled > 0 then
    redis.call('HSET', K.settled, unpack(ib.settled))
    if m.settled_period ~= S.settled then
      m.settled_period = S.settled
      redis.call('PEXPIREAT', K.settled, int((S.settled + 1) * S.settledMs + S.statusMs))
    end
  end
  local fields = {}
  for i = 1, #NUMBERS do local f = NUMBERS[i]; if m[f] ~= ib.was[f] then fields[#fields + 1] = f; fields[#fields + 1] = int(m[f]) end end
  for i = 1, #TEXTS do local f = TEXTS[i]; if m[f] ~= ib.was[f] then fields[#fields + 1] = f; fields[#fields + 1] = m[f] end end
  for seq, s in pairs(ib.dirty) do fields[#fields + 1] = seq; fields[#fields + 1] = encode(s) end
  for i = 1, #ib.envelopes do fields[#fields + 1] = ib.envelopes[i] end
  for key, chain in pairs(ib.chainDirty) do
    if chain.head == '-' then ib.gone[#ib.gone + 1] = 'k:' .. key
    else
      fields[#fields + 1] = 'k:' .. key
      fields[#fields + 1] = table.concat({chain.head, chain.tail, chain.n[1], chain.n[2], chain.n[3], chain.n[4]}, ' ')
    end
  end
  if #fields > 0 then redis.call('HSET', K.inbox, unpack(fields)) end
  if #ib.gone > 0 then redis.call('HDEL', K.inbox, unpack(ib.gone)) end
  local list = scored(ib.addReady); if #list > 0 then redis.call('ZADD', K.ready, unpack(list)) end
  list = members(ib.remReady); if #list > 0 then redis.call('ZREM', K.ready, unpack(list)) end
  list = scored(ib.addTimer); if #list > 0 then redis.call('ZADD', K.timers, unpack(list)) end
  list = members(ib.remTimer); if #list > 0 then redis.call('ZREM', K.timers, unpack(list)) end
  list = scored(ib.addDead); if #list > 0 then redis.call('ZADD', K.dead, unpack(list)) end
  list = members(ib.remDead); if #list > 0 then redis.call('ZREM', K.dead, unpack(list)) end
  if #ib.addCorr > 0 then redis.call('ZADD', K.correlated, unpack(ib.addCorr)) end
  if #ib.remCorr > 0 then redis.call('ZREM', K.correlated, unpack(ib.remCorr)) end
  if own_events or #ib.events == 0 then return false end
  local size = sizeOf(ib.events)
  local total = redis.call('INCRBY', K.outboxBytes, size)
  append(K.outbox, ib.events)
  return total == size
end

-- What every answer says about the inbox: ready, held, delayed, leased, dead.
local function counts(ib)
  local m = ib.m
  return {m.ready, m.held, m.delayed, m.leased, m.dead}
end

-- The first n keys in the order of inboxKeys.
local function inboxKeys(at)
  return {inbox = KEYS[at], ready = KEYS[at + 1], timers = KEYS[at + 2], dead = KEYS[at + 3], correlated = KEYS[at + 4],
    settled = KEYS[at + 5], outbox = KEYS[at + 6], outboxBytes = KEYS[at + 7], due = KEYS[at + 8]}
end
`
