/**
 * Reads and writes the state of a message: one line of numbers and words, then ordering key, sender, id, correlation id
 * and reason, a line each. `done` is how the last lease was settled that left the message alive
 * (`lease:action:outcome:at`), `ext` the last extension (`lease:request`). `core/bus/message-state.ts` reads it too.
 */
export const messageState = String.raw`
local STATE = '^' .. string.rep('(%S+) ', 21) .. '(%S+)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$'

local function decode(seq, text)
  local s = {seq = seq}
  local rank, prio, eff, exp, att, lease, due, max, lms, base, cap, ttl, size, hop, acc
  s.st, rank, prio, eff, exp, att, lease, due, s.done, s.prev, s.next, max, lms, s.backoff, base, cap, ttl, size, hop,
    s.body, acc, s.ext, s.key, s.from, s.id, s.corr, s.reason = string.match(text, STATE)
  s.rank = tonumber(rank); s.prio = tonumber(prio); s.eff = tonumber(eff); s.exp = tonumber(exp); s.att = tonumber(att)
  s.lease = tonumber(lease); s.due = tonumber(due); s.max = tonumber(max); s.lms = tonumber(lms); s.base = tonumber(base)
  s.cap = tonumber(cap); s.ttl = tonumber(ttl); s.size = tonumber(size); s.hop = tonumber(hop); s.acc = tonumber(acc)
  return s
end

local function encode(s)
  return table.concat({s.st, int(s.rank), s.prio, s.eff, int(s.exp), s.att, s.lease, int(s.due), s.done, s.prev, s.next,
    s.max, int(s.lms), s.backoff, int(s.base), int(s.cap), int(s.ttl), s.size, s.hop, s.body, int(s.acc), s.ext}, ' ')
    .. '\n' .. s.key .. '\n' .. s.from .. '\n' .. s.id .. '\n' .. s.corr .. '\n' .. s.reason
end
`
