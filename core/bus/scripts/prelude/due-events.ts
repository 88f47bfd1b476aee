/** What time does to an inbox, and when the sweep is to look at it next. */
export const dueEvents = String.raw`
-- Applies up to limit due events: delays that ended, leases that ran out, lives and retentions that ended.
-- Returns true when there may be more. The registered time is never later than the first event, so that an inbox with
-- nothing due costs no command.
local function settleDue(ib, limit)
  if ib.m.due == 0 or ib.m.due > now then return false end
  local due = redis.call('ZRANGEBYSCORE', ib.K.timers, '-inf', int(now), 'LIMIT', 0, limit)
  if #due == 0 then return false end
  load(ib, due)
  for _, seq in ipairs(due) do
    local s = ib.cache[seq]
    if s == nil then ib.remTimer[seq] = 0
    elseif s.st == 'X' then finish(ib, s, 'discarded', '-')
    elseif s.st == 'L' then
      if isSpent(ib, s) then die(ib, s, 'lease expired')
      elseif s.exp <= now then finish(ib, s, 'expired', '-')
      else leave(ib, s); s.reason = 'lease expired'; enterReady(ib, s) end
    elseif s.exp <= now then finish(ib, s, 'expired', '-')
    elseif s.st == 'D' then leave(ib, s); enterReady(ib, s)
    else timer(ib, s, s.exp) end
  end
  releaseChains(ib)
  return #due == limit
end

-- When the first timer of the inbox ends, 0 for none. Writes those that are pending.
local function nextTimer(ib)
  writeScores(ib, ib.K.timers, 'addTimer', 'remTimer', ib.newTimers)
  ib.newTimers = {}
  local next = redis.call('ZRANGE', ib.K.timers, 0, 0, 'WITHSCORES')
  return tonumber(next[2] or 0)
end

-- Registers the inbox anew, for what is really there: its registered time has passed. Call it after askWake.
local function reschedule(ib)
  local due = nextTimer(ib)
  if ib.wakeSoon and (due == 0 or ib.wakeSoon < due) then due = ib.wakeSoon end
  ib.soon = nil
  ib.m.due = due
  if due > 0 then redis.call('ZADD', ib.K.due, int(due), ib.agent) else redis.call('ZREM', ib.K.due, ib.agent) end
end
`
