import { createCipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configToEnvironment } from './config.ts'
import { type Links, readConfig } from './linked-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'agent-hive-links-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const links: Links = {
  RedisRestUrl: { type: 'sst.sst.Secret', value: 'https://redis.test' },
  RedisRestToken: { type: 'sst.sst.Secret', value: 'token' },
  DatabaseUrl: { type: 'sst.sst.Secret', value: 'postgresql://hive@postgres.test/hive' },
  AdminKeys: { type: 'sst.sst.Secret', value: 'the-first-admin-key,the-second-admin-key' },
  SigningRoot: { type: 'sst.sst.Secret', value: 'a signing root of more than 32 characters' },
  DeliverQueue: { type: 'sst.sst.Linkable', url: 'https://sqs.test/deliver' },
  HistoryQueue: { type: 'sst.sst.Linkable', url: 'https://sqs.test/history' },
  Hive: { type: 'sst.sst.Linkable', stage: 'ada', deployed: 'true', metricsDays: '30', awsRegion: 'eu-west-1' },
}

/** The environment of a function beside whose bundle sst put these links. */
function deployedWith(given: Links): Record<string, string> {
  const key = randomBytes(32)
  const file = join(folder, randomBytes(4).toString('hex'))
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(given)), cipher.final()])
  writeFileSync(file, Buffer.concat([sealed, cipher.getAuthTag()]))
  return { SST_KEY: key.toString('base64'), SST_KEY_FILE: file }
}

describe('the configuration of a function', () => {
  it('is what the stage links to it', () => {
    expect(readConfig(deployedWith(links))).toMatchObject({
      stage: 'ada',
      deployed: true,
      redisRestUrl: 'https://redis.test',
      redisRestToken: 'token',
      databaseUrl: 'postgresql://hive@postgres.test/hive',
      deliverQueueUrl: 'https://sqs.test/deliver',
      historyQueueUrl: 'https://sqs.test/history',
      adminKeys: ['the-first-admin-key', 'the-second-admin-key'],
      awsRegion: 'eu-west-1',
      metricsDays: 30,
    })
  })

  it('takes nothing from the environment where there are links', () => {
    expect(readConfig({ ...deployedWith(links), HIVE_STAGE: 'other' }).stage).toBe('ada')
  })

  it('names what the links lack', () => {
    const { SigningRoot: _, ...rest } = links
    expect(() => readConfig(deployedWith(rest))).toThrow('HIVE_SIGNING_ROOT')
  })

  it('is refused when its file was changed', () => {
    const other = deployedWith({})
    expect(() => readConfig({ ...deployedWith(links), SST_KEY_FILE: other.SST_KEY_FILE as string })).toThrow()
  })

  it('is the environment where there are no links', () => {
    const fields = { redisRestUrl: 'https://redis.test', redisRestToken: 'token', databaseUrl: 'postgresql://h/d' }
    const queues = { deliverQueueUrl: 'https://sqs.test/1', historyQueueUrl: 'https://sqs.test/2' }
    const secret = { adminKeys: 'the-first-admin-key', signingRoot: String(links.SigningRoot?.value) }
    expect(readConfig(configToEnvironment({ ...fields, ...queues, ...secret })).stage).toBe('local')
  })
})
