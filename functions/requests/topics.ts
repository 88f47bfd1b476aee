import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { AgentPath } from './agents.ts'

/** Named like agents: messages are addressed to `topic:<name>`. */
const Topic = once(() => AgentName().check(z.describe('The name of a topic, to which messages go as `topic:<name>`.')))

export const TopicPath = once(() => z.object({ topic: Topic() }))
export const SubscriptionPath = once(() => z.extend(AgentPath(), { topic: Topic() }))

/** Body of `PUT /v1/topics/{topic}/subscribers/{agent}`: what the agent wants from now on. */
export const Subscribe = once(() =>
  z
    .strictObject({
      message_types: z._default(
        z
          .nullable(
            z.array(Printable()).check(
              z.minLength(1),
              z.maxLength(100),
              z.refine((types) => new Set(types).size === types.length, 'must not hold a type twice'),
              // Redis keeps those of all subscribers of a topic in one record
              z.refine(
                (types) => Buffer.byteLength(JSON.stringify(types)) <= 1_024,
                'must not be more than 1 KiB as JSON',
              ),
            ),
          )
          .check(z.describe('Only messages of these types; null for every type.')),
        null,
      ),
    })
    .check(z.describe('What the agent wants of the topic from now on.')),
)
