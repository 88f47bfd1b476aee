import * as z from 'zod'
import { page } from './page.ts'

const moment = z.iso.datetime({ offset: true })

export const Subscription = z
  .strictObject({
    topic: z.string(),
    agent_name: z.string(),
    message_types: z.array(z.string()).nullable().describe('Only messages of these types; null for every type.'),
    created_at: moment,
    updated_at: moment.describe('When it last became another one.'),
  })
  .describe('That an agent gets what is published to a topic.')

export const SubscriptionPage = page(Subscription).describe('Of one topic by agent; of one agent by topic.')

export const Unsubscribed = z
  .strictObject({ unsubscribed: z.int().min(0).max(1) })
  .describe('How many subscriptions were ended: 0 if there was none.')

export const TopicPage = page(z.strictObject({ topic: z.string(), subscribers: z.int().min(1) })).describe(
  'Topics with subscribers, by name.',
)
