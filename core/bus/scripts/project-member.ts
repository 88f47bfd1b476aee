import type { BusScript } from '../bus.ts'
import { prelude } from './prelude.ts'

/**
 * Brings one membership to Redis, of an agent in a topic or in those that can do something, unless a newer version of it
 * has been brought. The version of what is no membership any more is kept for an hour, longer than anyone who projects
 * an older one can take.
 *
 * KEYS  the mark of the membership, the zset of members, the hash of filters or the zset again
 * ARGV[3] agent   [4] version   [5] 1 for a member, 0 for none   [6] score, or '' for the time since when (µs, unique)
 *      [7] filter, or '' for none
 * Answers {'ok', now, 1 when it was written}
 */
export const projectMemberScript: BusScript = {
  name: 'project-member',
  source: `${prelude}${String.raw`
local mark, members, filters = KEYS[1], KEYS[2], KEYS[3]
local agent, version, score, filter = ARGV[3], tonumber(ARGV[4]), ARGV[6], ARGV[7]
if tonumber(redis.call('GET', mark) or 0) > version then return {'ok', int(now), 0} end
redis.call('SET', mark, int(version), 'PX', 3600000)
if ARGV[5] == '0' then
  redis.call('ZREM', members, agent)
  if filters ~= members then redis.call('HDEL', filters, agent) end
  return {'ok', int(now), 1}
end
if score ~= '' then redis.call('ZADD', members, score, agent)
elseif not redis.call('ZSCORE', members, agent) then
  local last = redis.call('ZRANGE', members, -1, -1, 'WITHSCORES')
  redis.call('ZADD', members, int(math.max(us, tonumber(last[2] or 0) + 1)), agent)
end
if filters ~= members then
  if filter == '' then redis.call('HDEL', filters, agent) else redis.call('HSET', filters, agent, filter) end
end
return {'ok', int(now), 1}
`}`,
}
