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
  local st, rank, prio, eff, exp, att, lease, due, done, prev, next, fixed, ext, lines, key, source, corr, reason =
    string.match(text, STATE)
  -- made in one piece: a table that grows is laid out anew at each power of two
  return {seq = seq, st = st, place = rank, rank = rank + 0, prio = prio + 0, eff = eff + 0, exp = exp + 0, att = att + 0,
    lease = lease + 0, due = due + 0, done = done, prev = prev, next = next, fixed = fixed, ext = ext, lines = lines, key = key,
    source = source, corr = corr, reason = reason}
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
  return s.st .. ' ' .. s.place .. ' ' .. int(s.prio) .. ' ' .. int(s.eff) .. ' ' .. int(s.exp) .. ' ' .. int(s.att) .. ' ' .. int(s.lease) ..
    ' ' .. int(s.due) .. ' ' .. s.done .. ' ' .. s.prev .. ' ' .. s.next .. ' ' .. s.fixed .. ' ' .. s.ext .. '\n' .. s.lines .. '\n' .. s.reason
end

-- The same of a message that was just accepted, is ready and has no ordering key.
local function encodeReady(seq, prio, exp, due, fixed, source, corr)
  return 'R ' .. seq .. ' ' .. prio .. ' ' .. prio .. ' ' .. exp .. ' 0 0 ' .. due .. ' - - - ' .. fixed .. ' -\n\n' .. source .. '\n' .. corr .. '\n'
end
`
