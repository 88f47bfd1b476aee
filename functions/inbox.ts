import { noteActing } from '../core/access/acting-for.ts'
import { auditInbox } from '../core/bus/audit.ts'
import { receive } from '../core/bus/receive.ts'
import { requestIdFrom } from '../core/bus/request-id.ts'
import { countOutcomes, settle } from '../core/bus/settle.ts'
import { measure } from '../core/measure.ts'
import { http, on } from './http.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { AgentPath } from './requests/agents.ts'
import { Receive, Settle, toReceiveInput } from './requests/inbox.ts'

/** One agent's inbox: looking at it, taking from it, settling what was taken. */
export const handler = http({
  'GET /v1/agents/{agent}/inbox': on({ path: AgentPath }, async (hive, { path }) => ({
    body: await auditInbox(hive, path.agent),
  })),

  'POST /v1/agents/{agent}/inbox/receive': on(
    { path: AgentPath, body: Receive },
    async (hive, { path, body }, request) => {
      await noteActing(hive, request.caller, 'inbox.receive', [path.agent])
      const requestId = requestIdFrom(idempotencyKey(request) ?? request.id)
      const received = await receive(hive, path.agent, { ...toReceiveInput(body), requestId })
      if (received.messages.length > 0) {
        measure(hive, 'received', {}, { agent: path.agent, messages: received.messages.map(({ message }) => message) })
      }
      return { body: { agent: path.agent, ...received } }
    },
  ),

  'POST /v1/agents/{agent}/inbox/settle': on(
    { path: AgentPath, body: Settle },
    async (hive, { path, body }, { caller }) => {
      await noteActing(hive, caller, 'inbox.settle', [path.agent])
      const settled = await settle(hive, path.agent, body)
      measure(hive, 'settled', countOutcomes(settled), { agent: path.agent })
      return { body: settled }
    },
  ),
})
