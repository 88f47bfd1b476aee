import type { BullmqCommands } from './bullmq-commands.ts'
import { prices } from './prices.ts'
import type { Usage } from './usage.ts'
import { table, writeSection } from './write-section.ts'

export type Measured = { name: string; rate: number; usage: Usage }

/** GB of a function in production, and ms of a way to Redis in the same region and back, beyond what it takes on one machine. */
const gigabytes = 1
const wayMs = 1
const secondsOfMonth = (365.25 * 86_400) / 12
const alarms = 21
const metrics = 11
/** A queue with a bounded event source is polled by five at all times, each for 20 s. */
const idleSqsRequests = (3 * 5 * secondsOfMonth) / 20
/** The smallest compute, awake all the time. */
const neonUnits = 0.25

type Bill = { redis: number; lambda: number; sqs: number; api: number; logs: number }

/** Of handlers, and of the ways to Redis while they wait. */
const billedMs = (usage: Usage) => usage.lambdaMs + usage.redisRequests * wayMs

function billOf(usage: Usage): Bill {
  const seconds = billedMs(usage) / 1_000
  return {
    redis: usage.redisCommands * prices.redisCommand,
    lambda: usage.invocations * prices.lambdaRequest + seconds * gigabytes * prices.lambdaGigabyteSecond,
    sqs: usage.sqsRequests * prices.sqsRequest,
    api: usage.apiRequests * prices.apiRequest,
    logs: (usage.logBytes / 1e9) * prices.logGigabyte,
  }
}

const total = (bill: Bill) => Object.values(bill).reduce((sum, part) => sum + part, 0)

export async function costTables(given: {
  measured: Measured[]
  idle: Usage
  bullmq: BullmqCommands
  write: boolean
}): Promise<void> {
  const text = [perMillion(given.measured), beside(given.measured, given.bullmq), fixed(given.idle, given.bullmq)].join(
    '\n\n',
  )
  console.log(text)
  if (given.write) await writeSection('deploy.md', 'cost', `${text}\n`)
}

function perMillion(measured: Measured[]): string {
  const rows = measured.map(({ name, rate, usage }) => {
    const bill = billOf(usage)
    const parts = [bill.redis, bill.lambda, bill.sqs, bill.api, bill.logs, total(bill)].map((part) =>
      dollars(part * 1e6),
    )
    const takes = [usage.redisCommands, usage.sqsRequests, usage.invocations, billedMs(usage)]
    return [name, count(rate), ...takes.map(short), ...parts]
  })
  return table(
    [
      'messages go',
      'a second',
      'Redis commands each',
      'SQS requests',
      'invocations',
      'Lambda ms',
      'Upstash',
      'Lambda',
      'SQS',
      'API Gateway',
      'logs',
      '**a million**',
    ],
    rows,
  )
}

function beside(measured: Measured[], bullmq: BullmqCommands): string {
  const rows = measured.map(({ name, rate, usage }) => {
    const theirs = name.includes('batches') ? bullmq.batched : bullmq.single
    // what an idle worker polls comes on top where jobs are few
    const idle = bullmq.idlePerMinute / 60 / rate
    const ofMonth = rate * secondsOfMonth
    const ours = [usage.redisCommands * prices.redisCommand * 1e6, total(billOf(usage)) * ofMonth]
    const bull = [(theirs + idle) * prices.redisCommand * 1e6, (theirs + idle) * prices.redisCommand * ofMonth]
    const load = Math.round(rate * usage.redisCommands)
    return [
      name,
      count(rate),
      count(load),
      dollars(ours[0]),
      dollars(ours[1]),
      short(theirs),
      count(Math.round(rate * theirs)),
      dollars(bull[0]),
      dollars(bull[1]),
    ]
  })
  return table(
    [
      'messages go',
      'a second',
      'Redis commands/s',
      'Redis, a million',
      'all of these, a month',
      'BullMQ: commands each',
      'commands/s',
      'Redis, a million',
      'Redis, a month',
    ],
    rows,
  )
}

function fixed(idle: Usage, bullmq: BullmqCommands): string {
  const minutes = secondsOfMonth / 60
  const sweeps = billOf(idle)
  const rows = [
    [
      `the sweep, ${short(idle.redisCommands)} commands a minute`,
      dollars((sweeps.redis + sweeps.lambda + sweeps.logs) * minutes),
    ],
    ['polls of three queues', dollars(idleSqsRequests * prices.sqsRequest)],
    [
      `${alarms} alarms, ${metrics} metrics, a dashboard`,
      dollars(alarms * prices.alarmMonth + metrics * prices.metricMonth + prices.dashboardMonth),
    ],
    [`Neon Launch, ${neonUnits} CU that never sleeps`, dollars(neonUnits * prices.neonHour * (secondsOfMonth / 3_600))],
    [
      `a BullMQ worker without work, ${Math.round(bullmq.idlePerMinute)} commands a minute`,
      dollars(bullmq.idlePerMinute * minutes * prices.redisCommand),
    ],
  ]
  return table(['whatever the rate', 'a month'], rows)
}

const dollars = (value = 0) => `$${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)}`
const count = (value: number) => value.toLocaleString('en')
const short = (value: number) => (value >= 10 ? value.toFixed(1) : value.toFixed(2))
