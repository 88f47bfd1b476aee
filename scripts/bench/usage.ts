import type { SQSEvent } from 'aws-lambda'
import { createJsonLog } from '../../core/json-log.ts'
import type { RouteKey } from '../../functions/routes.ts'
import { lambdaContext } from '../local/gateway/lambda-context.ts'
import { call } from './invoke.ts'
import type { Stack } from './stack.ts'

/** What is paid for. Times are those of the handlers on this machine. */
export type Usage = {
  redisCommands: number
  /** Requests to Redis: each is a way there and back while Lambda is paid. */
  redisRequests: number
  /** For how long Redis's one thread was at work. */
  redisMs: number
  sqsRequests: number
  apiRequests: number
  invocations: number
  lambdaMs: number
  logBytes: number
}

const none: Usage = {
  redisCommands: 0,
  redisRequests: 0,
  redisMs: 0,
  sqsRequests: 0,
  apiRequests: 0,
  invocations: 0,
  lambdaMs: 0,
  logBytes: 0,
}

/** Lambda's own lines about an invocation, and API Gateway's about a request, as JSON. */
const platformLogBytes = 600
const accessLogBytes = 500
/** A wake is sent, received and deleted. */
const sqsRequestsOfWake = 3

export type Meter = ReturnType<typeof createMeter>

/** Runs functions as API Gateway and SQS would, and counts what it takes. Takes the log and the queue of the stack's hive. */
export function createMeter(stack: Stack) {
  const { hive } = stack
  let usage: Usage = { ...none }
  const { queue } = hive
  hive.queue = {
    wakeDeliver: async (...wake) => {
      usage.sqsRequests += sqsRequestsOfWake
      await queue.wakeDeliver(...wake)
    },
    wakeHistory: async (...wake) => {
      usage.sqsRequests += sqsRequestsOfWake
      await queue.wakeHistory(...wake)
    },
    wakeMigration: queue.wakeMigration,
  }
  hive.log = createJsonLog((line) => {
    usage.logBytes += line.length
  }, hive.clock.now)

  async function paid<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await work()
    usage.lambdaMs += performance.now() - start
    usage.invocations++
    usage.logBytes += platformLogBytes
    return result
  }

  return {
    /** A request with an agent's key. Throws for any answer but 2xx. */
    async request(handler: unknown, route: RouteKey, input: Parameters<typeof call>[2]) {
      usage.apiRequests++
      usage.logBytes += accessLogBytes
      const { statusCode = 500, body = '{}' } = await paid(() => call(handler, route, input))
      if (statusCode >= 300) throw new Error(`${route} answered ${statusCode}: ${body}`)
      return JSON.parse(body) as Record<string, unknown>
    },

    /** A wake from SQS. */
    async wake(
      handler: (event: SQSEvent, context: ReturnType<typeof lambdaContext>) => Promise<unknown>,
      body: object,
    ) {
      const attributes = { ApproximateReceiveCount: '1' }
      const record = { messageId: 'bench', body: JSON.stringify(body), attributes, eventSourceARN: 'bench' }
      const event = { Records: [record] } as unknown as SQSEvent
      await paid(() => handler(event, lambdaContext('bench', 'bench', 60_000)))
    },

    async run(work: () => Promise<unknown>): Promise<void> {
      await paid(work)
    },

    /** What `act` takes, divided by `units`. */
    async measure(units: number, act: () => Promise<unknown>): Promise<Usage> {
      usage = { ...none }
      await stack.redisStats.reset()
      const before = await busyMs(stack)
      await act()
      const redisMs = (await busyMs(stack)) - before
      const { billed, requests } = await stack.redisStats.read()
      return scaled({ ...usage, redisCommands: billed, redisRequests: requests, redisMs }, 1 / units)
    },
  }
}

async function busyMs({ redis }: Stack): Promise<number> {
  const cpu = await redis.info('cpu')
  const parts = [...cpu.matchAll(/used_cpu_(?:user|sys)_main_thread:([\d.]+)/g)]
  return parts.reduce((sum, [, seconds]) => sum + Number(seconds), 0) * 1_000
}

export function scaled(usage: Usage, factor: number): Usage {
  return Object.fromEntries(Object.entries(usage).map(([name, value]) => [name, value * factor])) as Usage
}

export function added(...usages: Usage[]): Usage {
  return Object.fromEntries(
    Object.keys(none).map((name) => [name, usages.reduce((sum, usage) => sum + usage[name as keyof Usage], 0)]),
  ) as Usage
}
