import * as z from 'zod'
import { publish } from '../core/bus/publish.ts'
import type { Hive } from '../core/hive.ts'
import { parseMessage, parseMessages } from '../core/protocol/message.ts'
import { http, on } from './http.ts'
import { PublishBatch } from './requests/messages.ts'

/** Takes messages in: one, or a batch of which all or none are taken. */
export const handler = http({
  'POST /v1/messages': on({ body: z.unknown() }, async (hive, { body }) => {
    const [published = {}] = await publish(hive, [parseMessage(body, parsing(hive))])
    return { status: 202, body: published }
  }),
  'POST /v1/messages/batch': on({ body: PublishBatch }, async (hive, { body }) => {
    const path = (index: number) => `messages[${index}]`
    const messages = parseMessages(body.messages, { ...parsing(hive), path })
    return { status: 202, body: { results: await publish(hive, messages, { path: (index) => `${path(index)}.` }) } }
  }),
})

const parsing = (hive: Hive) => ({ now: hive.clock.now(), newId: hive.ids.messageId })
