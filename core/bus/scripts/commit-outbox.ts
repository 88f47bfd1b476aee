import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Deletes outbox entries whose events are in Postgres. Safe to repeat, and for two drainers of the same entries.
 *
 * KEYS  outbox, its bytes   ARGV[3] bytes of the entries   then their ids
 * Answers {'ok', now, 1 when the shard is empty}
 */
export const commitOutboxScript: BusScript = {
  name: 'commit-outbox',
  source: `${prelude}${String.raw`
local ids = {}
for i = 4, #ARGV do ids[i - 3] = ARGV[i] end
local empty
if redis.call('XDEL', KEYS[1], unpack(ids)) == #ids then
  empty = redis.call('DECRBY', KEYS[2], ARGV[3]) <= 0
else
  -- another drainer had some of them and could not tell their bytes apart
  empty = redis.call('XLEN', KEYS[1]) == 0
end
-- from here on the next entry is the first again, and asks for a wake
if empty then redis.call('DEL', KEYS[2], KEYS[1]) end
return {'ok', int(now), empty and 1 or 0}
`}`,
}
