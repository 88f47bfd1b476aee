import type { HiveConfig } from '../../../core/config.ts'

/** What a function asks to answer a request. */
export type Asked = 'redis' | 'postgres' | 'sqs'

type Places = Pick<
  HiveConfig,
  'redisRestUrl' | 'redisRestToken' | 'redisRetries' | 'redisTimeoutMs' | 'databaseUrl' | 'neonHttpEndpoint'
> &
  Pick<HiveConfig, 'sqsEndpoint' | 'awsRegion' | 'historyQueueUrl'>

/** What the functions that Agent Hive is compared with are told by their environment: what to ask, and where that is. */
export type Reach = Places & { asks: Asked[] }

export function reachEnvironment(asks: readonly Asked[], config: HiveConfig): Record<string, string> {
  const { redisRestUrl, redisRestToken, redisRetries, redisTimeoutMs, databaseUrl, neonHttpEndpoint } = config
  const { sqsEndpoint, awsRegion, historyQueueUrl } = config
  const places = { redisRestUrl, redisRestToken, redisRetries, redisTimeoutMs, databaseUrl, neonHttpEndpoint }
  return { REACH: JSON.stringify({ asks, ...places, sqsEndpoint, awsRegion, historyQueueUrl }) }
}

export function readReach(): Reach {
  return JSON.parse(process.env.REACH ?? '') as Reach
}
