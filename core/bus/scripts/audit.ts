import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Reads the counters of an inbox and the sizes of its keys at one moment. Writes nothing.
 *
 * KEYS  those of inboxKeys   ARGV[3] agent
 * Answers {'ok', now, {ready, held, delayed, leased, dead}, {accepted, redriven, delivered, died, discarded, expired, bytes},
 *          {ready zset, timers zset, dead zset}} or {'unknown', now}
 */
export const auditScript: BusScript = {
  name: 'audit',
  source: `${prelude}${String.raw`
local K = inboxKeys(1)
local ib = open(K, ARGV[3], {})
local m = ib.m
if m.status == '' then return {'unknown', int(now)} end
return {'ok', int(now), counts(ib), {int(m.accepted), int(m.redriven), int(m.delivered), int(m.died), int(m.discarded), int(m.expired), int(m.bytes)},
  {redis.call('ZCARD', K.ready), redis.call('ZCARD', K.timers), redis.call('ZCARD', K.dead)}}
`}`,
}
