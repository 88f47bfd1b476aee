import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Printable } from '../../core/protocol/printable.ts'

/** Body of `POST /v1/messages/batch`. Each message may be of any version; core reads them. */
export const PublishBatch = z.strictObject({ messages: z.array(z.unknown()).min(1).max(100) })

export const MessagePath = z.object({ message_id: Printable })
/** Who sent the message; the agent of the key, where it has one, need not be told. */
export const SenderQuery = z.strictObject({ from_agent: AgentName.exactOptional() })
