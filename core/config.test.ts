import { describe, expect, it } from 'vitest'
import { loadConfig, settingsOf } from './config.ts'

const env = {
  HIVE_STAGE: 'test',
  HIVE_REDIS_REST_URL: 'http://127.0.0.1:1',
  HIVE_REDIS_REST_TOKEN: 'the token',
  HIVE_DATABASE_URL: 'postgres://u:the-password@127.0.0.1:2/d',
  HIVE_DELIVER_QUEUE_URL: 'http://127.0.0.1:3/deliver',
  HIVE_HISTORY_QUEUE_URL: 'http://127.0.0.1:3/history',
  HIVE_ADMIN_KEYS: 'an-admin-key-of-a-test',
  HIVE_SIGNING_ROOT: 'a root that is long enough to be one, it says',
}
const faultOf = (changes: Record<string, string>) => {
  try {
    loadConfig({ ...env, ...changes })
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('accepted')
}

describe('the configuration', () => {
  it('is read from the environment, with defaults for what is not there or empty', () => {
    const config = loadConfig({ ...env, HIVE_HOP_LIMIT: '7', HIVE_MAX_WAITERS: '', HIVE_UNKNOWN: 'x' })
    expect(config).toMatchObject({ stage: 'test', hopLimit: 7, maxWaiters: 500, logMessages: true })
  })

  it('tells settings from where things are and what opens them', () => {
    expect(settingsOf({ ...env, HIVE_METRICS_DAYS: '30', HIVE_RATE_ANY: '', HIVE_S3_ENDPOINT: 'http://s3' })).toEqual({
      stage: 'test',
      metricsDays: '30',
    })
  })

  it('names every variable that is missing or wrong at once, and shows no value', () => {
    const message = faultOf({
      HIVE_REDIS_REST_TOKEN: '',
      HIVE_REDIS_REST_URL: 'the secret address',
      HIVE_HOP_LIMIT: '-12345',
      HIVE_LOG_MESSAGES: 'perhaps so',
    })
    expect(message).toContain('HIVE_REDIS_REST_TOKEN: is required')
    for (const name of ['HIVE_REDIS_REST_URL', 'HIVE_HOP_LIMIT', 'HIVE_LOG_MESSAGES']) {
      expect(message).toContain(`${name}:`)
    }
    for (const value of ['the secret address', '12345', 'perhaps', 'the-password']) expect(message).not.toContain(value)
  })

  it.each(['1e2', '0x10', ' 5', '7.0', '+7'])('takes %j for no whole number', (text) => {
    expect(faultOf({ HIVE_HOP_LIMIT: text })).toContain('HIVE_HOP_LIMIT: must be ')
  })

  it('says what a wrong value must be', () => {
    const message = faultOf({ HIVE_STAGE: 'A B', HIVE_HOP_LIMIT: '0', HIVE_RATE_ANY: 'many', HIVE_RECORDS_DRIVER: 'x' })
    expect(message.split('\n').slice(1)).toEqual([
      '  HIVE_STAGE: must match /^[a-z0-9-]{1,32}$/',
      '  HIVE_RECORDS_DRIVER: must be one of neon-http, neon-websocket, pg',
      '  HIVE_RATE_ANY: must be a number',
      '  HIVE_HOP_LIMIT: must be at least 1',
    ])
  })

  it('of a deployed stage takes no times that melt the bill', () => {
    expect(faultOf({ HIVE_DEPLOYED: 'true', HIVE_WAKE_GRACE_MS: '60', HIVE_DEAD_RETENTION_MS: '14' })).toMatch(
      /HIVE_DEAD_RETENTION_MS < 3600000.*HIVE_WAKE_GRACE_MS < 10000/,
    )
    expect(loadConfig({ ...env, HIVE_WAKE_GRACE_MS: '60' }).wakeGraceMs).toBe(60)
  })
})
