import type { HiveClient } from '../client.ts'
import { HiveProblem } from '../problem.ts'
import { acknowledgeAll } from './acknowledge-all.ts'
import { timeMetricWrites } from './metric-latency.ts'
import { publishAtRate } from './publish-rate.ts'
import { roundTrip } from './round-trip.ts'

/** One thing that was checked: what came out, what it had to be, and whether it was. */
export type Check = { name: string; figure: string; bar: string; pass: boolean; detail?: string }

export type ValidateSettings = {
  messages: number
  /** Callers that publish at the same time; each has a recipient of its own. */
  callers: number
  metrics: number
}

/** The bars of the project's plan. */
const bars = { metricMs: 50, messagesPerSecond: 1000 }

/** Names are fixed, so that a hive that is checked every hour does not collect agents. One check at a time. */
const sender = 'validate-sender'
const receiver = (index: number) => `validate-receiver-${index + 1}`

/**
 * Checks a hive from outside. A check that the hive refuses is one that failed, with the refusal as its detail;
 * HiveUnreachable, and a refusal to register the agents, are thrown. The agents are disabled at the end in any case.
 */
export async function validateHive(
  client: HiveClient,
  settings: ValidateSettings,
  note: (text: string) => void,
): Promise<Check[]> {
  const receivers = Array.from({ length: settings.callers }, (_, index) => receiver(index))
  const registered: string[] = []
  try {
    for (const agent of [sender, ...receivers]) {
      await client.putAgent(agent, { disabled: false })
      registered.push(agent)
    }
    const checks: Check[] = []
    note('protocol round trip …')
    checks.push(await checkRoundTrip(client, receivers[0] as string))
    note(`${settings.metrics} metric writes …`)
    checks.push(...(await checkMetricLatency(client, settings.metrics)))
    note(`${settings.messages} messages …`)
    checks.push(...(await checkPublishRate(client, receivers, settings.messages)))
    return checks
  } finally {
    await disable(client, registered, note)
  }
}

async function disable(client: HiveClient, agents: string[], note: (text: string) => void): Promise<void> {
  for (const agent of agents) {
    await client.changeAgent(agent, { disabled: true }).catch((error: unknown) => {
      note(`${agent} could not be disabled: ${error instanceof Error ? error.message : error}`)
    })
  }
}

function checkRoundTrip(client: HiveClient, to: string): Promise<Check> {
  const check = { name: 'protocol round trip', bar: 'delivered' }
  return orRefused([check], async () => {
    const startedAt = performance.now()
    const fault = await roundTrip(client, sender, to)
    const figure = fault === undefined ? `delivered in ${Math.round(performance.now() - startedAt)} ms` : 'broken'
    return [{ ...check, figure, pass: fault === undefined, detail: fault ?? 'publish, receive, ack, status' }]
  }).then(([only]) => only as Check)
}

function checkMetricLatency(client: HiveClient, writes: number): Promise<Check[]> {
  const bar = `< ${bars.metricMs} ms`
  const named = [
    { name: 'metric write p50', bar },
    { name: 'metric write p99', bar },
  ]
  return orRefused(named, async () => {
    const { p50, p99 } = await timeMetricWrites(client, sender, writes)
    return [p50, p99].map((ms, index) => ({
      ...(named[index] as { name: string; bar: string }),
      figure: `${ms.toFixed(1)} ms`,
      pass: ms < bars.metricMs,
      detail: `${writes} writes, one at a time`,
    }))
  })
}

function checkPublishRate(client: HiveClient, receivers: string[], messages: number): Promise<Check[]> {
  const rateCheck = { name: 'publish rate', bar: `≥ ${bars.messagesPerSecond} messages/s` }
  const settledCheck = { name: 'received and acknowledged', bar: 'every message' }
  return orRefused([rateCheck, settledCheck], async () => {
    const published = await publishAtRate(client, sender, receivers, messages)
    const rate = published.timed / published.seconds
    const acknowledged = await acknowledgeAll(client, published.ids)
    const total = [...published.ids.values()].reduce((sum, ids) => sum + ids.size, 0)
    return [
      {
        ...rateCheck,
        figure: `${Math.round(rate)} messages/s`,
        pass: rate >= bars.messagesPerSecond,
        detail: `${published.timed} in batches of 100, ${receivers.length} callers`,
      },
      {
        ...settledCheck,
        figure: `${acknowledged} of ${total}`,
        pass: acknowledged === total,
        detail: `${total - published.timed} of them before the rate was timed`,
      },
    ]
  })
}

/** Runs one group of checks; when the hive refuses a request of it, all of its checks failed for that reason. */
async function orRefused(checks: { name: string; bar: string }[], run: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof HiveProblem)) throw error
    const detail = `${error.message} (${error.code})`
    return checks.map((check) => ({ ...check, figure: 'refused', pass: false, detail }))
  }
}
