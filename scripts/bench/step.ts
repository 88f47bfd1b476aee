import { setTimeout as delay } from 'node:timers/promises'
import { benchMessage } from './messages.ts'
import { type OwnCloud, startOwnCloud } from './own-cloud.ts'
import { quantile, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

const stepMs = 6_000
/** The load of each step is so much that of the one before. */
const growth = 1.5
/** Publishes a second of the first step. */
const first = 40
/** Beyond this nobody waits for an answer. */
const giveUpMs = 5_000

type Step = { offered: number; done: number; p50: number; p99: number }

/**
 * Publishes at a rate that rises step by step, whether or not earlier requests were answered, with a receiver that takes what
 * comes; finds the knee: the last step that keeps up with its load and whose p99 is not ten times that of the first.
 */
export async function benchStep(_stack: Stack): Promise<Result[]> {
  const cloud = await startOwnCloud()
  try {
    for (const name of ['bench-sender', 'bench-inbox']) await cloud.call('PUT', `/v1/agents/${name}`, {})
    const steps: Step[] = []
    for (let offered = first; ; offered = Math.round(offered * growth)) {
      const step = await runStep(cloud, offered)
      steps.push(step)
      console.log(
        `step: ${offered}/s offered, ${step.done.toFixed(0)}/s done, p50 ${step.p50.toFixed(1)} ms, p99 ${step.p99.toFixed(1)} ms`,
      )
      if (!keepsUp(step, steps[0] as Step)) break
    }
    const knee = steps.findLast((step) => keepsUp(step, steps[0] as Step))
    console.log(
      knee
        ? `step: the knee is at ${knee.offered} publishes/s, p99 ${knee.p99.toFixed(1)} ms`
        : 'step: not even the first step keeps up',
    )
    return []
  } finally {
    await cloud.stop()
  }
}

const keepsUp = ({ offered, done, p99 }: Step, base: Step) => done > 0.95 * offered && p99 < 10 * Math.max(base.p99, 10)

async function runStep(cloud: OwnCloud, offered: number): Promise<Step> {
  const times: number[] = []
  const under = new Set<Promise<void>>()
  const start = performance.now()
  let over = false
  const taking = take(cloud, () => over)
  let sent = 0
  while (performance.now() - start < stepMs) {
    const due = ((performance.now() - start) / 1000) * offered
    for (; sent < due; sent++) {
      const began = performance.now()
      const one: Promise<void> = cloud
        .call('POST', '/v1/messages', benchMessage('bench-inbox', sent))
        .then(() => void times.push(performance.now() - began))
        .catch(() => void times.push(giveUpMs))
        .finally(() => under.delete(one))
      under.add(one)
    }
    await delay(1)
  }
  const done = times.length / ((performance.now() - start) / 1000)
  await Promise.race([Promise.all(under), delay(giveUpMs)])
  for (let i = under.size; i > 0; i--) times.push(giveUpMs)
  over = true
  await taking
  return { offered, done, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

async function take(cloud: OwnCloud, isOver: () => boolean): Promise<void> {
  const inbox = '/v1/agents/bench-inbox/inbox'
  while (!isOver()) {
    const { messages } = (await cloud.call('POST', `${inbox}/receive`, { max: 100 })) as {
      messages: { receipt: string }[]
    }
    if (messages.length > 0)
      await cloud.call('POST', `${inbox}/settle`, { acks: messages.map(({ receipt }) => receipt) })
    else await delay(10)
  }
}
