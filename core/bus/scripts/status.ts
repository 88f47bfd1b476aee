import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Reads the states of messages of one inbox, with what they wait for. Writes nothing.
 *
 * KEYS  inbox, ready, then the settled buckets that may hold an outcome
 * ARGV[3] how many   then the sequences
 * Answers {'ok', now, {status, push, breaker until, deliver until}, results}
 *         result: {'live', state, place in ready or -1, state of the head of its ordering key or ''}, {'settled', outcome} or {'gone'}
 */
export const statusScript: BusScript = {
  name: 'status',
  source: `${prelude}${String.raw`
local seqs = {}
for i = 1, tonumber(ARGV[3]) do seqs[i] = ARGV[3 + i] end
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
    missing[#missing + 1] = i
  end
end
for k = 3, #KEYS do
  if #missing == 0 then break end
  local fields = {}
  for j, i in ipairs(missing) do fields[j] = seqs[i] end
  local found, still = redis.call('HMGET', KEYS[k], unpack(fields)), {}
  for j, i in ipairs(missing) do
    if found[j] then results[i] = {'settled', found[j]} else still[#still + 1] = i end
  end
  missing = still
end
return {'ok', int(now), {values[1] or '', values[2] or '', values[3] or '0', values[4] or '0'}, results}
`}`,
}
