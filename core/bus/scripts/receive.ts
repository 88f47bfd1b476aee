import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Hands messages to one receiver under a lease, after applying what is due in the inbox.
 *
 * KEYS  those of inboxKeys, request, and waiters for one that will wait
 * ARGV[3] agent   [4] max messages   [5] max bytes   [6] lease ms, 0 for each message's own   [7] correlation id or ''
 *      [8] ms that the caller will wait, 0 for none   [9] delivery id or ''   [10] delivery lease ms
 * Answers {'ok', now, counts, {orphaned body tokens}, history to wake, wake delay or false, look again, next due ms or 0, waiting, messages,
 *          {endpoint, sealed secrets, breaker failures, breaker until}, {dead letters}}  the endpoint's for deliveries
 *         message: two elements, 'sequence lease attempt max leased_until body_token accepted_ms' and envelope or false
 *         {'unknown', now}, {'disabled', now}, {'busy', now, until}, {'breaker', now, until, wake delay or false}, {'pull', now}
 *
 * A call repeated with the same request id answers the leases of the first that are still valid, and extends none.
 */
export const receiveScript: BusScript = {
  name: 'receive',
  source: `${prelude}${String.raw`
local K = inboxKeys(1)
local requestKey, waiters = KEYS[13], KEYS[14]
local agent, max, maxBytes, lease, corr, wait = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local deliveryId, deliveryMs = ARGV[9], tonumber(ARGV[10])

local messages = {}
local function answer(s, envelope)
  local f = fixedOf(s)
  local n = #messages
  messages[n + 1] = s.seq .. ' ' .. int(s.lease) .. ' ' .. int(s.att) .. ' ' .. f.max .. ' ' .. int(s.due) .. ' ' .. f.body .. ' ' .. f.acc
  messages[n + 2] = envelope
end

local function target(m, endpoint, secrets)
  return {endpoint or '', secrets or '', m.breaker_failures, int(m.breaker_until)}
end

local first = redis.call('GET', requestKey)
if first then
  local fields, leases = {'endpoint', 'secrets'}, {}
  for seq, number in string.gmatch(first, '(%d+):(%d+)') do
    fields[#fields + 1] = seq
    fields[#fields + 1] = 'm:' .. seq
    leases[#leases + 1] = tonumber(number)
  end
  local ib, values = open(K, agent, fields)
  for i, number in ipairs(leases) do
    local s = remember(ib, fields[2 * i + 1], values[2 * i + 1])
    if s and s.st == 'L' and s.lease == number and s.due > now then answer(s, values[2 * i + 2]) end
  end
  return {'ok', int(now), counts(ib), {}, 0, false, 0, int(ib.m.due), 0, messages, target(ib.m, values[1], values[2]), {}}
end

local ib, projection = open(K, agent, deliveryId ~= '' and {'endpoint', 'secrets'} or {})
local m = ib.m
if deliveryId ~= '' and m.status ~= '' and (m.status ~= 'enabled' or m.push ~= 1) then
  -- whoever switches it on again is to ask for a wake anew
  m.wake_at = 0
  m.wake_id = ''
  flush(ib)
  return {'pull', int(now)}
end
if m.status == '' then return {'unknown', int(now)} end
if m.status ~= 'enabled' then return {'disabled', int(now)} end
local other = otherSegments(ib)
if other then return other end
if deliveryId ~= '' then
  if m.deliver_until > now and m.deliver_id ~= deliveryId then return {'busy', int(now), int(m.deliver_until)} end
  -- cleared before the claim: what is published from here on asks for a wake of its own
  m.wake_at = 0
  m.wake_id = ''
  if m.breaker_until > now then
    m.deliver_until = 0
    ib.ending = true
    local delay = askWake(ib)
    flush(ib)
    return {'breaker', int(now), int(m.breaker_until), delay}
  end
  -- half open: a single message tells whether the endpoint is back
  if m.breaker_until > 0 then max = math.min(max, 1) end
end

local again = settleDue(ib, math.max(2 * max, 100))
-- what was made ready just now has to be in its zsets before they are read
writeScores(ib, K.ready, 'addReady', 'remReady')
if corr ~= '' then writeScores(ib, K.correlated, 'addCorr', 'remCorr') end

local claimed, bytes, request, longest = 0, 0, {}, 0
local function take(s, envelope)
  leave(ib, s)
  s.st = 'L'
  s.lease = s.lease + 1
  s.att = s.att + 1
  local f = fixedOf(s)
  local ms = lease > 0 and lease or f.lms
  -- a message's own lease may be shorter than the sends that are settled together
  if deliveryId ~= '' then ms = math.max(ms, deliveryMs) end
  s.due = now + ms
  if ms > longest then longest = ms end
  m.leased = m.leased + 1
  -- its timer is set once more at most, by what was due and has made it ready
  ib.addTimer[s.seq] = nil
  local timers = ib.newTimers
  local n = #timers
  timers[n + 1] = int(s.due)
  timers[n + 2] = s.seq
  soon(ib, s.due)
  put(ib, s)
  claimed = claimed + 1
  bytes = bytes + f.size
  answer(s, envelope)
  request[claimed] = s.seq .. ':' .. int(s.lease)
end

local function consider(seqs, popped)
  local fields = {}
  for i, seq in ipairs(seqs) do fields[2 * i - 1] = seq; fields[2 * i] = 'm:' .. seq end
  local values = redis.call('HMGET', K.inbox, unpack(fields))
  local full, ready = false, {}
  for i, seq in ipairs(seqs) do
    local s = remember(ib, seq, values[2 * i - 1])
    if s and s.st == 'R' then
      s.popped = popped
      ready[#ready + 1] = {s = s, envelope = values[2 * i]}
    end
  end
  if not popped then
    table.sort(ready, function(a, b) return scoreOf(ib, a.s) < scoreOf(ib, b.s) end)
  end
  for _, found in ipairs(ready) do
    local s = found.s
    if s.exp <= now then finish(ib, s, 'expired', '-')
    elseif full or claimed >= max or (claimed > 0 and bytes + fixedOf(s).size > maxBytes) then
      full = true
      if popped then ib.addReady[s.seq] = scoreOf(ib, s); s.popped = nil end
    else take(s, found.envelope) end
  end
  return full
end

if max > 0 and m.ready > 0 then
  if corr == '' then
    for round = 1, 4 do
      local popped = redis.call('ZPOPMIN', K.ready, max - claimed)
      if #popped == 0 then break end
      local seqs = {}
      for i = 1, #popped, 2 do seqs[#seqs + 1] = popped[i] end
      local full = consider(seqs, true)
      if full or claimed >= max or m.ready <= 0 then break end
      if round == 4 then again = true end
    end
  else
    -- only ready messages are listed; a page of them is taken in order of urgency
    local from, page = '[' .. corr .. '\n', math.max(2 * max, 200)
    for round = 1, 4 do
      local found = redis.call('ZRANGEBYLEX', K.correlated, from, '(' .. corr .. '\n~', 'LIMIT', 0, page)
      local seqs = {}
      for i, member in ipairs(found) do seqs[i] = string.sub(member, #corr + 2) end
      if #seqs == 0 then break end
      if consider(seqs, false) or claimed >= max or #seqs < page then break end
      from = '(' .. found[#found]
      if round == 4 then again = true end
    end
  end
  releaseChains(ib)
end

if claimed > 0 then
  redis.call('SET', requestKey, table.concat(request, ' '), 'PX', int(2 * longest))
  if deliveryId ~= '' then
    m.deliver_id = deliveryId
    m.deliver_until = now + deliveryMs
    soon(ib, m.deliver_until)
    ib.wakeSoon = m.deliver_until
  end
elseif deliveryId ~= '' then
  m.deliver_until = 0
  ib.ending = true
end

local waiting = 0
if claimed == 0 and wait > 0 and not again then
  redis.call('ZREMRANGEBYSCORE', waiters, '-inf', int(now))
  redis.call('ZADD', waiters, int(now + wait), agent .. '\n' .. REQUEST)
  if redis.call('ZCARD', waiters) <= S.maxWaiters then
    redis.call('PEXPIRE', waiters, int(math.max(60000, 2 * wait)))
    waiting = 1
  else
    redis.call('ZREM', waiters, agent .. '\n' .. REQUEST)
  end
end

ib.delivering = deliveryId ~= '' and claimed > 0
local delay = askWake(ib)
-- else a waiting caller would run this script at each look
if m.due > 0 and m.due <= now then reschedule(ib) end
local history = flush(ib)
return {'ok', int(now), counts(ib), ib.bodies, history and 1 or 0, delay, again and 1 or 0, int(m.due), waiting, messages,
  target(m, projection[1], projection[2]), ib.died}
`}`,
}
