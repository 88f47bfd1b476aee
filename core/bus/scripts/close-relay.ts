import type { BusScript } from '../bus.ts'

/**
 * Removes a relay's inbox that holds nothing and that nothing will come to of itself, so that addresses which were used
 * once take no room. Needs no settings, so it goes without the prelude.
 *
 * KEYS  inbox, due, the topic's members, the capabilities for which messages wait
 * ARGV[3] relay   [4] capability or ''
 * Answers {'closed' | 'kept', ''}
 */
export const closeRelayScript: BusScript = {
  name: 'close-relay',
  source: String.raw`#!lua flags=allow-key-locking
local values = redis.call('HMGET', KEYS[1], 'ready', 'held', 'delayed', 'leased', 'dead', 'settled_last', 'settled_long_last')
for i = 1, #values do if tonumber(values[i] or 0) > 0 then return {'kept', ''} end end
if ARGV[4] ~= '' then redis.call('SREM', KEYS[4], ARGV[4])
elseif redis.call('EXISTS', KEYS[3]) == 1 then return {'kept', ''} end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[3])
return {'closed', ''}
`,
}
