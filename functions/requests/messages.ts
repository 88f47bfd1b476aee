import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'

/** Body of `POST /v1/messages/batch`. Each message may be of any version; core reads them. */
export const PublishBatch = once(() =>
  z
    .strictObject({ messages: z.array(z.unknown()).check(z.minLength(1), z.maxLength(100)) })
    .check(
      z.describe('Messages of which all are accepted or none. A fault is named by its place: `messages[3].to_agent`.'),
    ),
)

export const MessagePath = once(() =>
  z.object({ message_id: Printable().check(z.describe("The sender's own id of the message.")) }),
)
/** Who sent the message, which the agent of the key need not tell, and which of a topic's many recipients to show. */
export const SenderQuery = once(() =>
  z.strictObject({
    from_agent: z.exactOptional(
      AgentName().check(z.describe('The sender of the message; the agent of the key unless given.')),
    ),
    ...paging(),
  }),
)
