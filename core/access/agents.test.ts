import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { hostileEndpoints } from '../../test/hostile-endpoints.ts'
import { heartbeat } from '../bus/heartbeat.ts'
import { claimDelivery } from '../bus/receive.ts'
import { publicEndpoints } from '../delivery/endpoint-guard.ts'
import { openSecret } from '../delivery/seal.ts'
import { generateSigningSecret } from '../delivery/signing-secret.ts'
import { changeAgent, getAgent, listAgents, registerAgent, rotateSigningSecret } from './agents.ts'

let hive: TestHive
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive?.dispose())

const endpoint = 'https://example.com/hook'
const pull = { endpoint: null, disabled: false }
const push = { endpoint, disabled: false }

/** The secrets that webhooks to an agent are signed with, as its delivery reads them from Redis. */
async function secretsInUse(agent: string): Promise<string[]> {
  const { target } = await claimDelivery(hive, agent, { max: 1, delivery: { id: 'look', leaseMs: 1 } })
  return target.sealedSecrets.map((sealed) => openSecret(sealed, agent, hive.config.signingRoot))
}

describe('registering an agent', () => {
  it.each(hostileEndpoints)('is refused with the endpoint %.80s, and so is a change to it', async (hostile) => {
    const guarded = { ...hive, endpoints: async () => publicEndpoints }
    const refused = { code: 'endpoint.refused', errors: [{ field: 'endpoint' }] }
    await expect(registerAgent(guarded, 'hostile', { endpoint: hostile, disabled: false })).rejects.toMatchObject(
      refused,
    )
    if (hostile !== '')
      await expect(changeAgent(guarded, 'hostile', { endpoint: hostile })).rejects.toMatchObject(refused)
  })

  it('creates it once; the same again changes nothing', async () => {
    const first = await registerAgent(hive, 'same', pull)
    expect(first).toMatchObject({ created: true, agent: { name: 'same', endpoint: null, disabled: false, version: 1 } })
    const second = await registerAgent(hive, 'same', pull)
    expect(second).toMatchObject({ created: false, agent: first.agent })
  })

  it('gives an agent that pulls no secret', async () => {
    expect(await registerAgent(hive, 'puller', pull)).not.toHaveProperty('signingSecret')
  })

  it('makes a secret for a new endpoint and shows it once', async () => {
    const { signingSecret } = await registerAgent(hive, 'pusher', push)
    expect(signingSecret).toMatch(/^whsec_/)
    expect(await secretsInUse('pusher')).toEqual([signingSecret])
    expect(await registerAgent(hive, 'pusher', push)).not.toHaveProperty('signingSecret')
    expect(await secretsInUse('pusher')).toEqual([signingSecret])
    const read = JSON.stringify([await getAgent(hive, 'pusher'), await listAgents(hive, { limit: 100 })])
    expect(read).not.toContain('secret')
  })

  it('takes a secret that the caller chose, and does not say it back', async () => {
    const mine = generateSigningSecret()
    const answer = await registerAgent(hive, 'chosen', { ...push, signing_secret: mine })
    expect(JSON.stringify(answer)).not.toContain(mine)
    expect(await secretsInUse('chosen')).toEqual([mine])
  })

  it('refuses an endpoint inside the network and a malformed secret before anything is written', async () => {
    const inside = { ...pull, endpoint: 'https://169.254.169.254/' }
    await expect(registerAgent(hive, 'refused', inside)).rejects.toMatchObject({ code: 'endpoint.refused' })
    const malformed = { ...push, signing_secret: 'whsec_c2hvcnQ=' }
    await expect(registerAgent(hive, 'refused', malformed)).rejects.toMatchObject({ code: 'request.invalid' })
    await expect(getAgent(hive, 'refused')).rejects.toMatchObject({ code: 'agent.unknown' })
  })

  it('heals a projection that failed, by being repeated', async () => {
    hive.upstash.faults.next('500', 3)
    await expect(registerAgent(hive, 'half', pull)).rejects.toMatchObject({ code: 'redis.unavailable' })
    hive.upstash.faults.clear()
    const claim = await claimDelivery(hive, 'half', { max: 1, delivery: { id: 'look', leaseMs: 1 } })
    expect(claim.blocked).toBe('unknown')
    await registerAgent(hive, 'half', pull)
    expect(await secretsInUse('half')).toEqual([])
  })
})

describe('changing an agent', () => {
  it('keeps the secret before as the second, and no more than two', async () => {
    const [one, two, three] = [generateSigningSecret(), generateSigningSecret(), generateSigningSecret()]
    await registerAgent(hive, 'rotating', { ...push, signing_secret: one })
    await changeAgent(hive, 'rotating', { signing_secret: two })
    expect(await secretsInUse('rotating')).toEqual([two, one])
    await changeAgent(hive, 'rotating', { signing_secret: two })
    expect(await secretsInUse('rotating')).toEqual([two, one])
    await changeAgent(hive, 'rotating', { signing_secret: three })
    expect(await secretsInUse('rotating')).toEqual([three, two])
  })

  it('changes only what is given', async () => {
    await registerAgent(hive, 'steady', push)
    const { agent } = await changeAgent(hive, 'steady', { disabled: true })
    expect(agent).toMatchObject({ endpoint, disabled: true })
    expect((await changeAgent(hive, 'steady', {})).agent).toEqual(agent)
  })

  it('enables an endpoint that its answers had disabled, when it is set anew', async () => {
    await registerAgent(hive, 'gone', push)
    const { agents } = await hive.records()
    await agents.change('gone', { endpoint_disabled_at: '2026-01-01T00:00:00Z' })
    expect((await changeAgent(hive, 'gone', { disabled: false })).agent.endpoint_disabled_at).not.toBeNull()
    expect((await changeAgent(hive, 'gone', { endpoint })).agent.endpoint_disabled_at).toBeNull()
  })

  it('makes a secret for an agent that begins to push', async () => {
    await registerAgent(hive, 'begins', pull)
    const { signingSecret } = await changeAgent(hive, 'begins', { endpoint })
    expect(await secretsInUse('begins')).toEqual([signingSecret])
  })

  it('is refused for an agent that is not there', async () => {
    await expect(changeAgent(hive, 'nobody', {})).rejects.toMatchObject({ code: 'agent.unknown' })
  })
})

describe('rotating a signing secret', () => {
  it('makes one and shows it once; the one before signs too until the next', async () => {
    const { signingSecret: first } = await registerAgent(hive, 'turning', push)
    const second = await rotateSigningSecret(hive, 'turning')
    expect(second.signingSecret).toMatch(/^whsec_/)
    expect(await secretsInUse('turning')).toEqual([second.signingSecret, first])
    const mine = generateSigningSecret()
    for (const _ of ['once', 'and its answer lost']) {
      expect(await rotateSigningSecret(hive, 'turning', mine)).not.toHaveProperty('signingSecret')
      expect(await secretsInUse('turning')).toEqual([mine, second.signingSecret])
    }
    await expect(rotateSigningSecret(hive, 'nobody')).rejects.toMatchObject({ code: 'agent.unknown' })
  })

  it('replaces what was sealed under another root, with or without a new one at hand', async () => {
    await registerAgent(hive, 'moved', push)
    const moved = {
      ...hive,
      config: { ...hive.config, signingRoot: 'another root, from which other keys are derived' },
    }
    const { signingSecret } = await rotateSigningSecret(moved, 'moved')
    const { target } = await claimDelivery(hive, 'moved', { max: 1, delivery: { id: 'look', leaseMs: 1 } })
    expect(target.sealedSecrets.map((sealed) => openSecret(sealed, 'moved', moved.config.signingRoot))).toEqual([
      signingSecret,
    ])
    // back again: it is put as it was, and gets a secret as one that has none
    expect(await registerAgent(hive, 'moved', push)).toMatchObject({ signingSecret: expect.stringMatching(/^whsec_/) })
    expect(await secretsInUse('moved')).toHaveLength(1)
  })
})

describe('the heartbeat of an agent', () => {
  it('tells when it was last seen, and null before', async () => {
    await registerAgent(hive, 'beating', pull)
    await registerAgent(hive, 'silent', pull)
    expect((await getAgent(hive, 'beating')).last_seen_at).toBeNull()
    const { last_seen_at } = await heartbeat(hive, 'beating')
    expect(Math.abs(Date.parse(last_seen_at) - Date.now())).toBeLessThan(60_000)
    expect((await getAgent(hive, 'beating')).last_seen_at).toBe(last_seen_at)
    const { items } = await listAgents(hive, { limit: 100 })
    const seen = Object.fromEntries(items.map((agent) => [agent.name, agent.last_seen_at]))
    expect(seen).toMatchObject({ beating: last_seen_at, silent: null })
    expect((await changeAgent(hive, 'beating', { disabled: true })).agent.last_seen_at).toBe(last_seen_at)
  })

  it('is that of an agent that is there', async () => {
    await expect(heartbeat(hive, 'nobody')).rejects.toMatchObject({ code: 'agent.unknown' })
  })

  it('is unknown while Redis is away, and the agent is not', async () => {
    await registerAgent(hive, 'apart', pull)
    await heartbeat(hive, 'apart')
    hive.upstash.faults.next('500', 1, { command: 'HMGET' })
    expect(await getAgent(hive, 'apart')).toMatchObject({ name: 'apart', last_seen_at: null })
  })
})

describe('listing agents', () => {
  it('goes through all of them by name, each once', async () => {
    const names: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof listAgents>> = await listAgents(hive, {
        limit: 3,
        ...(cursor && { cursor }),
      })
      expect(page.items.length).toBeLessThanOrEqual(3)
      names.push(...page.items.map(({ name }) => name))
      cursor = page.next_cursor
    } while (cursor)
    expect(names).toEqual([...new Set(names)].sort())
    expect(names).toContain('rotating')
  })
})
