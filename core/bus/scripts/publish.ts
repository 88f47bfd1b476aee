import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Accepts a batch of messages, all or nothing, each once.
 *
 * KEYS  per sender 7: ledger short now, before; ledger long now, before, before that; hops now, before
 *       per recipient 5: inbox, ready, timers, correlated, hops now
 *       per outbox shard 3: outbox, its bytes, due
 *       per large body 1
 * ARGV[3..7]  how many senders, recipients, shards, bodies, messages
 *       sender names; recipient names; the shard (1-based) of each recipient
 *       per message 7: head, ordering key, message id, correlation id, digest, causation id, envelope
 *       head: sender recipient priority ttl delay max_attempts lease backoff base cap size body_token body_index
 *       (times in ms; body_token '-' and index 0 for an inline envelope)
 * Answers {'ok', now, {shards whose history to wake}, {recipient, delay, …} wakes, {duplicate, accepted ms, sequence, recipient}…}
 *         {'errors', now, index, code, …}  conflict, unknown, disabled, full, dead, loop; nothing is written
 *         {'backlog', now}  history is too far behind; nothing is written
 */
export const publishScript: BusScript = {
  name: 'publish',
  source: `${prelude}${String.raw`
local nSenders, nRecipients, nShards, nBodies, nMessages = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local at = 7
local senders, recipients, shards = {}, {}, {}
for i = 1, nSenders do
  local k = (i - 1) * 7
  senders[i] = {name = ARGV[at + i], short = {KEYS[k + 1], KEYS[k + 2]}, long = {KEYS[k + 3], KEYS[k + 4], KEYS[k + 5]},
    hops = {KEYS[k + 6], KEYS[k + 7]}, messages = {}}
  senders[i].short.write = {}
  senders[i].long.write = {}
end
at = at + nSenders
local base = nSenders * 7
for i = 1, nShards do
  local k = base + nRecipients * 5 + (i - 1) * 3
  shards[i] = {outbox = KEYS[k + 1], bytes = KEYS[k + 2], due = KEYS[k + 3], events = {}}
end
for i = 1, nRecipients do
  local k = base + (i - 1) * 5
  local shard = shards[tonumber(ARGV[at + nRecipients + i])]
  recipients[i] = {name = ARGV[at + i], shard = shard, hopsKey = KEYS[k + 5], messages = {}, hops = {}, keys = {},
    K = {inbox = KEYS[k + 1], ready = KEYS[k + 2], timers = KEYS[k + 3], correlated = KEYS[k + 4], due = shard.due}}
end
at = at + nRecipients * 2
local bodyBase = base + nRecipients * 5 + nShards * 3

local messages = {}
for i = 1, nMessages do
  local sender, recipient, prio, ttl, delay, max, lms, backoff, bbase, cap, size, token, body = string.match(ARGV[at + 1], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local x = {index = i, sender = senders[tonumber(sender)], recipient = recipients[tonumber(recipient)], prio = tonumber(prio),
    ttl = tonumber(ttl), delay = tonumber(delay), max = tonumber(max), lms = tonumber(lms), backoff = backoff, base = tonumber(bbase),
    cap = tonumber(cap), size = tonumber(size), token = token, body = tonumber(body), key = ARGV[at + 2], id = ARGV[at + 3],
    corr = ARGV[at + 4], digest = ARGV[at + 5], cause = ARGV[at + 6], envelope = ARGV[at + 7], hop = 0}
  messages[i] = x
  local list = x.sender.messages
  list[#list + 1] = x
  at = at + 7
end

local errors = {}
local function refuse(x, code) errors[#errors + 1] = x.index - 1; errors[#errors + 1] = code end

-- has the sender used these ids before?
local function seen(x, entry)
  local digest, accepted, seq, recipient = string.match(entry, '^(%S+) (%S+) (%S+) (.*)$')
  if digest ~= x.digest then refuse(x, 'conflict') end
  x.duplicate = {1, accepted, seq, recipient}
end
for _, sender in ipairs(senders) do
  local fields = {'older'}
  for i, x in ipairs(sender.messages) do fields[i + 1] = 'i:' .. x.id end
  local function look(key)
    local values = redis.call('HMGET', key, unpack(fields))
    for i, x in ipairs(sender.messages) do if values[i + 1] and not x.duplicate then seen(x, values[i + 1]) end end
    return values[1]
  end
  -- the short bucket remembers which others there are, so that most publishes look at this one alone:
  -- none '-', the one before 'b', that and long ones 'l'
  local older = look(sender.short[1])
  sender.known = older
  if not older then
    local there = redis.call('EXISTS', sender.short[2], unpack(sender.long))
    if there == 0 then older = '-' else
      if look(sender.short[2]) then there = there - 1 end
      older = there > 0 and 'l' or 'b'
    end
  elseif older ~= '-' then look(sender.short[2]) end
  if older == 'l' then
    sender.longKnown = look(sender.long[1])
    look(sender.long[2])
    look(sender.long[3])
  end
  sender.older = older
  -- hop counts of the messages that these answer
  local asking, causes = {}, {}
  for _, x in ipairs(sender.messages) do
    if x.cause ~= '' and not x.duplicate then asking[#asking + 1] = x; causes[#causes + 1] = x.cause; x.hop = 1 end
  end
  if #asking > 0 then
    for bucket = 2, 1, -1 do
      local values = redis.call('HMGET', sender.hops[bucket], unpack(causes))
      for i, x in ipairs(asking) do if values[i] then x.hop = tonumber(values[i]) + 1 end end
    end
    for _, x in ipairs(asking) do if x.hop > S.hopLimit then refuse(x, 'loop') end end
  end
end

-- does the recipient exist, and has it room?
for _, x in ipairs(messages) do
  if not x.duplicate then
    local r = x.recipient
    r.messages[#r.messages + 1] = x
    if x.key ~= '' and not r.keys[x.key] then r.keys[x.key] = true; r.keys[#r.keys + 1] = x.key end
  end
end
for _, r in ipairs(recipients) do
  if #r.messages > 0 then
    local extra = {}
    for i, key in ipairs(r.keys) do extra[i] = 'k:' .. key end
    local ib, chains = open(r.K, r.name, extra)
    r.ib = ib
    local count, bytes = ib.m.ready + ib.m.held + ib.m.delayed + ib.m.leased + ib.m.dead, ib.m.bytes
    local near = {}
    for i, key in ipairs(r.keys) do
      local chain = rememberChain(ib, key, chains[i])
      if chain.head ~= '-' then near[#near + 1] = chain.head; near[#near + 1] = chain.tail end
    end
    for _, x in ipairs(r.messages) do
      count = count + 1
      bytes = bytes + x.size
      if ib.m.status == '' then refuse(x, 'unknown')
      elseif ib.m.status ~= 'enabled' then refuse(x, 'disabled')
      elseif count > S.maxMessages or bytes > S.maxBytes then refuse(x, 'full')
      elseif ib.m.dead >= S.maxDead then refuse(x, 'dead') end
    end
    r.near = near
  end
end
if #errors > 0 then return {'errors', int(now), unpack(errors)} end

-- collect, then write
for _, r in ipairs(recipients) do
  local ib = r.ib
  if ib then
    load(ib, r.near)
    for _, x in ipairs(r.messages) do
      local m = ib.m
      m.t = math.max(us, m.t + 1)
      local seq = int(m.t)
      local s = {seq = seq, rank = m.t, prio = x.prio, eff = x.prio, exp = now + x.ttl, att = 0, lease = 0, due = now + x.delay,
        done = '-', prev = '-', next = '-', max = x.max, lms = x.lms, backoff = x.backoff, base = x.base, cap = x.cap, ttl = x.ttl,
        size = x.size, hop = x.hop, body = x.token, acc = now, ext = '-', key = x.key, from = x.sender.name, id = x.id, corr = x.corr, reason = ''}
      ib.cache[seq] = s
      x.seq = seq
      m.accepted = m.accepted + 1
      m.bytes = m.bytes + x.size
      if x.token == '-' then
        ib.fields[#ib.fields + 1] = 'm:' .. seq
        ib.fields[#ib.fields + 1] = x.envelope
      end
      if s.key == '' or joinChain(ib, s) then
        if x.delay > 0 then enterDelayed(ib, s, s.due) else enterReady(ib, s) end
      end
      if x.hop > 0 then r.hops[#r.hops + 1] = x.id; r.hops[#r.hops + 1] = x.hop end
      local events = r.shard.events
      events[#events + 1] = 'a'
      events[#events + 1] = seq .. '\n' .. r.name .. '\n' .. x.envelope
      local write = x.ttl <= S.shortLife and x.sender.short.write or x.sender.long.write
      write[#write + 1] = 'i:' .. x.id
      write[#write + 1] = x.digest .. ' ' .. int(now) .. ' ' .. seq .. ' ' .. r.name
    end
  end
end

-- nothing was written up to here
local history = {}
local added = {}
for i, shard in ipairs(shards) do
  if #shard.events > 0 then
    local size = sizeOf(shard.events)
    local total = redis.call('INCRBY', shard.bytes, size)
    added[#added + 1] = {shard.bytes, size}
    if total > S.outboxMax and total > size then
      for _, undo in ipairs(added) do
        -- a count that this call made must not stay behind
        if redis.call('DECRBY', undo[1], undo[2]) == 0 then redis.call('DEL', undo[1]) end
      end
      return {'backlog', int(now)}
    end
    if total == size then history[#history + 1] = i - 1 end
  end
end
for _, shard in ipairs(shards) do append(shard.outbox, shard.events) end

local wakes = {}
for i, r in ipairs(recipients) do
  if r.ib then
    local delay = askWake(r.ib)
    if delay then wakes[#wakes + 1] = i - 1; wakes[#wakes + 1] = delay end
    flush(r.ib)
    if #r.hops > 0 then
      redis.call('HSET', r.hopsKey, unpack(r.hops))
      redis.call('PEXPIREAT', r.hopsKey, int((S.short + 2) * S.shortMs))
    end
  else
    -- only duplicates: when the first answer of this very request was lost, so was its wake
    local wake = redis.call('HMGET', r.K.inbox, 'wake_id', 'wake_at')
    if wake[1] == REQUEST and tonumber(wake[2] or 0) > 0 then
      wakes[#wakes + 1] = i - 1
      wakes[#wakes + 1] = int(math.max(0, tonumber(wake[2]) - now))
    end
  end
end
for _, x in ipairs(messages) do
  if x.body > 0 and not x.duplicate then
    redis.call('SET', KEYS[bodyBase + x.body], x.envelope, 'PX', int(x.ttl + S.deadMs + 2 * LEASE_LIMIT))
  end
end
for _, sender in ipairs(senders) do
  local short, long = sender.short.write, sender.long.write
  if #long > 0 then
    sender.older = 'l'
    if not sender.longKnown then long[#long + 1] = 'older'; long[#long + 1] = '-' end
    redis.call('HSET', sender.long[1], unpack(long))
    if not sender.longKnown then redis.call('PEXPIREAT', sender.long[1], int((S.long + 1) * S.longMs + LONGEST_LIFE + S.keep)) end
  end
  if (#short > 0 or #long > 0) and sender.known ~= sender.older then short[#short + 1] = 'older'; short[#short + 1] = sender.older end
  if #short > 0 then
    redis.call('HSET', sender.short[1], unpack(short))
    if not sender.known then redis.call('PEXPIREAT', sender.short[1], int((S.short + 1) * S.shortMs + S.shortLife + S.keep)) end
  end
end

local results = {}
for i, x in ipairs(messages) do
  results[i] = x.duplicate or {0, int(now), x.seq, x.recipient.name}
end
return {'ok', int(now), history, wakes, results}
`}`,
}
