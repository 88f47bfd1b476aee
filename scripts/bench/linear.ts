import { handler as inbox } from '../../functions/inbox.ts'
import { handler as publish } from '../../functions/publish.ts'
import { invoke } from './invoke.ts'
import { benchMessage } from './messages.ts'
import { quantile, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

const path = { agent: 'agent-0' }
/** Batches that are timed at each size. */
const samples = 30

type Sized = { what: string; sizes: number[]; grow(to: number): Promise<void>; pass(): Promise<unknown> }

/** Time of a message as the number of messages, agents and waiting messages doubles: prints each size beside the first. */
export async function benchLinear(stack: Stack): Promise<Result[]> {
  for (const sized of [messages(stack), agents(stack), waiting(stack)]) {
    let base: number | undefined
    for (const size of sized.sizes) {
      await sized.grow(size)
      await stack.redisStats.reset()
      const times: number[] = []
      for (let i = 0; i < samples; i++) {
        const start = performance.now()
        await sized.pass()
        times.push((performance.now() - start) * 10)
      }
      const { billed } = await stack.redisStats.read()
      const time = quantile(times, 0.5)
      base ??= time
      const commands = (billed / (samples * 100)).toFixed(2)
      console.log(
        `linear: ${size.toLocaleString('en')} ${sized.what}: ${time.toFixed(1)} µs a message, ${(time / base).toFixed(2)}×, ${commands} billed commands`,
      )
    }
  }
  return []
}

let index = 0
/** Small, as an inbox that holds 100,000 must fit into one record. */
const smallMessage = (to: string) => ({ ...benchMessage(to, index), body: { index: index++ } })
const publishTo = (to: (i: number) => string) =>
  invoke(publish, 'POST /v1/messages/batch', {
    body: { messages: Array.from({ length: 100 }, (_, i) => smallMessage(to(i))) },
  })

async function passThrough(): Promise<void> {
  await publishTo(() => 'agent-0')
  const received = await invoke(inbox, 'POST /v1/agents/{agent}/inbox/receive', { path, body: { max: 100 } })
  const acks = (received.messages as { receipt: string }[]).map(({ receipt }) => receipt)
  await invoke(inbox, 'POST /v1/agents/{agent}/inbox/settle', { path, body: { acks } })
}

/** Messages that have gone through one inbox: what is remembered of them grows. */
function messages(stack: Stack): Sized {
  let done = 0
  return {
    what: 'messages gone through',
    sizes: [6_250, 12_500, 25_000, 50_000],
    async grow(to) {
      if (done === 0) await stack.reset([{ name: 'agent-0' }])
      for (; done < to; done += 100) await passThrough()
    },
    pass: passThrough,
  }
}

/** Each batch goes to a hundred agents of so many. */
function agents(stack: Stack): Sized {
  let known = 0
  let at = 0
  return {
    what: 'agents',
    sizes: [1_250, 2_500, 5_000, 10_000],
    async grow(to) {
      known = to
      await stack.reset(Array.from({ length: to }, (_, i) => ({ name: `agent-${i}` })))
      at = 0
      await publishTo((i) => `agent-${i}`)
    },
    pass: () => publishTo((i) => `agent-${(at++ * 37 + i) % known}`),
  }
}

function waiting(stack: Stack): Sized {
  let there = 0
  return {
    what: 'waiting in the inbox',
    sizes: [12_500, 25_000, 50_000, 100_000],
    async grow(to) {
      if (there === 0) await stack.reset([{ name: 'agent-0' }])
      for (; there < to; there += 100) await publishTo(() => 'agent-0')
    },
    pass: passThrough,
  }
}
