import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Looks after one inbox: applies what is due, asks for a wake that is missing or lost, and registers when to look next.
 *
 * KEYS  those of inboxKeys
 * ARGV[3] agent   [4] how many due events to apply at most
 * Answers {'ok', now, counts, {orphaned body tokens}, history to wake, wake delay or false, more is due, {dead letters}}
 *         {'unknown', now}
 */
export const tendScript: BusScript = {
  name: 'tend',
  source: `${prelude}${String.raw`
local K = inboxKeys(1)
local limit = tonumber(ARGV[4])
local ib = open(K, ARGV[3], {})
local m = ib.m
if m.status == '' then redis.call('ZREM', K.due, ARGV[3]); return {'unknown', int(now)} end
local other = otherSegments(ib)
if other then return other end
local more = settleDue(ib, limit)
local delay = askWake(ib)
reschedule(ib)
local history = flush(ib)
return {'ok', int(now), counts(ib), ib.bodies, history and 1 or 0, delay, more and 1 or 0, ib.died}
`}`,
}
