import { setTimeout as delay } from 'node:timers/promises'
import { createRandom, type Random } from '../../test/random.ts'
import type { BenchOptions } from './bench-options.ts'
import { findKnee, type KneeRule, keepsUp, nextRate, type Step } from './find-knee.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { benchMessage } from './messages.ts'
import { runOpenLoop } from './open-loop.ts'
import { quantile, type Result } from './paired.ts'
import { poissonArrivals } from './poisson.ts'
import type { Stack } from './stack.ts'
import { table, writeSection } from './write-section.ts'

/** A step keeps up when 97 % of its publishes are answered in its time, and 99 % within 100 ms of when they were due. */
const rule: KneeRule = { answered: 0.97, p99Ms: 100 }
/** Publishes a second of the first step. */
const first = 100
/** `growth`: how much of a step the next one is. */
const whole = { repeats: 3, seconds: 5, warmSeconds: 10, growth: 1.25 }
const little = { repeats: 1, seconds: 0.3, warmSeconds: 0.3, growth: 8 }

/**
 * Publishes one by one at moments that come at random, whether or not earlier requests were answered, at a rate that rises
 * step by step until it no longer keeps up, while a receiver takes what comes. Three times; the knee is the median. `write` puts
 * the steps into docs/benchmarks.md.
 */
export async function benchStep(stack: Stack, _rounds: number, { write, quick }: BenchOptions): Promise<Result[]> {
  const { repeats, seconds, warmSeconds, growth } = quick ? little : whole
  const fleet = await startFleet(stack)
  const random = createRandom(1)
  const runs: Step[][] = []
  try {
    for (let run = 1; run <= repeats; run++) {
      await stack.reset([{ name: 'bench-inbox' }])
      const receiver = receive(fleet)
      if (run === 1) await runStep(fleet, 2 * first, warmSeconds, random)
      const steps: Step[] = []
      for (let rate: number | undefined = first; rate !== undefined; rate = nextRate(steps, growth, rule)) {
        const step = await runStep(fleet, rate, seconds, random)
        steps.push(step)
        console.log(`step ${run}: ${describe(step)}`)
      }
      await receiver.stop()
      runs.push(steps)
    }
  } finally {
    for (const line of fleet.errors().slice(0, 3)) console.log(`  logged: ${line}`)
    await fleet.stop()
  }
  const knees = runs.map((steps) => findKnee(steps, rule)?.rate ?? 0)
  const verdict = `The knee is at ${quantile(knees, 0.5)} publishes/s, the median of ${knees.join(', ')}.`
  console.log(verdict)
  if (write) await writeSection('benchmarks.md', 'step', `${tableOf(runs)}\n\n${verdict}`)
  return []
}

async function runStep(fleet: Fleet, rate: number, seconds: number, random: Random): Promise<Step> {
  const due = poissonArrivals(rate, seconds, random.next)
  const publish = (index: number) => fleet.call('POST', '/v1/messages', benchMessage('bench-inbox', index))
  const { times, inTime, lateness } = await runOpenLoop(due, seconds, publish)
  return {
    rate,
    due: due.length,
    inTime,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    late: quantile(lateness, 0.99),
  }
}

const describe = (step: Step) =>
  `${step.rate}/s, ${step.due} due, ${((100 * step.inTime) / step.due).toFixed(1)} % in time, p50 ${ms(step.p50)}, p99 ${ms(step.p99)}, sender late by ${ms(step.late)}${keepsUp(step, rule) ? '' : ', does not keep up'}`

const ms = (value: number) => (Number.isFinite(value) ? `${value.toFixed(1)} ms` : 'no answer')

/** Takes and acknowledges what comes until it is stopped. */
function receive(fleet: Fleet): { stop(): Promise<void> } {
  let isOver = false
  const inbox = '/v1/agents/bench-inbox/inbox'
  const working = (async () => {
    while (!isOver) {
      const { messages } = (await fleet.call('POST', `${inbox}/receive`, { max: 100 })) as {
        messages: { receipt: string }[]
      }
      const acks = messages.map(({ receipt }) => receipt)
      if (acks.length > 0) await fleet.call('POST', `${inbox}/settle`, { acks })
      else await delay(10)
    }
  })()
  // it is told when it is waited for
  working.catch(() => {})
  return {
    stop: async () => {
      isOver = true
      await working
    },
  }
}

/** A row a rate that was reached in any run, with the medians of its steps. */
function tableOf(runs: Step[][]): string {
  const rates = [...new Set(runs.flatMap((steps) => steps.map(({ rate }) => rate)))].sort((a, b) => a - b)
  const rows = rates.map((rate) => {
    const steps = runs.flatMap((run) => run.filter((step) => step.rate === rate))
    const middle = (value: (step: Step) => number) => quantile(steps.map(value), 0.5)
    const kept = steps.filter((step) => keepsUp(step, rule)).length
    return [
      rate.toLocaleString('en'),
      `${(100 * middle((step) => step.inTime / step.due)).toFixed(1)} %`,
      ms(middle((step) => step.p50)),
      ms(middle((step) => step.p99)),
      `${kept} of ${steps.length}`,
    ]
  })
  return table(['publishes/s', 'answered in time', 'p50 from due', 'p99 from due', 'steps that keep up'], rows)
}
