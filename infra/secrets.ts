import { madePostgres } from './made-postgres.ts'
import { madeRedis } from './made-redis.ts'

/**
 * Each holds the field of core/config.ts that its name says. `sst secret set RedisRestUrl … --stage X` gives those that the
 * stack does not make itself.
 */
const redisRestUrl = madeRedis?.url ?? new sst.Secret('RedisRestUrl')
const redisRestToken = madeRedis?.token ?? new sst.Secret('RedisRestToken')
/** Pooled. */
const databaseUrl = madePostgres?.pooled ?? new sst.Secret('DatabaseUrl')
/** One admin key, or two during a rotation, separated by a comma. */
const adminKeys = new sst.Secret('AdminKeys')
const signingRoot = new sst.Secret('SigningRoot')

/**
 * Not pooled, which locks need. SQL migrations run over it when the stage is deployed; of the functions only the one that
 * moves migrations has it.
 */
export const databaseDirectUrl = madePostgres?.direct ?? new sst.Secret('DatabaseDirectUrl')

export const secrets = [redisRestUrl, redisRestToken, databaseUrl, adminKeys, signingRoot]
