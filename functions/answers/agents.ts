import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { page } from './page.ts'

const moment = z.iso.datetime({ offset: true })

/** An agent as it is. `signing_secret` is there only in the answer to the request that made it. */
export const Agent = z
  .strictObject({
    name: AgentName(),
    endpoint: z.string().nullable().describe('Where its messages are pushed to; null when it pulls them.'),
    endpoint_disabled_at: moment
      .nullable()
      .describe('When the endpoint answered 410 Gone and was disabled; a change of the endpoint enables it again.'),
    disabled: z.boolean().describe('A disabled agent takes no messages and receives none.'),
    last_seen_at: moment.nullable().describe('When it gave its last heartbeat; null where none is known.'),
    version: z.int().describe('Grows by one with each change.'),
    created_at: moment,
    updated_at: moment,
    signing_secret: z
      .string()
      .startsWith('whsec_')
      .optional()
      .describe('Signs webhooks to the endpoint (Standard Webhooks). Shown only here, when it was made.'),
  })
  .describe('An agent as it is.')

/** When an agent gave the sign of life that was just taken. */
export const Heartbeat = z
  .strictObject({ name: AgentName(), last_seen_at: moment })
  .describe('A sign of life, as it was taken.')

export const AgentPage = page(Agent).describe('Agents by name.')
