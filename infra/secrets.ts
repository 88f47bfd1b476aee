/** Each holds the field of core/config.ts that its name says; `sst secret set RedisRestUrl … --stage X` gives them. */
const redisRestUrl = new sst.Secret('RedisRestUrl')
const redisRestToken = new sst.Secret('RedisRestToken')
/** Pooled. */
const databaseUrl = new sst.Secret('DatabaseUrl')
/** One admin key, or two during a rotation, separated by a comma. */
const adminKeys = new sst.Secret('AdminKeys')
const signingRoot = new sst.Secret('SigningRoot')

/** Not pooled. SQL migrations run over it when the stage is deployed; no function is given it. */
new sst.Secret('DatabaseDirectUrl')

export const secrets = [redisRestUrl, redisRestToken, databaseUrl, adminKeys, signingRoot]
