import { isAdmin } from '../core/access/caller.ts'
import { recordSecurityEvent } from '../core/access/security-events.ts'
import { messageStatus, unknownMessage } from '../core/bus/message-status.ts'
import { HiveError } from '../core/errors.ts'
import { http, on } from './http.ts'
import { MessagePath, SenderQuery } from './requests/messages.ts'

/** Where a message is and what became of it. */
export const handler = http({
  'GET /v1/messages/{message_id}': on(
    { path: MessagePath, query: SenderQuery },
    async (hive, { path, query }, { caller }) => {
      const sender = query.from_agent ?? caller.agent
      if (sender === null) throw senderMissing()
      // another's message and one that never was must not be told apart
      if (sender !== caller.agent && !isAdmin(caller)) {
        await recordSecurityEvent(hive, {
          type: 'scope.violation',
          of: caller.keyId,
          description: "An agent asked for the status of another one's message.",
          metadata: { key: caller.keyId, agent: caller.agent, sender },
        })
        throw unknownMessage()
      }
      return { body: await messageStatus(hive, sender, path.message_id, query) }
    },
  ),
})

function senderMissing(): HiveError {
  const errors = [{ field: 'from_agent', message: 'is required' }]
  return new HiveError('request.invalid', 'The request is not valid; see errors.', { errors })
}
