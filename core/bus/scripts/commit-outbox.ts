import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Deletes outbox entries whose events are in Postgres. Safe to repeat, and for two drainers of the same entries.
 *
 * KEYS  outbox, its bytes   ARGV[3] bytes of the entries   then their ids
 * Answers {'ok', now}
 */
export const commitOutboxScript: BusScript = {
  name: 'commit-outbox',
  source: `${prelude}${String.raw`
local ids = {}
for i = 4, #ARGV do ids[i - 3] = ARGV[i] end
if redis.call('XDEL', KEYS[1], unpack(ids)) == #ids then
  if redis.call('DECRBY', KEYS[2], ARGV[3]) <= 0 then redis.call('DEL', KEYS[2], KEYS[1]) end
elseif redis.call('XLEN', KEYS[1]) == 0 then
  -- another drainer had some of them and could not tell their bytes apart
  redis.call('DEL', KEYS[2], KEYS[1])
end
return {'ok', int(now)}
`}`,
}
