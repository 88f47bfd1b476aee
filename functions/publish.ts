import * as z from 'zod'
import { publish } from '../core/bus/publish.ts'
import { http, on } from './http.ts'
import { readMessages } from './read-messages.ts'
import { PublishBatch } from './requests/messages.ts'

/** Takes messages in: one, or a batch of which all or none are taken. */
export const handler = http({
  'POST /v1/messages': on({ body: z.unknown() }, async (hive, { body }) => {
    const [published] = await publish(
      hive,
      readMessages(hive, [body], () => ''),
      { path: () => '' },
    )
    return { status: 202, body: published as object }
  }),
  'POST /v1/messages/batch': on({ body: PublishBatch }, async (hive, { body }) => {
    const path = (index: number) => `messages[${index}].`
    return { status: 202, body: { results: await publish(hive, readMessages(hive, body.messages, path), { path }) } }
  }),
})
