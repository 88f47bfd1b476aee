import { createRandom } from '../random.ts'
import type { FaultCloud } from './fault-cloud.ts'
import { settings } from './fault-cloud.ts'
import type { Fleet, History, Operation, Sent } from './history.ts'
import { createHiveClient } from './hive-client.ts'
import { injectFaults } from './inject-faults.ts'
import { lookWhenQuiet, waitUntilQuiet } from './look-when-quiet.ts'
import { type Fault, workMs } from './plan-faults.ts'
import { planBatches, planFleet } from './plan-messages.ts'
import { startReceivingEndpoints } from './receiving-endpoints.ts'
import { seeToDeadLetters } from './see-to-dead-letters.ts'
import { sendMessages } from './send-messages.ts'
import { type Phase, takeMessages } from './take-messages.ts'

const senders = 4
const receiversOfEach = 2

export type RunOptions = {
  seed: number
  messages: number
  schedule: Fault[]
  /** The part of pushes, from 0 to 1, that endpoints answer as they should not. */
  faultyEndpoints: number
  /** How long what is under way is waited for. */
  patienceMs?: number
}

/**
 * Sends and takes messages while faults happen, waits until all is quiet, and gives what was done and seen. The seed
 * repeats the fleet, the messages, the schedule and what each client decides; how they interleave is up to the machine.
 */
export async function runHistory(cloud: FaultCloud, options: RunOptions): Promise<History & { misbehaved: number }> {
  const { seed, messages, schedule } = options
  const random = createRandom(seed)
  const run = `run-${seed}`
  const fleet = planFleet(run)
  const operations: Operation[] = []
  const unexpected: string[] = []
  const note = (op: Operation) => void operations.push(op)
  const call = createHiveClient(cloud.functions, random.fork('routes'), unexpected)
  const endpoints = await startReceivingEndpoints(random.fork('endpoints'), options.faultyEndpoints, note)
  try {
    const from = Array.from({ length: senders }, (_, i) => `${run}-send-${i}`)
    const keys = await setUp(call, cloud.adminKey, fleet, from, endpoints.urlOf)
    const planned = from.map((name) => ({
      name,
      batches: planBatches(random.fork(name), { run, from: name, fleet, count: Math.ceil(messages / senders), workMs }),
    }))
    const sent = new Map<string, Sent>()
    for (const { batches } of planned)
      for (const batch of batches) for (const one of batch.messages) sent.set(one.id, one)

    const phase: Phase = { name: 'working' }
    const keyOf = (agent: string) => keys.get(agent) ?? ''
    const taking = fleet.pulling.flatMap((agent) =>
      Array.from({ length: receiversOfEach }, (_, i) =>
        takeMessages(call, { key: keyOf(agent), agent, random: random.fork(`${agent} ${i}`), phase, note }),
      ),
    )
    const agents = [...fleet.pulling, ...fleet.pushed]
    const operating = seeToDeadLetters(call, {
      key: cloud.adminKey,
      agents,
      random: random.fork('operator'),
      phase,
      note,
    })
    await Promise.all([
      injectFaults(cloud, schedule, random.fork('queues')),
      ...planned.map(({ name, batches }) =>
        sendMessages(call, { key: keyOf(name), batches, random: random.fork(`${name} sends`), note }),
      ),
    ])
    phase.name = 'finishing'
    endpoints.behave()
    await operating
    await waitUntilQuiet(cloud.hive, fleet, options.patienceMs)
    phase.name = 'over'
    await Promise.all(taking)
    const quiet = await lookWhenQuiet(cloud.hive, cloud.databaseUrl, fleet, [...sent.values()])
    return {
      seed,
      fleet,
      sent,
      operations,
      quiet,
      offsetMs: { 1: settings.offsetLowMs, 2: settings.offsetMediumMs, 3: settings.offsetHighMs, 4: 0 },
      frozen: schedule.some(({ kind }) => kind === 'functions frozen'),
      unexpected: [...unexpected, ...cloud.unexpected.splice(0)],
      misbehaved: endpoints.misbehaved,
    }
  } finally {
    await endpoints.close()
  }
}

/** Registers everybody and gives each a key of its own. */
async function setUp(
  call: ReturnType<typeof createHiveClient>,
  adminKey: string,
  fleet: Fleet,
  senders: string[],
  endpointOf: (agent: string) => string,
): Promise<Map<string, string>> {
  const keys = new Map<string, string>()
  const ask = async (method: string, path: string, body: unknown) => {
    const answer = await call(method, path, { key: adminKey, body })
    if (answer.outcome !== 'ok')
      throw new Error(`${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const register = async (agent: string, endpoint: string | null) => {
    await ask('PUT', `/v1/agents/${agent}`, { endpoint })
    const { key } = (await ask('POST', '/v1/keys', { agent, scopes: ['publish', 'receive'] })) as { key: string }
    keys.set(agent, key)
    await ask('POST', `/v1/agents/${agent}/heartbeat`, undefined)
  }
  await Promise.all([
    ...[...senders, ...fleet.pulling].map((agent) => register(agent, null)),
    ...fleet.pushed.map((agent) => register(agent, endpointOf(agent))),
  ])
  await Promise.all([
    ...Object.entries(fleet.topics).flatMap(([topic, agents]) =>
      agents.map((agent) => ask('PUT', `/v1/topics/${topic}/subscribers/${agent}`, {})),
    ),
    ...Object.entries(fleet.capabilities).flatMap(([capability, agents]) =>
      agents.map((agent, i) =>
        ask('PUT', `/v1/agents/${agent}/capabilities/${capability}`, { proficiency_level: 5 + Math.min(i, 1) }),
      ),
    ),
  ])
  return keys
}
