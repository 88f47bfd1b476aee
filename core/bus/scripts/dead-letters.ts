import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Reopens dead letters. Each goes to the tail of the inbox (and of its ordering key) with a new life and no attempts;
 * its ledger entry is written again, so that dedup holds for the new life too, unless its digest is ''.
 *
 * KEYS  those of inboxKeys, then per message 2 ledger keys (short now, long now), then its large body's key or ''
 * ARGV[3] agent   [4] how many   per message 2: sequence, digest
 * Answers {'ok', now, history to wake, wake delay or false, redriven}; what is no longer dead is passed over
 */
export const redriveScript: BusScript = {
  name: 'redrive',
  source: `${prelude}${String.raw`
local K = inboxKeys(1)
local n = tonumber(ARGV[4])
local seqs = {}
for i = 1, n do seqs[i] = ARGV[3 + 2 * i] end
local ib, values = open(K, ARGV[3], seqs)
local m = ib.m
if m.status == '' then return {'unknown', int(now)} end
local keys, near = {}, {}
for i, seq in ipairs(seqs) do
  local s = remember(ib, seq, values[i])
  if s and s.st == 'X' and s.key ~= '' then keys[#keys + 1] = s.key end
end
loadChains(ib, keys)
for _, key in ipairs(keys) do
  local chain = ib.chains[key]
  if chain.head ~= '-' then near[#near + 1] = chain.head; near[#near + 1] = chain.tail end
end
load(ib, near)
local redriven = 0
for i, seq in ipairs(seqs) do
  local s = ib.cache[seq]
  if s and s.st == 'X' then
    leave(ib, s)
    m.t = math.max(us, m.t + 1)
    m.redriven = m.redriven + 1
    redriven = redriven + 1
    s.rank = m.t
    s.place = int(m.t)
    s.eff = s.prio
    s.att = 0
    local f = fixedOf(s)
    local _, id = sourceOf(s)
    s.exp = now + f.ttl
    s.due = now
    s.done = 'v:' .. REQUEST
    s.reason = ''
    if s.key == '' or joinChain(ib, s) then enterReady(ib, s) end
    ib.events[#ib.events + 1] = 's'
    ib.events[#ib.events + 1] = table.concat({ib.agent, 'pending', int(math.max(us, s.rank)), s.att, s.source, ''}, '\n')
    local at = 12 + (i - 1) * 3
    local short = f.ttl <= S.shortLife
    local ledger = KEYS[at + (short and 1 or 2)]
    local digest = ARGV[4 + 2 * i]
    if digest ~= '' then
      redis.call('HSET', ledger, 'i:' .. id, digest .. ' ' .. f.acc .. ' ' .. seq .. ' ' .. ARGV[3])
      redis.call('PEXPIREAT', ledger, int(short and (S.short + 1) * S.shortMs + S.shortLife + S.keep or (S.long + 1) * S.longMs + LONGEST_LIFE + S.keep))
      -- publish asks again which ledgers there are
      if not short then redis.call('HDEL', KEYS[at + 1], 'older') end
    end
    if f.body ~= '-' then redis.call('PEXPIRE', KEYS[at + 3], int(f.ttl + S.deadMs + 2 * LEASE_LIMIT)) end
  elseif s and s.done == 'v:' .. REQUEST then
    -- this request did it, and its first answer was lost
    redriven = redriven + 1
  end
end
local delay = askWake(ib)
local history = flush(ib)
return {'ok', int(now), history and 1 or 0, delay, redriven}
`}`,
}

/**
 * Throws dead letters away; their status becomes discarded.
 *
 * KEYS  those of inboxKeys, buckets of recent outcomes
 * ARGV[3] agent   [4] segments of each bucket   [5] how many   then the sequences
 * Answers {'ok', now, history to wake, {orphaned body tokens}, discarded}; what is no longer dead is passed over
 */
export const discardScript: BusScript = {
  name: 'discard',
  source: `${prelude}${String.raw`
local K = inboxKeys(1)
local seqs = {}
for i = 1, tonumber(ARGV[5]) do seqs[i] = ARGV[5 + i] end
local ib, values = open(K, ARGV[3], seqs)
if ib.m.status == '' then return {'unknown', int(now)} end
local other = otherSegments(ib)
if other then return other end
local discarded = 0
local missing = {}
for i, seq in ipairs(seqs) do
  local s = remember(ib, seq, values[i])
  if s == nil then missing[#missing + 1] = seq
  elseif s.st == 'X' and not s.gone then
    s.reason = 'discarded by an operator'
    finish(ib, s, 'discarded', 'x:' .. REQUEST)
    discarded = discarded + 1
  end
end
if #missing > 0 then
  -- this request may have done it, and its first answer was lost
  local outcomes
  outcomes, other = findOutcomes(missing, 13, ARGV[4])
  if other then return other end
  for _, outcome in pairs(outcomes) do
    if string.find(outcome, ' x:' .. REQUEST .. ' ', 1, true) then discarded = discarded + 1 end
  end
end
local history = flush(ib)
return {'ok', int(now), history and 1 or 0, ib.bodies, discarded}
`}`,
}
