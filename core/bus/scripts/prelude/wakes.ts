/** Wakes over SQS. An inbox has one outstanding at most: `wake_at` when it is due, `wake_id` the request that asked for it. */
export const wakes = String.raw`
-- SQS delays a message by 15 minutes at most
local LONGEST_DELAY = 900000

-- Decides whether an SQS wake is to be sent for a push agent, and sees to it that the sweep finds what has none.
-- Returns the delay of the wake in ms, or false. ib.ending: a delivery ends, so that nobody else looks after what is
-- delayed; ib.delivering: one goes on.
local function askWake(ib)
  local m = ib.m
  if m.push ~= 1 or m.status ~= 'enabled' or ib.delivering then return false end
  local function sweepAt(at)
    soon(ib, at)
    if ib.wakeSoon == nil or at < ib.wakeSoon then ib.wakeSoon = at end
  end
  local due
  if m.ready > 0 then due = now
  elseif m.delayed > 0 and ib.ending then due = math.max(now, nextTimer(ib))
  elseif ib.soonestDelayed then due = ib.soonestDelayed
  else return false end
  if m.breaker_until > due then due = m.breaker_until end
  -- the delivery that is under way looks again before it ends; if it dies the sweep finds the inbox
  if m.deliver_until > now then sweepAt(m.deliver_until); return false end
  if due - now > LONGEST_DELAY then sweepAt(due); return false end
  local ask = false
  if m.wake_at == 0 or due <= m.wake_at - 1000 or m.wake_at + S.wakeGrace <= now then
    m.wake_at = due
    m.wake_id = REQUEST
    ask = int(due - now)
  elseif m.wake_id == REQUEST then
    -- this request asked, and its first answer may be lost
    ask = int(math.max(0, m.wake_at - now))
  end
  sweepAt(m.wake_at + S.wakeGrace)
  return ask
end
`
