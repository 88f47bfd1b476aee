import type { Hive } from '../../hive.ts'

/** Recipients whose inboxes were full, read a page at a time. */
const laterPage = 200

/** How far a relay has come with a message. */
export type Handed = {
  /** How far the subscribers have been read; '' for not at all. */
  cursor: string
  /** The one recipient of what only one may have. */
  to?: { agent: string; sequence: string }
}

/** How far a relay has come with a message: one command, and one more when somebody has what is for one alone. */
export async function readProgress(hive: Hive, relay: string, sequence: string): Promise<Handed> {
  const { bus } = hive
  const key = bus.keys.handed(relay, sequence)
  const [cursor, to] = (await bus.ask((redis) => redis.hmget(key, '~cursor', '~to'))) as unknown as (string | null)[]
  if (!to) return { cursor: cursor ?? '' }
  const there = await bus.ask((redis) => redis.hget<string>(key, to))
  return { cursor: cursor ?? '', to: { agent: to, sequence: there ?? '' } }
}

/** What became of a relayed message at each recipient so far, by name: its sequence there, or why it failed there. */
export type HandedTo = { agent: string; sequence?: string; failed?: string; full?: true }

/** Everyone whom a message was handed to, or who had no room for it, in the order of names: two commands. */
export async function readHanded(hive: Hive, relay: string, sequence: string): Promise<HandedTo[]> {
  const { bus } = hive
  const [row, later] = await bus.ask((redis) => {
    const pipeline = redis.pipeline()
    pipeline.hgetall(bus.keys.handed(relay, sequence))
    pipeline.smembers(bus.keys.later(relay, sequence))
    // without deserialisation the client gives rows, whatever its type says
    return pipeline.exec() as unknown as Promise<[string[] | Record<string, string> | null, string[]]>
  })
  const entries = Array.isArray(row)
    ? Array.from({ length: row.length / 2 }, (_, i) => [row[2 * i] as string, row[2 * i + 1] as string] as const)
    : Object.entries(row ?? {})
  const handed = entries
    .filter(([agent]) => !agent.startsWith('~'))
    .map(
      ([agent, value]): HandedTo =>
        value.startsWith('!') ? { agent, failed: value.slice(1) } : { agent, sequence: value },
    )
  const full = later.map((agent): HandedTo => ({ agent, full: true }))
  return [...handed, ...full].sort((a, b) => (a.agent < b.agent ? -1 : 1))
}

/** Some of the recipients whose inboxes were full, and where to go on; '0' at the end. */
export async function readLater(
  hive: Hive,
  relay: string,
  sequence: string,
  cursor: string,
): Promise<{ agents: string[]; next: string }> {
  const { bus } = hive
  const [next, agents] = await bus.ask((redis) =>
    redis.sscan(bus.keys.later(relay, sequence), cursor, { count: laterPage }),
  )
  return { next: String(next), agents: agents as string[] }
}
