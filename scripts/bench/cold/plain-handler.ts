import { createHash } from 'node:crypto'
import { z } from 'zod'
import { readReach } from './reach.ts'

/**
 * What one writes after the guides of the packages: a key is looked up, the body read, then Postgres asked or a wake sent
 * where the request needs it. Each package goes to the network in its own way and is loaded at the start, if it is needed at all.
 */
const reach = readReach()
const upstash = reach.asks.includes('redis') ? await import('@upstash/redis') : null
const neon = reach.asks.includes('postgres') ? await import('@neondatabase/serverless') : null
const aws = reach.asks.includes('sqs') ? await import('@aws-sdk/client-sqs') : null

const { redisRestUrl: url, redisRestToken: token, awsRegion: region, sqsEndpoint } = reach
const redis = upstash && new upstash.Redis({ url, token })
if (neon && reach.neonHttpEndpoint) neon.neonConfig.fetchEndpoint = reach.neonHttpEndpoint
const sql = neon?.neon(reach.databaseUrl)
const queue = aws && new aws.SQSClient({ region, ...(sqsEndpoint ? { endpoint: sqsEndpoint } : {}) })

const Body = z.object({ limit: z.number().default(1) })

export const handler = async (event: { headers: { authorization: string }; body?: string }) => {
  const { limit } = Body.parse(JSON.parse(event.body ?? '{}'))
  const digest = createHash('sha256').update(event.headers.authorization).digest('hex')
  const known = await redis?.get(digest)
  const rows = await sql?.query('SELECT name FROM agents LIMIT $1', [limit])
  if (queue && aws) {
    await queue.send(new aws.SendMessageCommand({ QueueUrl: reach.historyQueueUrl, MessageBody: '{}' }))
  }
  return { statusCode: 200, body: JSON.stringify({ known, rows }) }
}
