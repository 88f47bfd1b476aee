/**
 * Reads and writes the state of a message: one line of numbers and words, then ordering key, sender, id, correlation id
 * and reason, a line each. `done` is how the last lease was settled that left the message alive
 * (`lease:action:outcome:at`), `ext` the last extension (`lease:request`). `core/bus/message-state.ts` reads it too.
 *
 * What never changes is kept as it was read, `fixed` and `lines`, and taken apart by whoever needs it: to take all of it
 * apart and put it together again took a third of the time of a script.
 */
export const messageState = String.raw`
local STATE = '^' .. string.rep('(%S+) ', 11) .. '(' .. string.rep('%S+ ', 9) .. '%S+) (%S+)\n(([^\n]*)\n([^\n]*\n[^\n]*)\n([^\n]*))\n(.*)$'
local FIXED = '^' .. string.rep('(%S+) ', 9) .. '(%S+)$'

local function decode(seq, text)
  local s = {seq = seq}
  local rank, prio, eff, exp, att, lease, due
  s.st, rank, prio, eff, exp, att, lease, due, s.done, s.prev, s.next, s.fixed, s.ext, s.lines, s.key, s.source, s.corr,
    s.reason = string.match(text, STATE)
  s.place = rank
  s.rank = tonumber(rank); s.prio = tonumber(prio); s.eff = tonumber(eff); s.exp = tonumber(exp); s.att = tonumber(att)
  s.lease = tonumber(lease); s.due = tonumber(due)
  return s
end

-- What was said of a message when it was accepted: its deliveries, life, size and body. max and acc are texts.
local read = {}
local function fixedOf(s)
  local f = read[s.fixed]
  if not f then
    local max, lms, backoff, base, cap, ttl, size, hop, body, acc = string.match(s.fixed, FIXED)
    f = {max = max, most = tonumber(max), lms = tonumber(lms), backoff = backoff, base = tonumber(base), cap = tonumber(cap),
      ttl = tonumber(ttl), size = tonumber(size), hop = tonumber(hop), body = body, acc = acc}
    read[s.fixed] = f
  end
  return f
end

-- Who sent a message, and its id.
local function sourceOf(s) return string.match(s.source, '^([^\n]*)\n(.*)$') end

local function encode(s)
  return table.concat({s.st, s.place, int(s.prio), int(s.eff), int(s.exp), int(s.att), int(s.lease), int(s.due), s.done, s.prev,
    s.next, s.fixed, s.ext}, ' ') .. '\n' .. s.lines .. '\n' .. s.reason
end
`
