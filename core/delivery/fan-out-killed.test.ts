import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { testHive } from '../../test/hive.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { messageStatus } from '../bus/message-status.ts'
import { publish } from '../bus/publish.ts'
import { projectSubscription } from '../bus/relay/project-subscription.ts'
import { configToEnvironment, type HiveConfig } from '../config.ts'
import { fanOut } from './fan-out.ts'

const script = fileURLToPath(new URL('../../test/fan-out-process.ts', import.meta.url))
const subscribers = 10_000
const atOnce = 200

/** The environment that gives a process this configuration. */
function environmentOf(config: HiveConfig): Record<string, string> {
  return configToEnvironment(
    JSON.parse(JSON.stringify(config, (_, value) => (Array.isArray(value) ? value.join(',') : value))),
  )
}

it('reaches each of 10,000 subscribers exactly once, although the function is killed again and again', async () => {
  const hive = await testHive()
  onTestFinished(() => hive.dispose())
  const agents = Array.from({ length: subscribers }, (_, i) => `agent-${String(i).padStart(5, '0')}`)
  for (let at = 0; at < subscribers; at += atOnce) {
    await Promise.all(
      agents.slice(at, at + atOnce).map(async (agent) => {
        await register(hive, agent)
        await projectSubscription(hive, { topic: 'all', agent, version: '1', subscription: { message_types: null } })
      }),
    )
  }
  const message = sampleMessage({ to_agent: 'topic:all' })
  expect(await publish(hive, [message])).toMatchObject([{ recipients: subscribers }])
  const progress = async () => (await messageStatus(hive, 'ann', message.message_id, { limit: 1 })).fan_out

  let killed = 0
  while (killed < 3) {
    // short leases: what was killed with one holds it until it ends
    const config = { ...hive.config, deliveryBudgetMs: 1_000, redisTimeoutMs: 500 }
    const worker = spawn(process.execPath, [script, 'all'], {
      env: { ...process.env, ...environmentOf(config) },
      stdio: 'inherit',
    })
    let exited = false
    worker.once('exit', () => {
      exited = true
    })
    const before = (await progress())?.handed ?? 0
    // one that finds the lease of the killed one before it has nothing to do
    while (!exited && ((await progress())?.handed ?? 0) === before);
    if (exited) continue
    worker.kill('SIGKILL')
    await expect.poll(() => worker.signalCode).toBe('SIGKILL')
    killed++
    expect((await progress())?.handed).toBeLessThan(subscribers)
  }
  await expect
    .poll(
      async () => {
        await fanOut(hive, 'all')
        return progress()
      },
      { timeout: 60_000 },
    )
    .toMatchObject({ status: 'delivered', handed: subscribers, full: 0, failed: 0 })

  const redis = new Redis(await borrow('redis'))
  const accepted = redis.pipeline()
  for (const agent of agents) accepted.hmget(hive.bus.keys.inbox(agent), 'accepted', 'ready')
  const counts = (await accepted.exec())?.map(([, row]) => (row as string[]).join(' '))
  redis.disconnect()
  expect(counts?.filter((count) => count !== '1 1')).toEqual([])
}, 180_000)

it('costs at most 16 billed commands a recipient', async () => {
  const hive = await testHive()
  onTestFinished(() => hive.dispose())
  const agents = Array.from({ length: 400 }, (_, i) => `agent ${i}`)
  await register(hive, agents)
  await register(hive, agents.slice(0, 100), { endpoint: 'https://agent.example/hook', version: 2 })
  for (const [version, agent] of agents.entries()) {
    await projectSubscription(hive, {
      topic: 'all',
      agent,
      version: `${version + 1}`,
      subscription: { message_types: null },
    })
  }
  // with everything that a message can have
  const all = {
    to_agent: 'topic:all',
    correlation_id: 'c',
    causation_id: 'the cause',
    body: { text: 'x'.repeat(20_000) },
    delivery_options: { ordering_key: 'k' },
  }
  for (const overrides of [{ to_agent: 'topic:all' }, all]) {
    await publish(hive, [sampleMessage(overrides)])
    hive.upstash.stats.reset()
    await fanOut(hive, 'all')
    const each = hive.upstash.stats.billed / agents.length
    console.log(`billed commands a recipient of a fan-out: ${each.toFixed(2)}`)
    expect(each).toBeLessThanOrEqual(16)
  }
})
