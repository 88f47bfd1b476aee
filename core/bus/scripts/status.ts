import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Reads the states of messages of one inbox, with what they wait for. Writes nothing.
 *
 * KEYS  inbox, ready, then the buckets that may hold an outcome
 * ARGV[3] segments of each bucket   [4] how many   then the sequences
 * Answers {'ok', now, {status, push, breaker until, deliver until}, results}
 *         result: {'live', state, place in ready or -1, state of the head of its ordering key or ''}, {'settled', outcome} or {'gone'}
 */
export const statusScript: BusScript = {
  name: 'status',
  source: `${prelude}${String.raw`
local seqs = {}
for i = 1, tonumber(ARGV[4]) do seqs[i] = ARGV[4 + i] end
local values = redis.call('HMGET', KEYS[1], 'status', 'push', 'breaker_until', 'deliver_until', unpack(seqs))
local results, missing = {}, {}
for i, seq in ipairs(seqs) do
  local text = values[4 + i]
  if text then
    local s = decode(seq, text)
    local place, head = -1, ''
    if s.st == 'R' then place = redis.call('ZRANK', KEYS[2], seq) or -1 end
    if s.st == 'H' then
      local chain = redis.call('HGET', KEYS[1], 'k:' .. s.key)
      local first = chain and string.match(chain, '^(%S+)')
      head = first and redis.call('HGET', KEYS[1], first) or ''
    end
    results[i] = {'live', text, place, head}
  else
    results[i] = {'gone'}
    missing[#missing + 1] = seq
  end
end
if #missing > 0 then
  local outcomes, other = findOutcomes(missing, 3, ARGV[3])
  if other then return other end
  for i, seq in ipairs(seqs) do if outcomes[seq] then results[i] = {'settled', outcomes[seq]} end end
end
return {'ok', int(now), {values[1] or '', values[2] or '', values[3] or '0', values[4] or '0'}, results}
`}`,
}
