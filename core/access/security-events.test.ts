import { afterEach, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import type { Records } from '../records/create-records.ts'
import type { SecurityEventRow } from '../records/security-events-repository.ts'
import { recordSecurityEvent } from './security-events.ts'

const hives: TestHive[] = []
afterEach(async () => {
  for (const hive of hives.splice(0)) await hive.dispose()
})

type Line = { message: string; extra?: object | undefined }

/** A hive whose time stands still until it is moved, and what it logged as errors. */
async function hiveAt(start = Date.now()) {
  const time = { now: start }
  const lines: Line[] = []
  const log = {
    info: () => {},
    warn: () => {},
    error: (message: string, extra?: object) => lines.push({ message, extra }),
  }
  const clock = { now: () => time.now, sleep: () => new Promise<void>(() => {}) }
  const hive = await testHive({}, { clock, log })
  hives.push(hive)
  return { hive, time, lines }
}

const event = { type: 'auth.failed', description: 'a wrong key', metadata: { source_ip: '::1' } } as const

async function stored(hive: TestHive): Promise<SecurityEventRow[]> {
  const { securityEvents } = await hive.records()
  return (await securityEvents.query({ limit: 1_000 })).items
}

describe('recording a security event', () => {
  it('stores it with the severity of its type', async () => {
    const { hive, time } = await hiveAt()
    await recordSecurityEvent(hive, event)
    expect(await stored(hive)).toMatchObject([
      {
        ...{ event_type: 'auth.failed', severity: 'medium', description: 'a wrong key' },
        ...{ metadata: { source_ip: '::1' }, timestamp: new Date(time.now).toISOString() },
      },
    ])
  })

  it('is not hidden by the noise of others: each key and agent has its own few', async () => {
    const { hive } = await hiveAt()
    await Promise.all(Array.from({ length: 1_000 }, () => recordSecurityEvent(hive, event)))
    for (let i = 0; i < 50; i++) await recordSecurityEvent(hive, { ...event, of: 'noisy' })
    await recordSecurityEvent(hive, { ...event, of: 'quiet' })
    const of = (await stored(hive)).map(({ metadata }) => (metadata as { of?: string }).of)
    expect(of.filter((one) => one === undefined)).toHaveLength(10)
    expect(of.filter((one) => one === 'noisy')).toHaveLength(10)
    expect(of.filter((one) => one === 'quiet')).toHaveLength(1)
  })

  it('stores few of a type in a minute, each type for itself, and says later how many were left out', async () => {
    const { hive, time } = await hiveAt()
    await Promise.all(Array.from({ length: 10_000 }, () => recordSecurityEvent(hive, event)))
    await recordSecurityEvent(hive, { type: 'loop.detected', description: 'a loop' })
    const first = await stored(hive)
    expect(first.filter(({ event_type }) => event_type === 'auth.failed')).toHaveLength(10)
    expect(first.filter(({ event_type }) => event_type === 'loop.detected')).toHaveLength(1)
    time.now += 60_000
    await recordSecurityEvent(hive, event)
    await recordSecurityEvent(hive, event)
    const later = (await stored(hive)).slice(0, 2).map(({ metadata }) => metadata)
    expect(later).toEqual([{ source_ip: '::1' }, { source_ip: '::1', unrecorded: 9_990 }])
  })

  it('stores a bounded number of a type in a minute from however many functions', async () => {
    const { hive } = await hiveAt()
    const functions = Array.from({ length: 30 }, () => ({ ...hive, access: { ...hive.access } }))
    for (const one of functions) {
      for (let n = 0; n < 20; n++) await recordSecurityEvent(one, event)
    }
    expect(await stored(hive)).toHaveLength(100)
  })

  it('never fails and never waits for long; what could not be written is logged', async () => {
    const { hive, lines } = await hiveAt()
    const failing = {
      ...hive,
      records: async (): Promise<Records> => {
        throw new Error('postgresql://user:password@host')
      },
    }
    await recordSecurityEvent(failing, event)
    expect(lines).toMatchObject([{ message: 'security event not written', extra: { code: 'internal' } }])
    expect(lines).toMatchObject([{ extra: { event: { description: 'a wrong key' } } }])
    expect(JSON.stringify(lines)).not.toContain('password')

    const clock = { ...hive.clock, sleep: async () => {} }
    const silent = { ...hive, clock, records: () => new Promise<Records>(() => {}) }
    await recordSecurityEvent(silent, event)
  })
})
