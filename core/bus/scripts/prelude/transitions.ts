/** How a message goes from one state to another. R ready, D delayed, L leased, H held behind its ordering key, X dead. */
export const transitions = String.raw`
local OFFSET = {S.offsetLow * 1000, S.offsetMedium * 1000, S.offsetHigh * 1000, 0}
local COUNT = {R = 'ready', D = 'delayed', L = 'leased', H = 'held', X = 'dead'}

local function event(ib, s, status)
  local events, at = ib.events, s.rank < us and us or s.rank + 1
  local n = #events
  events[n + 1] = 's'
  events[n + 2] = ib.agent .. '\n' .. status .. '\n' .. int(at) .. '\n' .. int(s.att) .. '\n' .. s.source .. '\n' .. s.reason
end

-- About what a message takes in the inbox hash; source: bytes of its sender's name and its id.
local function entrySize(body, size, key, source, corr)
  return (body == '-' and size or 0) + 2 * #key + source + #corr + 4 * ENTRY
end

-- Takes a message out of its present state. One that ZPOPMIN took is in ready no more.
local function leave(ib, s)
  local count = COUNT[s.st]
  ib.m[count] = ib.m[count] - 1
  if s.st == 'R' then
    ib.addReady[s.seq] = nil
    if not s.popped then ib.remReady[s.seq] = true end
    if s.corr ~= '' then
      local member = s.corr .. '\n' .. s.seq
      ib.addCorr[member] = nil
      ib.remCorr[member] = true
    end
  elseif s.st == 'X' then ib.remDead[s.seq] = true end
end

-- Where a message stands in ready: by its acceptance and its priority's offset. What a relay found no room for lets what has
-- not been tried yet go first, for as long as the longest offset: it is tried again and again, and would hold all else up.
local function scoreOf(ib, s)
  local from = s.rank
  if ib.relay and string.find(s.done, ':n:', 1, true) then from = math.max(from, s.due * 1000 + OFFSET[1]) end
  return from + OFFSET[s.eff]
end

local function enterReady(ib, s)
  s.st = 'R'
  ib.m.ready = ib.m.ready + 1
  ib.remReady[s.seq] = nil
  s.popped = nil
  ib.addReady[s.seq] = scoreOf(ib, s)
  if s.corr ~= '' then
    local member = s.corr .. '\n' .. s.seq
    ib.remCorr[member] = nil
    ib.addCorr[member] = 0
  end
  timer(ib, s, s.exp)
  put(ib, s)
end

local function enterDelayed(ib, s, due)
  s.st = 'D'
  s.due = due
  ib.m.delayed = ib.m.delayed + 1
  timer(ib, s, math.min(due, s.exp))
  if due < s.exp and (ib.soonestDelayed == nil or due < ib.soonestDelayed) then ib.soonestDelayed = due end
  put(ib, s)
end

-- Ends a message: delivered, expired or discarded. Its outcome stays readable for as long as anyone may ask for it.
local function finish(ib, s, status, action)
  local dead = s.st == 'X'
  leave(ib, s)
  s.gone = true
  ib.dirty[s.seq] = nil
  local gone, n = ib.gone, #ib.gone
  gone[n + 1] = s.seq
  gone[n + 2] = 'm:' .. s.seq
  ib.addTimer[s.seq] = nil
  ib.remTimer[s.seq] = 0
  local f = fixedOf(s)
  ib.m.bytes = ib.m.bytes - f.size
  ib.m.record = ib.m.record - entrySize(f.body, f.size, s.key, #s.source - 1, s.corr)
  ib.m[status] = ib.m[status] + 1
  if f.body ~= '-' then ib.bodies[#ib.bodies + 1] = f.body end
  s.outcome = status .. ' ' .. int(now) .. ' ' .. int(s.att) .. ' ' .. f.max .. ' ' .. int(s.lease) .. ' ' .. action .. ' ' .. f.acc .. ' ' ..
    int(s.exp) .. '\n' .. s.reason
  local outcomes = f.ttl > S.shortLife and ib.settledLong or ib.settled
  n = #outcomes
  outcomes[n + 1] = s.seq
  outcomes[n + 2] = s.outcome
  event(ib, s, status)
  if s.key ~= '' and not dead then ib.unlinks[#ib.unlinks + 1] = s end
end

-- Tells the caller of a dead letter, so that its sender's status of it outlives the ledger.
local function tellDead(ib, s)
  local from, id = sourceOf(s)
  ib.died[#ib.died + 1] = {from, id, fixedOf(s).acc, s.seq}
end

-- Whether there is no attempt left for a message. A relay tries until the message's life ends: attempts are its recipients'.
local function isSpent(ib, s) return not ib.relay and s.att >= fixedOf(s).most end

-- Moves a message to the dead letters.
local function die(ib, s, reason)
  leave(ib, s)
  s.st = 'X'
  s.reason = reason
  s.due = now + S.deadMs
  ib.m.dead = ib.m.dead + 1
  ib.m.died = ib.m.died + 1
  ib.addDead[s.seq] = now
  timer(ib, s, s.due)
  put(ib, s)
  event(ib, s, 'failed')
  tellDead(ib, s)
  if s.key ~= '' then ib.unlinks[#ib.unlinks + 1] = s end
end
`
