import { beforeAll, describe, expect, it } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { preflight, type Secrets } from './preflight.ts'
import { linkedSecrets, madeNames, parseSecrets, saysNone } from './read-secrets.ts'

let hive: TestHive
let secrets: Secrets
let env: Record<string, string>
beforeAll(async () => {
  hive = await testHive()
  const lent = JSON.parse(await borrow('database')) as { databaseUrl: string; neonHttpEndpoint: string }
  const { databaseUrl, neonHttpEndpoint } = lent
  env = { HIVE_SET_neonHttpEndpoint: neonHttpEndpoint }
  secrets = {
    RedisRestUrl: hive.config.redisRestUrl,
    RedisRestToken: hive.config.redisRestToken,
    DatabaseUrl: databaseUrl,
    DatabaseDirectUrl: databaseUrl,
    AdminKeys: 'an-admin-key-of-the-test',
    SigningRoot: 'a root from which this test derives its keys',
  }
})

const failures = async (given: Secrets) => {
  const checks = await preflight(given, { stage: 'dev', migrate: false, env })
  return checks.filter(({ ok }) => !ok).map(({ name, says }) => `${name}: ${says}`)
}

describe('preflight', () => {
  it('finds nothing wrong where all is there, and may migrate again and again', async () => {
    for (const migrate of [false, true, true]) {
      const checks = await preflight(secrets, { stage: 'dev', migrate, env: { ...env, HIVE_SET_metricsDays: '90' } })
      expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
        ['settings', true],
        ['secrets', true],
        ['Redis', true],
        ['Postgres', true],
      ])
    }
  })

  it('names every secret that is missing, with the command that sets it', async () => {
    const { AdminKeys: _, SigningRoot: __, ...rest } = secrets
    const [said = ''] = await failures(rest)
    expect(said).toContain("npx sst secret set AdminKeys '…' --stage dev")
    expect(said).toContain('npx sst secret set SigningRoot')
    expect(said).not.toContain('RedisRestUrl')
  })

  it('refuses settings that no function would know or start with, under the names that they were given', async () => {
    const said = async (settings: Record<string, string>) => {
      const set = Object.entries(settings).map(([name, value]) => [`HIVE_SET_${name}`, value])
      const [first] = await preflight({}, { stage: 'dev', migrate: false, env: Object.fromEntries(set) })
      return first?.ok ? '' : first?.says
    }
    expect(await said({ metricDays: '90' })).toContain('HIVE_SET_metricDays')
    expect(await said({ metricsDays: 'ninety' })).toContain('HIVE_SET_metricsDays: must be a number')
    expect(await said({ deadRetentionMs: '14' })).toContain('HIVE_SET_deadRetentionMs < 3600000')
    expect(await said({ metricsDays: '', hopLimit: '7' })).toBe('')
  })

  it('refuses sizes and credentials that the deploy itself would not take', async () => {
    const said = async (env: Record<string, string>) => {
      const [first] = await preflight({}, { stage: 'dev', migrate: false, env })
      return first?.ok ? '' : first?.says
    }
    expect(await said({ HIVE_MEMORY_MB: 'abc' })).toContain('HIVE_MEMORY_MB')
    expect(await said({ HIVE_DELIVER_CONCURRENCY: '1' })).toContain('HIVE_DELIVER_CONCURRENCY')
    expect(await said({ UPSTASH_API_KEY: 'x' })).toContain('UPSTASH_EMAIL')
    expect(await said({ UPSTASH_API_KEY: 'x', UPSTASH_EMAIL: 'ada@example.com' })).toBe('')
  })

  it('asks Postgres as the functions will', async () => {
    const without = await preflight(secrets, { stage: 'dev', migrate: false })
    expect(without.at(-1)).toMatchObject({ name: 'Postgres', ok: false, says: expect.stringContaining('neon-http') })
    const plain = await preflight(secrets, { stage: 'dev', migrate: false, env: { HIVE_SET_recordsDriver: 'pg' } })
    expect(plain.at(-1)).toMatchObject({ name: 'Postgres', ok: true })
  })

  it('leaves out what the stack makes and has not made yet', async () => {
    const { RedisRestUrl: _, RedisRestToken: __, DatabaseUrl: ___, DatabaseDirectUrl: ____, ...rest } = secrets
    const yet = madeNames({ UPSTASH_API_KEY: 'x', NEON_API_KEY: 'x' })
    const checks = await preflight(rest, { stage: 'dev', migrate: true, yet })
    expect(checks.map(({ name, ok, says }) => [name, ok, says.includes('made by the first deploy')])).toEqual([
      ['settings', true, false],
      ['secrets', true, false],
      ['Redis', true, true],
      ['Postgres', true, true],
    ])
    expect(madeNames({})).toEqual([])
  })

  it('names a secret of the wrong form without showing it', async () => {
    const [said = ''] = await failures({ ...secrets, SigningRoot: 'too-short-a-root' })
    expect(said).toContain('HIVE_SIGNING_ROOT')
    expect(said).not.toContain('too-short-a-root')
  })

  it('says that Redis refuses the token', async () => {
    expect(await failures({ ...secrets, RedisRestToken: 'another' })).toEqual([expect.stringMatching(/^Redis: /)])
  })

  it('says that Postgres does not answer', async () => {
    const nowhere = 'postgresql://hive:the-password@127.0.0.1:1/hive'
    const said = await failures({ ...secrets, DatabaseUrl: nowhere })
    expect(said).toEqual([expect.stringMatching(/^Postgres: with DatabaseUrl/)])
    const direct = await failures({ ...secrets, DatabaseDirectUrl: nowhere })
    expect(direct).toEqual([expect.stringMatching(/^Postgres: .*ECONNREFUSED/)])
    expect([...said, ...direct].join()).not.toContain('the-password')
  })
})

describe('the links of a stage', () => {
  it('hold the secrets that it has made', () => {
    const env = { SST_RESOURCE_DatabaseUrl: '{"type":"sst.sst.Linkable","value":"postgresql://h/d"}', PATH: '/bin' }
    expect(linkedSecrets(env, ['DatabaseUrl', 'DatabaseDirectUrl'])).toEqual({ DatabaseUrl: 'postgresql://h/d' })
  })
})

describe('the list of secrets', () => {
  it('is empty where sst says that there is none, and a fault where it says something else', () => {
    expect(saysNone({ stdout: '', stderr: '✕  No secrets found\n' })).toBe(true)
    expect(saysNone({ stdout: '', stderr: 'unable to load AWS credentials' })).toBe(false)
  })

  it('is read with values that hold =, and without headings', () => {
    const text =
      '# fallback\nAdminKeys=old\n\n# agent-hive/ada\nAdminKeys=a=b\nDatabaseUrl=postgresql://h/d?sslmode=require\n'
    expect(parseSecrets(text)).toEqual({ AdminKeys: 'a=b', DatabaseUrl: 'postgresql://h/d?sslmode=require' })
  })
})
