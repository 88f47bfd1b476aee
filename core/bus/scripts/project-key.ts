import type { BusScript } from '../bus.ts'

/**
 * Writes what the hot path needs to know of an API key, unless a newer version is there already. Needs no clock and no
 * settings, so it goes without the prelude.
 *
 * KEYS  the key's record   ARGV[3] version   [4] record, beginning with its version   [5] when it ends (ms), '' for never
 * Answers {'ok', ''}
 */
export const projectKeyScript: BusScript = {
  name: 'project-key',
  source: String.raw`#!lua flags=allow-key-locking
local before = redis.call('GET', KEYS[1])
if before and tonumber(string.match(before, '^%d+')) > tonumber(ARGV[3]) then return {'ok', ''} end
if ARGV[5] == '' then
  redis.call('SET', KEYS[1], ARGV[4])
else
  redis.call('SET', KEYS[1], ARGV[4], 'PXAT', ARGV[5])
end
return {'ok', ''}
`,
}
