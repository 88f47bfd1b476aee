import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Settles leases: acknowledges, returns for a retry, fails, releases or extends them. An old receipt changes nothing;
 * a receipt settled before with the same action answers its first outcome.
 *
 * KEYS  those of inboxKeys, buckets of recent outcomes, large bodies that the receipts name
 * ARGV[3] agent   [4] random number in [0, 1) for the jitter   [5] delivery id or ''   [6] 1 to end the delivery
 *      [7] breaker failures   [8] breaker open until ms   [9] segments of each bucket   [10] how many receipts
 *      per receipt 5: action, sequence, lease, ms, reason
 *      action: a ack, n nack (ms: delay, -1 for the message's backoff), f fail, r release (the attempt does not count), e extend (ms: lease)
 * Answers {'ok', now, counts, history to wake, wake delay or false, results, {dead letters}}
 *         dead letter: {sender, message id, accepted ms, sequence}
 *         result: {'delivered' | 'retrying' | 'failed' | 'released' | 'extended', duplicate, ms} or {'stale', 0, 0}
 *         {'stale', now} when no receipt was valid; nothing is written
 *         {'unknown', now}
 */
export const settleScript: BusScript = {
  name: 'settle',
  source: `${prelude}${String.raw`
local K = inboxKeys(1)
local agent, random, deliveryId, last = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1'
local n = tonumber(ARGV[10])
local items, seqs = {}, {}
for i = 1, n do
  local at = 10 + (i - 1) * 5
  items[i] = {action = ARGV[at + 1], seq = ARGV[at + 2], lease = tonumber(ARGV[at + 3]), ms = tonumber(ARGV[at + 4]), reason = ARGV[at + 5]}
  seqs[i] = items[i].seq
end
local ib, values = open(K, agent, seqs)
local m = ib.m
if m.status == '' then return {'unknown', int(now)} end
local other = otherSegments(ib)
if other then return other end

local missing = {}
for i, seq in ipairs(seqs) do if not remember(ib, seq, values[i]) then missing[#missing + 1] = seq end end
local outcomes = {}
if #missing > 0 then
  outcomes, other = findOutcomes(missing, 13, ARGV[9])
  if other then return other end
end

-- full jitter for exponential backoff: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
local function backoff(s, i)
  local f = fixedOf(s)
  if f.backoff == 'f' then return f.base end
  local part = (random + i * 0.6180339887) % 1
  return math.floor(math.min(f.cap, f.base * 2 ^ (s.att - 1)) * part)
end

local results, valid = {}, 0
for i, item in ipairs(items) do
  local s = ib.cache[item.seq]
  local result = {'stale', 0, '0'}
  if s == nil then
    local status, lease, action = string.match(outcomes[item.seq] or '', '^(%S+) %S+ %S+ %S+ (%S+) (%S+) ')
    if tonumber(lease) == item.lease and action == item.action then result = {status, 1, '0'} end
  elseif s.gone then
    -- acknowledged above: a call may hold a receipt twice, even in two spellings
    if item.action == 'a' and s.lease == item.lease then result = {'delivered', 1, '0'} end
  elseif s.st == 'L' and s.lease == item.lease and s.due > now then
    if item.action == 'a' then
      -- why earlier attempts failed is no reason of this
      s.reason = ''
      finish(ib, s, 'delivered', 'a')
      result = {'delivered', 0, '0'}
    elseif item.action == 'e' and not s.extended and s.ext == s.lease .. ':' .. REQUEST then
      -- this request did it, and its first answer was lost; another one is a heartbeat and extends again
      result = {'extended', 0, int(s.due)}
    elseif item.action == 'e' then
      s.ext = s.lease .. ':' .. REQUEST
      s.extended = true
      s.due = math.min(now + item.ms, s.exp + LEASE_LIMIT)
      timer(ib, s, s.due)
      put(ib, s)
      result = {'extended', 0, int(s.due)}
    elseif item.action == 'r' then
      leave(ib, s)
      s.att = s.att - 1
      s.reason = item.reason
      s.done = s.lease .. ':r:released:0'
      enterReady(ib, s)
      result = {'released', 0, '0'}
    elseif item.action == 'f' or isSpent(ib, s) then
      s.done = s.lease .. ':' .. item.action .. ':failed:0'
      die(ib, s, item.reason)
      result = {'failed', 0, '0'}
    else
      local delay = item.ms >= 0 and item.ms or backoff(s, i)
      -- what an endpoint asks for (Retry-After) is the least wait
      if deliveryId ~= '' then delay = math.max(item.ms, backoff(s, i)) end
      leave(ib, s)
      s.reason = item.reason
      s.done = s.lease .. ':n:retrying:' .. int(now + delay)
      if delay > 0 then enterDelayed(ib, s, now + delay) else enterReady(ib, s) end
      result = {'retrying', 0, int(now + delay)}
    end
  else
    local lease, action, outcome, at = string.match(s.done, '^(%d+):(%a):(%a+):(%d+)$')
    if tonumber(lease) == item.lease and action == item.action then
      result = {outcome, 1, at}
      if outcome == 'failed' and s.st == 'X' then tellDead(ib, s) end
    end
  end
  if result[1] ~= 'stale' then valid = valid + 1 end
  results[i] = result
end

local mine = deliveryId ~= '' and m.deliver_id == deliveryId
if n > 0 and valid == 0 and not mine then return {'stale', int(now)} end

releaseChains(ib)
if mine then
  m.breaker_failures = tonumber(ARGV[7])
  m.breaker_until = tonumber(ARGV[8])
  if last then m.deliver_until = 0; m.deliver_id = '' end
end
local bodies = {}
for _, token in ipairs(ib.bodies) do
  for i = 13, #KEYS do if string.sub(KEYS[i], -#token - 1) == ':' .. token then bodies[#bodies + 1] = KEYS[i] end end
end
if #bodies > 0 then redis.call('DEL', unpack(bodies)) end
ib.ending = deliveryId ~= '' and last
local delay = askWake(ib)
local history = flush(ib)
return {'ok', int(now), counts(ib), history and 1 or 0, delay, results, ib.died}
`}`,
}
