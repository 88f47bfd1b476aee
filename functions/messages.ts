import { messageStatus } from '../core/bus/message-status.ts'
import { http, on } from './http.ts'
import { MessagePath, SenderQuery } from './requests/messages.ts'

/** Where a message is and what became of it. */
export const handler = http({
  'GET /v1/messages/{message_id}': on({ path: MessagePath, query: SenderQuery }, async (hive, { path, query }) => ({
    body: await messageStatus(hive, query.from_agent, path.message_id),
  })),
})
