import { beforeAll, describe, expect, it } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { preflight, type Secrets } from './preflight.ts'
import { parseSecrets } from './read-secrets.ts'

let hive: TestHive
let secrets: Secrets
beforeAll(async () => {
  hive = await testHive()
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
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
  const checks = await preflight(given, { migrate: false })
  return checks.filter(({ ok }) => !ok).map(({ name, says }) => `${name}: ${says}`)
}

describe('preflight', () => {
  it('finds nothing wrong where all is there, and may migrate again and again', async () => {
    for (const migrate of [false, true, true]) {
      const checks = await preflight(secrets, { migrate })
      expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
        ['secrets', true],
        ['Redis', true],
        ['Postgres', true],
      ])
    }
  })

  it('names every secret that is missing, with the command that sets it', async () => {
    const { AdminKeys: _, SigningRoot: __, ...rest } = secrets
    const [said = ''] = await failures(rest)
    expect(said).toContain('sst secret set AdminKeys')
    expect(said).toContain('sst secret set SigningRoot')
    expect(said).not.toContain('RedisRestUrl')
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
    expect(said).toEqual([expect.stringMatching(/^Postgres: .*ECONNREFUSED/)])
    expect(said.join()).not.toContain('the-password')
  })
})

describe('the list of secrets', () => {
  it('is read with values that hold =, and without headings', () => {
    const text =
      '# fallback\nAdminKeys=old\n\n# agent-hive/ada\nAdminKeys=a=b\nDatabaseUrl=postgresql://h/d?sslmode=require\n'
    expect(parseSecrets(text)).toEqual({ AdminKeys: 'a=b', DatabaseUrl: 'postgresql://h/d?sslmode=require' })
  })
})
