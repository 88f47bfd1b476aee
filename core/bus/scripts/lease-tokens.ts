import type { BusScript } from '../bus.ts'

/**
 * Grants a block of requests, as many as are asked for and left. The whole state is one time (µs): the one at which all
 * that was granted would have been made at the sustained rate. It ends by itself when nothing is owed any more. An answer
 * that was lost cost its requests.
 *
 * KEYS  the limit's state   ARGV[3] requests a window   [4] window (ms)   [5] requests asked for
 * Answers {'ok', now, granted, left, ms until all is free again, ms until one more is free}
 */
export const leaseTokensScript: BusScript = {
  name: 'lease-tokens',
  source: String.raw`#!lua flags=allow-key-locking
local quota, window, asked = tonumber(ARGV[3]), tonumber(ARGV[4]) * 1000, tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local each = window / quota
local used = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0)
local free = math.floor((window - used) / each + 0.000001)
local granted = math.max(math.min(asked, free), 0)
if granted > 0 then
  used = used + granted * each
  redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', math.ceil(used / 1000) + 1)
end
local function int(n) return string.format('%.0f', n) end
return {'ok', int(now / 1000), granted, math.max(free - granted, 0), int(math.ceil(used / 1000)), int(math.ceil(math.max(used + each - window, 0) / 1000))}
`,
}
