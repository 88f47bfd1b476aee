import { permanent } from './stage.ts'

/** A Redis that the stack makes where Upstash's credentials are given; null where it is given by secrets. */
export const madeRedis = process.env.UPSTASH_API_KEY ? make() : null

function make() {
  const database = new upstash.RedisDatabase(
    'Redis',
    {
      databaseName: `${$app.name}-${$app.stage}`,
      region: 'global',
      primaryRegion: aws.getRegionOutput().region,
      tls: true,
      // what waits for a recipient must never make room for something else
      eviction: false,
    },
    { protect: permanent, retainOnDelete: permanent },
  )
  return {
    url: new sst.Linkable('RedisRestUrl', { properties: { value: $interpolate`https://${database.endpoint}` } }),
    token: new sst.Linkable('RedisRestToken', { properties: { value: $util.secret(database.restToken) } }),
  }
}
