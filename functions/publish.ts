import { noteActing } from '../core/access/acting-for.ts'
import { actOnlyAsSelf, type Caller } from '../core/access/caller.ts'
import { publish } from '../core/bus/publish.ts'
import type { Hive } from '../core/hive.ts'
import { measure } from '../core/measure.ts'
import { isJsonObject } from '../core/protocol/json-value.ts'
import { type AgentMessage, parseMessage, parseMessages } from '../core/protocol/message.ts'
import { sentName } from '../core/protocol/sent-name.ts'
import { http, on } from './http.ts'
import { Anything } from './requests/anything.ts'
import { PublishBatch } from './requests/messages.ts'

/** Takes messages in: one, or a batch of which all or none are taken. */
export const handler = http({
  'POST /v1/messages': on({ body: Anything }, async (hive, { body }, { caller, since }) => {
    const input = withSender(body, caller)
    const message = parseMessage(input, parsing(hive))
    actOnlyAsSelf(caller, [{ field: sentName(input, 'from_agent'), agent: message.from_agent }])
    await noteActing(hive, caller, 'message.publish', [message.from_agent])
    const [published = {}] = await publish(hive, [message], { fieldOf: (_index, field) => sentName(input, field) })
    tell(hive, [message], since)
    return { status: 202, body: published }
  }),
  'POST /v1/messages/batch': on({ body: PublishBatch }, async (hive, { body }, { caller, since }) => {
    const path = (index: number) => `messages[${index}]`
    const inputs = body.messages.map((message) => withSender(message, caller))
    const messages = parseMessages(inputs, { ...parsing(hive), path })
    const fieldOf = (index: number, field: string) => `${path(index)}.${sentName(inputs[index], field)}`
    const senders = messages.map(({ from_agent }, index) => ({
      field: fieldOf(index, 'from_agent'),
      agent: from_agent,
    }))
    actOnlyAsSelf(caller, senders)
    const named = senders.map(({ agent }) => agent)
    await noteActing(hive, caller, 'message.publish', named)
    const results = await publish(hive, messages, { fieldOf })
    tell(hive, messages, since)
    return { status: 202, body: { results } }
  }),
})

function tell(hive: Hive, messages: AgentMessage[], since: number): void {
  const values = { PublishLatency: hive.clock.now() - since, MessagesAccepted: messages.length }
  measure(hive, 'published', values, { messages })
}

const parsing = (hive: Hive) => ({ now: hive.clock.now(), newId: hive.ids.messageId })

/** A message that does not say who sends it is sent by the agent of the key. `source_agent` is an older name for that. */
function withSender(message: unknown, { agent }: Caller): unknown {
  if (agent === null || !isJsonObject(message)) return message
  const said = ['from_agent', 'source_agent'].some((field) => (message[field] ?? null) !== null)
  return said ? message : { ...message, from_agent: agent }
}
