import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Writes what the hot path needs to know of an agent, unless a newer version is there already.
 *
 * KEYS  those of inboxKeys
 * ARGV[3] agent   [4] version   [5] enabled or disabled   [6] endpoint or ''   [7] sealed secrets (JSON)
 * Answers {'ok', now, wake delay or false}
 */
export const projectScript: BusScript = {
  name: 'project',
  source: `${prelude}${String.raw`
local K = inboxKeys(1)
local ib, before = open(K, ARGV[3], {'endpoint'})
local m = ib.m
local version = tonumber(ARGV[4])
if m.status ~= '' and m.version > version then return {'ok', int(now), false} end
m.version = version
m.status = ARGV[5]
m.push = ARGV[6] ~= '' and 1 or 0
ib.fields = {'endpoint', ARGV[6], 'secrets', ARGV[7]}
-- another endpoint starts with a clean record
if before[1] ~= ARGV[6] then
  m.breaker_failures = 0
  m.breaker_until = 0
  -- a delivery to the old one that is under way has no say in that
  m.deliver_id = ''
  m.deliver_until = 0
end
if ib.was.push ~= 1 or ib.was.status ~= 'enabled' then m.wake_at = 0; m.wake_id = '' end
-- what is delayed was nobody's to wake while the agent had no endpoint
ib.ending = true
local delay = askWake(ib)
-- a relay is made for a message that may be refused after all: the sweep removes it then
if ib.relay and m.ready + m.held + m.delayed + m.leased == 0 then soon(ib, now + S.wakeGrace) end
flush(ib)
return {'ok', int(now), delay}
`}`,
}
