import { setTimeout as delay } from 'node:timers/promises'
import { v7 } from 'uuid'
import type { Random } from '../../../test/random.ts'
import type { Fleet } from '../fleet.ts'
import { benchMessage } from '../messages.ts'
import { type Loaded, runOpenLoop } from '../open-loop.ts'
import { poissonArrivals } from '../poisson.ts'
import { absent, metricType, pulling, pushed, sender, subscribers, topic } from './agents.ts'
import { type Fate, nameOf, type Seen } from './seen.ts'

type Use = { what: string; perSecond: number; run(): Promise<unknown> }

/** How often a request is sent again before it counts as failed. */
const tries = 10
const pointsOfBatch = 200

/**
 * What users do, each thing at moments of its own that come at random: publishing to agents one by one and in batches, to a
 * topic, to webhooks and to somebody who is not there; writing metrics; looking what became of a message.
 */
export async function runUsers(
  fleet: Fleet,
  seen: Seen,
  { seconds, random, tell }: { seconds: number; random: Random; tell(ms: number): void },
): Promise<Loaded[]> {
  let lastId = ''
  // repeated with the same ids: what a lost answer leaves open, the bus tells
  const insist = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await fleet.call(method, path, body)
      } catch (error) {
        if (attempt === tries) throw error
        seen.repeated.push(String(error))
        await delay(100 * attempt)
      }
    }
  }
  const letter = (to: string, options: { ttl?: number; ordered?: boolean } = {}) => ({
    ...benchMessage(to, random.int(0, 3)),
    from_agent: sender,
    message_id: v7(),
    ttl: options.ttl ?? 30,
    body: { fate: fateOf(random), text: 'x'.repeat(random.int(10, 500)) },
    delivery_options: {
      max_attempts: 3,
      backoff: { type: 'fixed', base_seconds: 0.2 },
      ...(options.ordered ? { ordering_key: `key-${random.int(0, 4)}` } : {}),
    },
  })
  type Sent = ReturnType<typeof letter>
  const accept = (letters: Sent[], to: (one: Sent) => string[]) => {
    for (const one of letters) for (const agent of to(one)) seen.accepted.add(nameOf(agent, one.message_id))
  }
  const publish = async (one: Sent, to: string[] = [one.to_agent]) => {
    await insist('POST', '/v1/messages', one)
    accept([one], () => to)
    lastId = one.message_id
  }
  const publishBatch = async (count: number) => {
    const messages = Array.from({ length: count }, () => letter(random.pick(pulling)))
    await insist('POST', '/v1/messages/batch', { messages })
    accept(messages, ({ to_agent }) => [to_agent])
  }
  const point = () => ({ agent_name: random.pick(pulling), metric_type: metricType, value: random.next() })
  const writePoints = async (count: number) => {
    await fleet.call('POST', '/v1/metrics', count === 1 ? point() : { points: Array.from({ length: count }, point) })
    seen.points += count
  }
  const uses: Use[] = [
    {
      what: 'publish one',
      perSecond: 20,
      run: () => publish(letter(random.pick(pulling), { ordered: random.chance(0.1) })),
    },
    { what: 'publish 50', perSecond: 2, run: () => publishBatch(50) },
    { what: 'publish to a topic', perSecond: 2, run: () => publish(letter(`topic:${topic}`), subscribers) },
    { what: 'publish to a webhook', perSecond: 8, run: () => publish(letter(random.pick(pushed))) },
    { what: 'publish to nobody there', perSecond: 1, run: () => publish(letter(absent, { ttl: 2 })) },
    { what: 'write a point', perSecond: 20, run: () => writePoints(1) },
    { what: `write ${pointsOfBatch} points`, perSecond: 1, run: () => writePoints(pointsOfBatch) },
    {
      what: 'status',
      perSecond: 5,
      run: async () => lastId && (await fleet.call('GET', `/v1/messages/${lastId}?from_agent=${sender}`)),
    },
    {
      what: 'look into an inbox',
      perSecond: 1,
      run: () => fleet.call('GET', `/v1/agents/${random.pick(pulling)}/inbox`),
    },
  ]
  const arrivals = uses.map(({ what, perSecond }) => poissonArrivals(perSecond, seconds, random.fork(what).next))
  return Promise.all(uses.map(({ run }, i) => runOpenLoop(arrivals[i] ?? [], seconds, run, tell)))
}

/** One message in thirty is taken the second time only, one in a hundred never. */
function fateOf(random: Random): Fate {
  if (random.chance(0.01)) return 'never'
  return random.chance(0.03) ? 'later' : 'take'
}
