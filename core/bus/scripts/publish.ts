import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Accepts a batch of messages, all or nothing, each once.
 *
 * KEYS  per sender the segments of 5 ledger buckets (short now and before; long now, before and before that), then hops now, before
 *       per recipient 5: inbox, ready, timers, correlated, hops now
 *       per outbox shard 3: outbox, its bytes, due
 *       per large body 1
 * ARGV[3..7]  how many senders, recipients, shards, bodies, messages
 *       sender names; how many segments of each ledger bucket are declared, per sender; recipient names; the shard (1-based) of each recipient
 *       per message 7: head, ordering key, message id, correlation id, digest, causation id, envelope
 *       head: sender recipient priority delay max_attempts lease backoff base cap ttl body_token body_index
 *       (times in ms; body_token '-' and index 0 for an inline envelope)
 * Answers {'ok', now, {places in the list of shards whose history to wake}, {recipient, delay, …} wakes, results}
 *         result: the sequence, or of a duplicate {accepted ms, sequence, recipient}
 *         {'errors', now, index, code, …}  conflict, unknown, disabled, full, dead, loop; nothing is written
 *         {'backlog', now}  history is too far behind; nothing is written
 */
export const publishScript: BusScript = {
  name: 'publish',
  source: `${prelude}${String.raw`
local nSenders, nRecipients, nShards, nBodies, nMessages = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local at, k = 7, 0
local function take(n)
  local keys = {}
  for i = 1, n do keys[i] = KEYS[k + i] end
  k = k + n
  return keys
end
local senders, recipients, shards = {}, {}, {}
for i = 1, nSenders do
  local buckets = {}
  for n in string.gmatch(ARGV[at + nSenders + i], '%d+') do
    buckets[#buckets + 1] = {keys = take(tonumber(n)), last = 0, bytes = 0, write = {}}
  end
  senders[i] = {name = ARGV[at + i], short = buckets[1], shortBefore = buckets[2], long = buckets[3], longBefore = {buckets[4], buckets[5]},
    hops = take(2), messages = {}}
end
at = at + 2 * nSenders
for i = 1, nRecipients do
  local keys = take(5)
  recipients[i] = {name = ARGV[at + i], hopsKey = keys[5], messages = {}, hops = {}, keys = {},
    K = {inbox = keys[1], ready = keys[2], timers = keys[3], correlated = keys[4]}}
end
for i = 1, nShards do
  local keys = take(3)
  shards[i] = {outbox = keys[1], bytes = keys[2], due = keys[3], events = {}}
end
for i, r in ipairs(recipients) do
  r.shard = shards[tonumber(ARGV[at + nRecipients + i])]
  r.K.due = r.shard.due
end
at = at + nRecipients * 2
local bodyBase = k

-- most messages of a batch have one of a few heads
local heads = {}
local function headOf(text)
  local h = heads[text]
  if not h then
    local sender, recipient, prio, delay, delivery, ttl, token, body = string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+ %S+ %S+ %S+ %S+ (%S+)) (%S+) (%S+)$')
    h = {sender = senders[tonumber(sender)], recipient = recipients[tonumber(recipient)], prio = tonumber(prio), delay = tonumber(delay),
      delivery = delivery, ttl = tonumber(ttl), token = token, body = tonumber(body)}
    heads[text] = h
  end
  return h
end
local messages = {}
for i = 1, nMessages do
  local h, envelope = headOf(ARGV[at + 1]), ARGV[at + 7]
  local sender = h.sender
  local x = {index = i, sender = sender, recipient = h.recipient, prio = h.prio, ttl = h.ttl, delay = h.delay, delivery = h.delivery,
    size = #envelope, token = h.token, body = h.body, key = ARGV[at + 2], id = ARGV[at + 3], corr = ARGV[at + 4], digest = ARGV[at + 5],
    cause = ARGV[at + 6], envelope = envelope, hop = 0, from = sender.name, exp = 0, due = 0, seq = '', record = 0, duplicate = false}
  messages[i] = x
  local list = sender.messages
  list[#list + 1] = x
  at = at + 7
end

local errors = {}
local function refuse(x, code) errors[#errors + 1] = x.index - 1; errors[#errors + 1] = code end

-- has the sender used these ids before?
local function seen(x, entry)
  local digest, accepted, seq, recipient = string.match(entry, '^(%S+) (%S+) (%S+) (.*)$')
  if digest ~= x.digest then refuse(x, 'conflict') end
  x.duplicate = {accepted, seq, recipient}
end
local undeclared = {'segments', int(now)}
for _, sender in ipairs(senders) do
  local fields, ids = {'older', 'last', 'bytes'}, {}
  for i, x in ipairs(sender.messages) do ids[i] = 'i:' .. x.id; fields[i + 3] = ids[i] end
  -- spare: one segment more must be declared, for the bucket that is written to
  local function look(bucket, spare)
    local values = redis.call('HMGET', bucket.keys[1], unpack(fields))
    bucket.there, bucket.last, bucket.bytes = values[1], tonumber(values[2] or 0), tonumber(values[3] or 0)
    for i, x in ipairs(sender.messages) do if values[i + 3] and not x.duplicate then seen(x, values[i + 3]) end end
    if bucket.last + 1 + spare > #bucket.keys then
      undeclared[#undeclared + 1] = bucket.keys[1]
      undeclared[#undeclared + 1] = bucket.last
    end
    for segment = 2, math.min(bucket.last + 1, #bucket.keys) do
      values = redis.call('HMGET', bucket.keys[segment], unpack(ids))
      for i, x in ipairs(sender.messages) do if values[i] and not x.duplicate then seen(x, values[i]) end end
    end
    return bucket.there
  end
  -- the short bucket remembers which others there are, so that most publishes look at this one alone:
  -- none '-', the one before 'b', that and long ones 'l'
  local older = look(sender.short, 1)
  if not older then
    local there = redis.call('EXISTS', sender.shortBefore.keys[1], sender.long.keys[1], sender.longBefore[1].keys[1], sender.longBefore[2].keys[1])
    if there == 0 then older = '-' else
      if look(sender.shortBefore, 0) then there = there - 1 end
      older = there > 0 and 'l' or 'b'
    end
  elseif older ~= '-' then look(sender.shortBefore, 0) end
  if older == 'l' then
    look(sender.long, 1)
    look(sender.longBefore[1], 0)
    look(sender.longBefore[2], 0)
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
      for i, x in ipairs(asking) do if values[i] then x.hop = tonumber(string.match(values[i], '^%d+')) + 1 end end
    end
    for _, x in ipairs(asking) do if x.hop > S.hopLimit then refuse(x, 'loop') end end
  end
end

if #undeclared > 2 then return undeclared end

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
    local count, bytes, record = ib.m.ready + ib.m.held + ib.m.delayed + ib.m.leased + ib.m.dead, ib.m.bytes, ib.m.record
    local near = {}
    for i, key in ipairs(r.keys) do
      local chain = rememberChain(ib, key, chains[i])
      if chain.head ~= '-' then near[#near + 1] = chain.head; near[#near + 1] = chain.tail end
    end
    local before = {count, bytes, record}
    for _, x in ipairs(r.messages) do
      x.record = sizeInInbox(x)
      bytes = bytes + x.size
      record = record + x.record
    end
    -- what takes all of them takes each
    if refusalOf(ib, count + #r.messages, bytes, record) then
      count, bytes, record = unpack(before)
      for _, x in ipairs(r.messages) do
        count = count + 1
        bytes = bytes + x.size
        record = record + x.record
        local refused = refusalOf(ib, count, bytes, record)
        if refused then refuse(x, refused) end
      end
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
      x.exp = now + x.ttl
      x.due = now + x.delay
      local seq = accept(ib, x)
      x.seq = seq
      if x.hop > 0 then r.hops[#r.hops + 1] = x.id; r.hops[#r.hops + 1] = x.hop; r.hops[#r.hops + 1] = x.from end
      local events = r.shard.events
      events[#events + 1] = 'a\n' .. seq .. '\n' .. r.name
      events[#events + 1] = x.envelope
      local write = x.ttl <= S.shortLife and x.sender.short.write or x.sender.long.write
      write[#write + 1] = 'i:' .. x.id
      write[#write + 1] = x.digest .. ' ' .. int(now) .. ' ' .. seq .. ' ' .. r.name
    end
  end
end

-- nothing was written up to here
local history = writeOutbox(shards)
if not history then return {'backlog', int(now)} end

local wakes = {}
for i, r in ipairs(recipients) do
  if r.ib then
    local delay = askWake(r.ib)
    if delay then wakes[#wakes + 1] = i - 1; wakes[#wakes + 1] = delay end
    noteHops(r)
    flush(r.ib)
  else
    -- only duplicates: when the first answer of this very request was lost, so was its wake
    local delay = repeatWake(r.K.inbox)
    if delay then wakes[#wakes + 1] = i - 1; wakes[#wakes + 1] = delay end
  end
end
for _, x in ipairs(messages) do
  if x.body > 0 and not x.duplicate then
    redis.call('SET', KEYS[bodyBase + x.body], x.envelope, 'PX', int(x.ttl + S.deadMs + 2 * LEASE_LIMIT))
  end
end
-- Writes entries to the last segment of a bucket, or to a new one, and fields about the bucket to its first.
local function writeLedger(bucket, about, ends)
  local index = bucket.last
  if bucket.bytes > S.recordMax then
    index = index + 1
    bucket.bytes = 0
    about[#about + 1] = 'last'
    about[#about + 1] = index
  end
  about[#about + 1] = 'bytes'
  about[#about + 1] = int(bucket.bytes + weigh(bucket.write))
  if index > 0 and #bucket.write > 0 then
    redis.call('HSET', bucket.keys[index + 1], unpack(bucket.write))
    if index > bucket.last then redis.call('PEXPIREAT', bucket.keys[index + 1], int(ends)) end
  elseif index == 0 then
    for i = 1, #bucket.write do about[#about + 1] = bucket.write[i] end
  end
  redis.call('HSET', bucket.keys[1], unpack(about))
  if not bucket.there then redis.call('PEXPIREAT', bucket.keys[1], int(ends)) end
end
for _, sender in ipairs(senders) do
  local short, long = sender.short, sender.long
  if #long.write > 0 then
    sender.older = 'l'
    writeLedger(long, long.there and {} or {'older', '-'}, (S.long + 1) * S.longMs + LONGEST_LIFE + S.keep)
  end
  if #short.write > 0 or (#long.write > 0 and short.there ~= 'l') then
    writeLedger(short, short.there == sender.older and {} or {'older', sender.older}, (S.short + 1) * S.shortMs + S.shortLife + S.keep)
  end
end

local results = {}
for i, x in ipairs(messages) do results[i] = x.duplicate or x.seq end
return {'ok', int(now), history, wakes, results}
`}`,
}
