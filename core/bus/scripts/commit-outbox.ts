import type { BusScript } from '../bus.ts'

/**
 * Deletes outbox entries whose events are in Postgres. Safe to repeat, and for two drainers of the same entries. Needs no
 * clock and no settings, so it goes without the prelude.
 *
 * KEYS  outbox, its bytes   ARGV[3] how many entries   then their ids, oldest first, then the bytes of each
 * Answers {'ok', '', 1 when the shard is empty}
 */
export const commitOutboxScript: BusScript = {
  name: 'commit-outbox',
  source: String.raw`#!lua flags=allow-key-locking
local n = tonumber(ARGV[3])
local ids = {}
for i = 1, n do ids[i] = ARGV[3 + i] end
local deleted = redis.call('XDEL', KEYS[1], unpack(ids))
if redis.call('XLEN', KEYS[1]) == 0 then
  -- the next entry is the first again, and asks for a wake
  redis.call('DEL', KEYS[1], KEYS[2])
  return {'ok', '', 1}
end
-- drainers begin at the oldest entry, so what another one has deleted already is the first of these
local bytes = 0
for i = n - deleted + 1, n do bytes = bytes + tonumber(ARGV[3 + n + i]) end
if bytes > 0 then redis.call('DECRBY', KEYS[2], bytes) end
return {'ok', '', 0}
`,
}
