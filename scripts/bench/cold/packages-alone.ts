import { createRest } from '../../../core/bus/rest.ts'
import { createPost } from '../../../core/post.ts'
import { type Asked, readReach } from './reach.ts'

/**
 * The least that a function takes that asks through these packages, over the same HTTP as Agent Hive's: one question each. There is
 * no key, no check, no configuration, and nothing to tell.
 */
const reach = readReach()
const post = createPost()

export const handler = async () => {
  await Promise.all(reach.asks.map((asked) => ask[asked]()))
  return { statusCode: 200 }
}

const ask: Record<Asked, () => Promise<unknown>> = {
  async redis() {
    const { createRedisClient } = await import('../../../core/bus/redis-client.ts')
    return createRedisClient(createRest(reach)).get('key')
  },
  async postgres() {
    const { neon, neonConfig } = await import('@neondatabase/serverless')
    neonConfig.fetchFunction = async (url: string, init: { headers: Record<string, string>; body: string }) => {
      const { status, text } = await post(reach.neonHttpEndpoint ?? url, init.headers, init.body, 5_000)
      return { ok: status === 200, status, text: async () => text, json: async () => JSON.parse(text) }
    }
    return neon(reach.databaseUrl).query('SELECT name FROM agents LIMIT 1')
  },
  async sqs() {
    const { sqsSender } = await import('../../../core/delivery/sqs-sender.ts')
    return sqsSender(reach, post)(reach.historyQueueUrl, '{}', 0)
  },
}
