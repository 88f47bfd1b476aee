import type { Hive } from '../../hive.ts'

/** A subscriber of a topic; `since` is when it subscribed, in µs by Redis's clock, and its place among the others. */
export type Member = { agent: string; since: number; message_types: string[] | null }

/**
 * The next subscribers of a topic after one place, of those who subscribed no later than `until`: two commands.
 * Raises redis.unavailable.
 */
export async function readMembers(
  hive: Hive,
  topic: string,
  page: { after: number; until: number; limit: number },
): Promise<Member[]> {
  const { bus } = hive
  const row = await bus.ask((redis) =>
    redis.zrange<string[]>(bus.keys.topic(topic), `(${page.after}`, page.until, {
      byScore: true,
      withScores: true,
      offset: 0,
      count: page.limit,
    }),
  )
  const members = Array.from({ length: row.length / 2 }, (_, i) => ({
    agent: row[2 * i] as string,
    since: Number(row[2 * i + 1]),
  }))
  if (members.length === 0) return []
  const filters = (await bus.ask(
    (redis) => redis.hmget(bus.keys.topicFilters(topic), ...members.map(({ agent }) => agent)),
    // the client gives a row, whatever its type says, when it leaves values as they are
  )) as unknown as (string | null)[]
  return members.map((member, i) => {
    const filter = filters[i] ?? null
    return { ...member, message_types: filter === null ? null : (JSON.parse(filter) as string[]) }
  })
}

/** How many subscribers each of these topics has, whatever message types they want. Raises redis.unavailable. */
export async function countMembers(hive: Hive, topics: string[]): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map()
  const { bus } = hive
  const counts = await bus.ask((redis) => {
    const pipeline = redis.pipeline()
    for (const topic of topics) pipeline.zcard(bus.keys.topic(topic))
    return pipeline.exec<number[]>()
  })
  return new Map(topics.map((topic, i) => [topic, Number(counts[i])]))
}
