import type { Argument } from './encode-command.ts'
import type { FaultSubject } from './faults.ts'
import { isFailure, type Reply } from './read-replies.ts'
import { refuseCommand } from './refuse-command.ts'
import type { ScriptCatalog } from './script-catalog.ts'

export type Count = (name: string, times: number) => void

/** A command made ready for Redis. */
export type Prepared = FaultSubject & {
  /** Why it is not sent at all. */
  refusal?: string
  /** What is sent. */
  command: readonly Argument[]
  /** Makes of Redis's reply the one for the client; tells `count` of the calls that a script made. */
  finish(reply: Reply, count: Count): Reply
}

// No script has this SHA, so Redis answers NOSCRIPT in its own words.
const noScript = '0'.repeat(40)

/** Turns a client's command into the one that Redis is sent: scripts are replaced by their instrumented form. */
export function prepareCommand(command: readonly Argument[], catalog: ScriptCatalog): Prepared {
  const name = String(command[0]).toUpperCase()
  const refusal = refuseCommand(name, command)
  if (refusal !== undefined) return { name, script: undefined, refusal, command, finish: asItIs }
  switch (name) {
    case 'EVAL':
    case 'EVAL_RO': {
      if (command.length < 2) break
      const script = catalog.learn(String(command[1]))
      return {
        name,
        script,
        command: [name, script.instrumented, ...command.slice(2)],
        finish: (reply, count) => unwrap(reply, script.sha, script.instrumentedSha, count),
      }
    }
    case 'EVALSHA':
    case 'EVALSHA_RO': {
      if (command.length < 2) break
      const sha = String(command[1])
      const script = catalog.find(sha)
      const running = script?.instrumentedSha ?? noScript
      return {
        name,
        script: script ?? { sha: sha.toLowerCase() },
        command: [name, running, ...command.slice(2)],
        finish: script === undefined ? asItIs : (reply, count) => unwrap(reply, script.sha, running, count),
      }
    }
    case 'SCRIPT':
      return { name, script: undefined, ...prepareScriptCommand(command, catalog) }
  }
  return { name, script: undefined, command, finish: asItIs }
}

function asItIs(reply: Reply): Reply {
  return reply
}

function prepareScriptCommand(command: readonly Argument[], catalog: ScriptCatalog) {
  const sub = String(command[1]).toUpperCase()
  if (sub === 'LOAD' && command.length === 3) {
    const script = catalog.learn(String(command[2]))
    return {
      command: ['SCRIPT', 'LOAD', script.instrumented],
      finish: (reply: Reply) => (isFailure(reply) ? reply : Buffer.from(script.sha)),
    }
  }
  if (sub === 'EXISTS') {
    const known = command.slice(2).map((sha) => catalog.find(String(sha))?.instrumentedSha ?? noScript)
    return { command: ['SCRIPT', 'EXISTS', ...known], finish: asItIs }
  }
  return { command, finish: asItIs }
}

/** The result out of `{counts, result}`; see instrumentScript. */
function unwrap(reply: Reply, sha: string, instrumentedSha: string, count: Count): Reply {
  if (!Array.isArray(reply)) {
    return isFailure(reply) ? { error: reply.error.replaceAll(instrumentedSha, sha) } : reply
  }
  const [counts, result] = reply
  if (Array.isArray(counts)) {
    for (let at = 0; at + 1 < counts.length; at += 2) count(String(counts[at]).toUpperCase(), Number(counts[at + 1]))
  }
  return result ?? null
}
