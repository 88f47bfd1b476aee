import type { Argument } from './encode-command.ts'

// Upstash serves these over TCP only or not at all; on a shared connection they would also break other requests.
const notOverRest = new Set(
  (
    'AUTH HELLO RESET QUIT SELECT CLIENT MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE ' +
    'PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC REPLCONF REPLICAOF SLAVEOF FAILOVER'
  ).split(' '),
)

// Stock Redis would do them, Upstash does not.
const notAvailable = new Set(
  (
    'BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF CONFIG SHUTDOWN DEBUG MODULE SAVE ' +
    'BGSAVE BGREWRITEAOF CLUSTER ASKING READONLY READWRITE MIGRATE MOVE SWAPDB LATENCY SLOWLOG'
  ).split(' '),
)

/**
 * Why Upstash would refuse a command sent over REST, in its words; undefined when it is allowed.
 * `name` is the command's name in upper case.
 */
export function refuseCommand(name: string, command: readonly Argument[]): string | undefined {
  if (notOverRest.has(name)) return `ERR Command "${name}" is not allowed in REST or it has a special context path`
  if (notAvailable.has(name)) return unavailable(name)
  if ((name === 'XREAD' || name === 'XREADGROUP') && blocks(command)) return unavailable(`${name} BLOCK`)
  if (name === 'SCRIPT' && /^(kill|debug)$/i.test(String(command[1]))) return unavailable(`SCRIPT ${command[1]}`)
  return undefined
}

function unavailable(what: string): string {
  return `ERR Command is not available: '${what.toUpperCase()}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`
}

/** BLOCK is an option only before STREAMS; after it, it is a key. */
function blocks(command: readonly Argument[]): boolean {
  for (const argument of command) {
    const word = String(argument).toUpperCase()
    if (word === 'STREAMS') return false
    if (word === 'BLOCK') return true
  }
  return false
}
