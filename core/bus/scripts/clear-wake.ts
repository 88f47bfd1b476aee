import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Forgets a wake whose send failed, so that the next one to ask sends it, and makes the inbox due for the sweep.
 *
 * KEYS  inbox, due   ARGV[3] agent
 * Answers {'ok', now}
 */
export const clearWakeScript: BusScript = {
  name: 'clear-wake',
  source: `${prelude}${String.raw`
if redis.call('HGET', KEYS[1], 'wake_id') == REQUEST then
  redis.call('HSET', KEYS[1], 'wake_at', '0', 'wake_id', '', 'due', int(now))
  redis.call('ZADD', KEYS[2], int(now), ARGV[3])
end
return {'ok', int(now)}
`}`,
}
