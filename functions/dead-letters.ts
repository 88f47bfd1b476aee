import { actorOf, audit } from '../core/access/audit.ts'
import { discard, getDeadLetter, listDeadLetters, redrive } from '../core/bus/dead-letters.ts'
import { http, on } from './http.ts'
import { AgentPath } from './requests/agents.ts'
import { DeadLetterPath, SelectDeadLetters, toSelection } from './requests/dead-letters.ts'
import { PageQuery } from './requests/paging.ts'

/** What could not be delivered: reading it, sending it again, throwing it away. */
export const handler = http({
  'GET /v1/agents/{agent}/dead-letters': on({ path: AgentPath, query: PageQuery }, async (hive, { path, query }) => ({
    body: await listDeadLetters(hive, path.agent, query),
  })),
  'GET /v1/agents/{agent}/dead-letters/{dead_letter_id}': on({ path: DeadLetterPath }, async (hive, { path }) => ({
    body: await getDeadLetter(hive, path.agent, path.dead_letter_id),
  })),
  'POST /v1/agents/{agent}/dead-letters/redrive': on(
    { path: AgentPath, body: SelectDeadLetters },
    async (hive, { path, body }, { caller }) => {
      await audit(hive, { action: 'dead_letters.redrive', actor: actorOf(caller), target: path.agent, details: body })
      return { body: { redriven: await redrive(hive, path.agent, toSelection(body)) } }
    },
  ),
  'POST /v1/agents/{agent}/dead-letters/discard': on(
    { path: AgentPath, body: SelectDeadLetters },
    async (hive, { path, body }, { caller }) => {
      await audit(hive, { action: 'dead_letters.discard', actor: actorOf(caller), target: path.agent, details: body })
      return { body: { discarded: await discard(hive, path.agent, toSelection(body)) } }
    },
  ),
})
