import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Looks after one inbox: applies what is due, asks for a wake that is missing or lost, and registers when to look next.
 *
 * KEYS  the 9 of inboxKeys
 * ARGV[3] agent   [4] how many due events to apply at most
 * Answers {'ok', now, counts, {orphaned body tokens}, history to wake, wake delay or false, more is due}
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
local more = settleDue(ib, limit) == limit
ib.soon = nil
local delay = askWake(ib)
local push = ib.soon
-- registered anew below, from what is really there
ib.soon = nil
local history = flush(ib, false)
local next = redis.call('ZRANGE', K.timers, 0, 0, 'WITHSCORES')
local due = tonumber(next[2] or 0)
if push and (due == 0 or push < due) then due = push end
if due ~= m.due then redis.call('HSET', K.inbox, 'due', int(due)) end
if due > 0 then redis.call('ZADD', K.due, int(due), ARGV[3]) else redis.call('ZREM', K.due, ARGV[3]) end
return {'ok', int(now), counts(ib), ib.bodies, history and 1 or 0, delay, more and 1 or 0}
`}`,
}
