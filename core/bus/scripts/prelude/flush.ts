/** Writes what a script has collected. */
export const flush = String.raw`
-- Outcomes stay for outcomeMs after their bucket; those of long-lived messages as long as dedup can find the message.
local function writeOutcomes(ib, list, bucket, key, name, period, ends)
  if #list == 0 then return end
  local m, periodField, lastField, bytesField = ib.m, name .. '_period', name .. '_last', name .. '_bytes'
  redis.call('HSET', key, unpack(list))
  if m[periodField] ~= period then
    m[periodField] = period
    m[lastField] = 0
    m[bytesField] = 0
  end
  if m[bytesField] == 0 then
    redis.call('PEXPIREAT', key, int(ends))
    if m[lastField] > 0 then redis.call('HSET', bucket, 'last', m[lastField]) end
  end
  m[bytesField] = m[bytesField] + weigh(list)
  -- the next one to write goes on in a new segment
  if m[bytesField] > S.recordMax then m[lastField] = m[lastField] + 1; m[bytesField] = 0 end
end

-- Writes everything that was collected, each kind with one command. Returns true when history should be woken for the
-- shard.
local function flush(ib)
  local K, m = ib.K, ib.m
  if ib.soon and (m.due == 0 or ib.soon < m.due) then
    m.due = ib.soon
    redis.call('ZADD', K.due, int(m.due), ib.agent)
  end
  writeOutcomes(ib, ib.settled, K.settledBucket, K.settled, 'settled', S.settled, (S.settled + 1) * S.settledMs + S.outcomeMs)
  writeOutcomes(ib, ib.settledLong, K.settledLongBucket, K.settledLong, 'settled_long', S.long, (S.long + 1) * S.longMs + math.max(S.outcomeMs, 2 * S.longMs))
  local fields = ib.fields
  changedCounters(ib, fields)
  local n = #fields
  for seq, s in pairs(ib.dirty) do n = n + 2; fields[n - 1] = seq; fields[n] = encode(s) end
  for key, chain in pairs(ib.chainDirty) do
    if chain.head == '-' then ib.gone[#ib.gone + 1] = 'k:' .. key
    else
      fields[#fields + 1] = 'k:' .. key
      fields[#fields + 1] = table.concat({chain.head, chain.tail, chain.n[1], chain.n[2], chain.n[3], chain.n[4]}, ' ')
    end
  end
  if #fields > 0 then redis.call('HSET', K.inbox, unpack(fields)) end
  if #ib.gone > 0 then redis.call('HDEL', K.inbox, unpack(ib.gone)) end
  writeScores(ib, K.ready, 'addReady', 'remReady', ib.newReady)
  writeScores(ib, K.timers, 'addTimer', 'remTimer', ib.newTimers)
  writeScores(ib, K.dead, 'addDead', 'remDead')
  writeScores(ib, K.correlated, 'addCorr', 'remCorr')
  if #ib.events == 0 then return false end
  local size = sizeOf(ib.events)
  local total = redis.call('INCRBY', K.outboxBytes, size)
  append(K.outbox, ib.events)
  return total == size
end
`
