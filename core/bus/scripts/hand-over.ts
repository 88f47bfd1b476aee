import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Hands a message that a relay holds under a lease to the inboxes of some of its recipients, each of them once however
 * often it is asked to, and keeps what became of it at each. All of these inboxes take it or none does: those that have
 * no room are kept for later.
 *
 * KEYS  handed, later, the relay's inbox, its large body or '', the holders of that
 *       per recipient 5: inbox, ready, timers, correlated, hops now
 *       per outbox shard 3: outbox, its bytes, due
 * ARGV[3] relay   [4] sequence   [5] lease   [6] max_attempts lease backoff base cap, of the recipients' own deliveries
 *      [7] how far the recipients have been read, or ''   [8] 1 to give up on those that have no room
 *      [9] 1 when a single recipient is to have it, ever   [10] how many recipients   [11] how many shards
 *      recipient names; the shard (1-based) of each
 * Answers {'ok', now, {places in the list of shards whose history to wake}, {recipient, delay, …} wakes, {result of each recipient}}
 *         result: accepted, already (also when another one has what is for one alone), full, unknown, disabled
 *         {'stale', now} the lease has ended; {'expired', now} the message has; {'backlog', now} history is too far behind
 *         nothing is written then
 */
export const handOverScript: BusScript = {
  name: 'hand-over',
  source: `${prelude}${String.raw`
local handed, later, relayInbox, bodyKey, holders = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local relay, sequence, lease, cursor = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[7]
local giveUp, single = ARGV[8] == '1', ARGV[9] == '1'
local nRecipients, nShards = tonumber(ARGV[10]), tonumber(ARGV[11])

local found = redis.call('HMGET', relayInbox, sequence, 'm:' .. sequence)
local message = found[1] and decode(sequence, found[1])
if not message or message.st ~= 'L' or message.lease ~= lease or message.due <= now then return {'stale', int(now)} end
local envelope = found[2]
local fixed = fixedOf(message)
if fixed.body ~= '-' then envelope = redis.call('GET', bodyKey) end
if message.exp <= now or not envelope then return {'expired', int(now)} end

local shards, k = {}, 5 + 5 * nRecipients
for i = 1, nShards do shards[i] = {outbox = KEYS[k + 1], bytes = KEYS[k + 2], due = KEYS[k + 3], events = {}}; k = k + 3 end
local recipients, fields = {}, {'~cursor', '~to'}
for i = 1, nRecipients do
  local at = 5 * i
  local shard = shards[tonumber(ARGV[11 + nRecipients + i])]
  recipients[i] = {name = ARGV[11 + i], shard = shard, hopsKey = KEYS[at + 5], hops = {},
    K = {inbox = KEYS[at + 1], ready = KEYS[at + 2], timers = KEYS[at + 3], correlated = KEYS[at + 4], due = shard.due}}
  fields[i + 2] = ARGV[11 + i]
end
local known = redis.call('HMGET', handed, unpack(fields))
local first = not known[1] and not known[2]

-- who takes it?
local from, id = sourceOf(message)
local x = {prio = message.prio, exp = message.exp, due = 0, delivery = ARGV[6] .. ' ' .. int(fixed.ttl), size = fixed.size, hop = fixed.hop,
  token = fixed.body, envelope = envelope, key = message.key, from = from, id = id, corr = message.corr}
for i, r in ipairs(recipients) do
  if known[i + 2] or (single and known[2] and known[2] ~= r.name) then r.result = 'already' else
    local ib, chains = open(r.K, r.name, x.key ~= '' and {'k:' .. x.key} or {})
    local m = ib.m
    local refused = refusalOf(ib, m.ready + m.held + m.delayed + m.leased + m.dead + 1, m.bytes + x.size, m.record + sizeInInbox(x))
    if not refused then
      r.ib = ib
      if x.key ~= '' then
        local chain = rememberChain(ib, x.key, chains[1])
        if chain.head ~= '-' then load(ib, {chain.head, chain.tail}) end
      end
      r.result = 'accepted'
    else
      r.result = refused == 'dead' and 'full' or refused
    end
  end
end

-- collect, then write
local wrote, full, took, ended = {}, {}, {}, {}
for _, r in ipairs(recipients) do
  local events = r.shard.events
  if r.result == 'accepted' then
    local seq = accept(r.ib, x)
    if x.hop > 0 then r.hops = {x.id, x.hop, x.from} end
    events[#events + 1] = 'a\n' .. seq .. '\n' .. r.name
    events[#events + 1] = envelope
    wrote[#wrote + 1] = r.name
    wrote[#wrote + 1] = seq
    took[#took + 1] = r.name
    ended[#ended + 1] = r.name
  elseif r.result == 'full' and not giveUp then full[#full + 1] = r.name
  elseif r.result ~= 'already' and not single then
    -- it ends here: history tells how
    local code = r.result == 'full' and 'inbox.full' or 'agent.' .. r.result
    ended[#ended + 1] = r.name
    events[#events + 1] = 'a\n' .. int(us) .. '\n' .. r.name
    events[#events + 1] = envelope
    events[#events + 1] = 's'
    events[#events + 1] = table.concat({r.name, 'failed', int(us + 1), 0, x.from, x.id, code}, '\n')
    wrote[#wrote + 1] = r.name
    wrote[#wrote + 1] = '!' .. code
  end
end
local history = writeOutbox(shards)
if not history then return {'backlog', int(now)} end

-- as long as the sender's ledger knows the message
local accepted = tonumber(fixed.acc)
local ends = fixed.ttl <= S.shortLife and accepted + S.shortMs + S.shortLife + S.keep or accepted + S.longMs + LONGEST_LIFE + S.keep
if single and #took > 0 then wrote[#wrote + 1] = '~to'; wrote[#wrote + 1] = took[1] end
if cursor ~= '' and cursor ~= known[1] then wrote[#wrote + 1] = '~cursor'; wrote[#wrote + 1] = cursor end
if #wrote > 0 then
  redis.call('HSET', handed, unpack(wrote))
  if first then redis.call('PEXPIREAT', handed, int(ends)) end
end
if #full > 0 and not single then
  redis.call('SADD', later, unpack(full))
  redis.call('PEXPIREAT', later, int(ends))
end
-- only recipients that were kept for later are asked without a cursor
if cursor == '' and not single and #ended > 0 then redis.call('SREM', later, unpack(ended)) end
if fixed.body ~= '-' and #took > 0 then
  redis.call('SADD', holders, relay, unpack(took))
  redis.call('PEXPIREAT', holders, int(accepted + 2 * (fixed.ttl + S.deadMs + 2 * LEASE_LIMIT)))
end
local wakes, results = {}, {}
for i, r in ipairs(recipients) do
  local delay = false
  if r.ib then
    delay = askWake(r.ib)
    noteHops(r)
    flush(r.ib)
  elseif r.result == 'already' then delay = repeatWake(r.K.inbox) end
  if delay then wakes[#wakes + 1] = i - 1; wakes[#wakes + 1] = delay end
  results[i] = r.result
end
return {'ok', int(now), history, wakes, results}
`}`,
}
