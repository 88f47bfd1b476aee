import type { BusScript } from '../bus.ts'

/**
 * Notes that an agent is alive, by Redis's clock. Needs no settings, so it goes without the prelude.
 *
 * KEYS  inbox, seen   ARGV[3] agent
 * Answers {'ok', now}, or {'unknown', now} when there is no such agent
 */
export const heartbeatScript: BusScript = {
  name: 'heartbeat',
  source: String.raw`#!lua flags=allow-key-locking
local clock = redis.call('TIME')
local now = string.format('%.0f', math.floor(tonumber(clock[1]) * 1000 + tonumber(clock[2]) / 1000))
if not redis.call('HGET', KEYS[1], 'status') then return {'unknown', now} end
redis.call('HSET', KEYS[2], ARGV[3], now)
return {'ok', now}
`,
}
