/** How a message gets into an inbox: by publish, or from a relay's inbox to those of its recipients. */
export const accept = String.raw`
-- What a message takes in the inbox hash. x: what is known of it before it has a state.
local function sizeInInbox(x)
  return entrySize(x.token, x.size, x.key, #x.from + #x.id, x.corr)
end

-- Why an inbox does not take a message with which it would hold so much: unknown, disabled, full, dead; nil when it does.
local function refusalOf(ib, count, bytes, record)
  if ib.m.status == '' then return 'unknown' end
  if ib.m.status ~= 'enabled' then return 'disabled' end
  if count > S.maxMessages or bytes > S.maxBytes or record > S.recordMax then return 'full' end
  if ib.m.dead >= S.maxDead then return 'dead' end
end

-- Puts a message into an inbox whose chain of its ordering key is loaded. x: prio, exp, due, delivery ('max lms backoff base
-- cap ttl'), size, hop, token, envelope, key, from, id, corr, and record, what sizeInInbox says, where it is known. Returns its sequence.
local function accept(ib, x)
  local m = ib.m
  local t = m.t + 1
  if t < us then t = us end
  m.t = t
  local seq = format('%.0f', t)
  local source = x.from .. '\n' .. x.id
  local fixed = x.delivery .. ' ' .. int(x.size) .. ' ' .. int(x.hop) .. ' ' .. x.token .. ' ' .. int(now)
  local fields = ib.fields
  m.accepted = m.accepted + 1
  m.bytes = m.bytes + x.size
  m.record = m.record + (x.record or sizeInInbox(x))
  if x.token == '-' then
    local n = #fields
    fields[n + 1] = 'm:' .. seq
    fields[n + 2] = x.envelope
  end
  if x.key == '' and x.due <= now then
    -- nothing else in a script looks at it again, so it needs no state but the text
    local ready, timers, n, r = ib.newReady, ib.newTimers, #fields, #ib.newReady
    fields[n + 1] = seq
    fields[n + 2] = encodeReady(seq, int(x.prio), int(x.exp), int(x.due), fixed, source, x.corr)
    m.ready = m.ready + 1
    ready[r + 1] = format('%.0f', t + OFFSET[x.prio])
    ready[r + 2] = seq
    if x.corr ~= '' then ib.addCorr[correlatedMember(x.corr, x.prio, seq, seq)] = 0 end
    n = #timers
    timers[n + 1] = int(x.exp)
    timers[n + 2] = seq
    soon(ib, x.exp)
    return seq
  end
  local s = {seq = seq, place = seq, rank = t, prio = x.prio, eff = x.prio, exp = x.exp, att = 0, lease = 0, due = x.due,
    done = '-', prev = '-', next = '-', fixed = fixed, ext = '-', lines = x.key .. '\n' .. source .. '\n' .. x.corr, key = x.key,
    source = source, corr = x.corr, reason = ''}
  ib.cache[seq] = s
  if s.key == '' or joinChain(ib, s) then
    if s.due > now then enterDelayed(ib, s, s.due) else enterReady(ib, s) end
  end
  return seq
end

-- Appends the events of shards {outbox, bytes, events} to their outboxes: the first thing that is written.
-- Returns the places of those whose history is to be woken; nil, with nothing written, when one is too far behind.
local function writeOutbox(shards)
  local history, added = {}, {}
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
        return nil
      end
      if total == size then history[#history + 1] = i - 1 end
    end
  end
  for _, shard in ipairs(shards) do append(shard.outbox, shard.events) end
  return history
end

-- Writes down the hop counts r.hops {id, hops, sender, ...} of what r.ib took in: hops and sender by id.
local function noteHops(r)
  local m = r.ib.m
  if m.hops_period ~= S.short then m.hops_period = S.short; m.hops_bytes = 0 end
  -- so many that their record would be too large: from here on a cause counts as unknown
  if #r.hops > 0 and m.hops_bytes <= S.recordMax then
    local ids = {}
    for k = 1, #r.hops, 3 do ids[#ids + 1] = r.hops[k] end
    local known, fields, written = redis.call('HMGET', r.hopsKey, unpack(ids)), {}, {}
    for k = 1, #ids do
      local hop, from = r.hops[3 * k - 1], r.hops[3 * k]
      local old = written[ids[k]] or known[k]
      local oldHop, oldFrom = string.match(old or '', '^(%d+) (.*)$')
      -- who uses an id that another one has used has no say in how long that one's chain is
      if not oldHop or (oldFrom == from and tonumber(oldHop) < hop) then
        written[ids[k]] = int(hop) .. ' ' .. from
        fields[#fields + 1] = ids[k]
        fields[#fields + 1] = written[ids[k]]
      end
    end
    r.hops = fields
  end
  if #r.hops > 0 and m.hops_bytes <= S.recordMax then
    redis.call('HSET', r.hopsKey, unpack(r.hops))
    if m.hops_bytes == 0 then redis.call('PEXPIREAT', r.hopsKey, int((S.short + 2) * S.shortMs)) end
    m.hops_bytes = m.hops_bytes + weigh(r.hops)
  end
end

-- The delay of the wake that this very request asked for, when its first answer was lost; false otherwise.
local function repeatWake(inbox)
  local wake = redis.call('HMGET', inbox, 'wake_id', 'wake_at')
  if wake[1] ~= REQUEST or tonumber(wake[2] or 0) == 0 then return false end
  return int(math.max(0, tonumber(wake[2]) - now))
end
`
