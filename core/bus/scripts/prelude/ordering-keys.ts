/** The linked lists of ordering keys: only the head of one is ready, delayed or leased, all behind it are held. */
export const orderingKeys = String.raw`
local CHAIN = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$'

local function rememberChain(ib, key, text)
  local head, tail, a, b, c, d = string.match(text or '- - 0 0 0 0', CHAIN)
  ib.chains[key] = {head = head, tail = tail, n = {tonumber(a), tonumber(b), tonumber(c), tonumber(d)}}
  return ib.chains[key]
end

local function loadChains(ib, keys)
  local missing, asked = {}, {}
  for _, key in ipairs(keys) do
    if ib.chains[key] == nil and not asked[key] then asked[key] = true; missing[#missing + 1] = 'k:' .. key end
  end
  if #missing == 0 then return end
  local values = redis.call('HMGET', ib.K.inbox, unpack(missing))
  for i, field in ipairs(missing) do rememberChain(ib, string.sub(field, 3), values[i]) end
end

local function highest(chain)
  for priority = 4, 1, -1 do if chain.n[priority] > 0 then return priority end end
  return 1
end

-- Takes the finished and the dead out of their ordering keys and lets the next head of each key go.
local function releaseChains(ib)
  if #ib.unlinks == 0 then return end
  local keys, near = {}, {}
  for _, s in ipairs(ib.unlinks) do
    keys[#keys + 1] = s.key
    if s.prev ~= '-' then near[#near + 1] = s.prev end
    if s.next ~= '-' then near[#near + 1] = s.next end
  end
  loadChains(ib, keys)
  load(ib, near)
  local touched = {}
  for _, s in ipairs(ib.unlinks) do
    local chain = ib.chains[s.key]
    local before, after = ib.cache[s.prev], ib.cache[s.next]
    if before then before.next = s.next; put(ib, before) else chain.head = s.next; touched[s.key] = chain end
    if after then after.prev = s.prev; put(ib, after) else chain.tail = s.prev end
    chain.n[s.prio] = chain.n[s.prio] - 1
    s.prev = '-'; s.next = '-'
    put(ib, s)
    ib.chainDirty[s.key] = chain
  end
  ib.unlinks = {}
  for _, chain in pairs(touched) do
    local head = ib.cache[chain.head]
    if head and head.st == 'H' then
      ib.m.held = ib.m.held - 1
      head.eff = highest(chain)
      if head.due > now then enterDelayed(ib, head, head.due) else enterReady(ib, head) end
    end
  end
end

-- Appends a message to its ordering key. Returns true when it is the head and may run; else it is held.
local function joinChain(ib, s)
  local chain = ib.chains[s.key]
  ib.chainDirty[s.key] = chain
  chain.n[s.prio] = chain.n[s.prio] + 1
  s.prev = chain.tail
  s.next = '-'
  chain.tail = s.seq
  if s.prev == '-' then chain.head = s.seq; s.eff = s.prio; return true end
  local before = ib.cache[s.prev]
  before.next = s.seq
  put(ib, before)
  -- the head takes the highest priority that waits behind it
  local head = ib.cache[chain.head]
  if head.eff < s.prio then
    head.eff = s.prio
    if head.st == 'R' then ib.addReady[head.seq] = scoreOf(ib, head) end
    put(ib, head)
  end
  s.st = 'H'
  ib.m.held = ib.m.held + 1
  timer(ib, s, s.exp)
  put(ib, s)
  return false
end
`
