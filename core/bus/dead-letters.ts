import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import { parseAddress } from '../protocol/agent-name.ts'
import { contentDigest } from '../protocol/digest.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { decodeCursor, encodeCursor } from '../records/cursor.ts'
import type { Page } from '../records/page.ts'
import { unknownAgent } from './agent-errors.ts'
import { dropBodies } from './drop-bodies.ts'
import { inboxKeys } from './inbox-keys.ts'
import { type LoadedLetter, loadDeadLetters } from './load-dead-letters.ts'
import { mustExist } from './must-exist.ts'
import { recentOutcomes } from './outcome-keys.ts'
import { answerLimit, wakeAfter } from './receive.ts'
import { discardScript, redriveScript } from './scripts/dead-letters.ts'
import { bodyKey } from './shared-bodies.ts'

/** A message whose attempts are used up. */
export type DeadLetter = {
  dead_letter_id: string
  died_at: string
  /** Why the last attempt failed. */
  reason: string
  attempts: number
  max_attempts: number
  /** When it is discarded unless someone sees to it. */
  kept_until: string
  message: AgentMessage
}

export type DeadLetterSelection = { ids: string[] } | { all: true }

/** How many dead letters one script handles: a redrive reads them first, and Upstash answers at most 10 MB. */
const chunk = 25

/** Dead letters of an agent, the oldest first; large ones make a page shorter than `limit`. Raises agent.unknown, cursor.invalid, redis.unavailable. */
export async function listDeadLetters(
  hive: Hive,
  agent: string,
  input: { limit: number; cursor?: string | undefined },
): Promise<Page<DeadLetter>> {
  const after = input.cursor === undefined ? undefined : decodePlace(input.cursor)
  await mustExist(hive, agent)
  const { bus } = hive
  const from = after?.diedAt ?? 0
  const places: { id: string; diedAt: number }[] = []
  // several may have died in the same ms: those at or before `after` are passed over by id
  for (let offset = 0; places.length <= input.limit; ) {
    const page = await bus.ask((redis) =>
      redis.zrange<string[]>(bus.keys.dead(agent), from, '+inf', {
        byScore: true,
        withScores: true,
        offset,
        count: input.limit + 1,
      }),
    )
    for (let i = 0; i < page.length; i += 2) {
      const place = { id: page[i] as string, diedAt: Number(page[i + 1]) }
      if (!after || place.diedAt > after.diedAt || place.id > after.id) places.push(place)
    }
    if (page.length < 2 * (input.limit + 1)) break
    offset += input.limit + 1
  }
  const { letters, read } = await loadDeadLetters(hive, agent, places.slice(0, input.limit), answerLimit)
  const last = places[read - 1]
  return {
    items: letters.map(withoutBody),
    next_cursor: places.length > read && last ? encodeCursor('dead-letters', String(last.diedAt), last.id) : null,
  }
}

function decodePlace(cursor: string): { diedAt: number; id: string } {
  const [diedAt = '', id = ''] = decodeCursor('dead-letters', cursor, isNumber, isNumber)
  return { diedAt: Number(diedAt), id }
}

const isNumber = (part: string) => /^\d{1,16}$/.test(part)

function withoutBody({ body: _, ...letter }: LoadedLetter): DeadLetter {
  return letter
}

/** One dead letter. Raises dead_letter.unknown, agent.unknown, redis.unavailable. */
export async function getDeadLetter(hive: Hive, agent: string, id: string): Promise<DeadLetter> {
  await mustExist(hive, agent)
  const diedAt = /^\d{1,17}$/.test(id)
    ? await hive.bus.ask((redis) => redis.zscore(hive.bus.keys.dead(agent), id))
    : null
  const place = diedAt === null ? [] : [{ id, diedAt: Number(diedAt) }]
  const [letter] = (await loadDeadLetters(hive, agent, place)).letters
  if (!letter) throw new HiveError('dead_letter.unknown', 'This agent has no such dead letter.')
  return withoutBody(letter)
}

/**
 * Reopens dead letters: each goes to the tail of the inbox with a new life and all its attempts. Returns how many;
 * those that are no longer dead are passed over. Raises agent.unknown, redis.unavailable.
 */
export async function redrive(hive: Hive, agent: string, selection: DeadLetterSelection): Promise<number> {
  const { bus } = hive
  return overSelection(hive, agent, selection, async (ids) => {
    const requestId = hive.ids.requestId()
    const { letters } = await loadDeadLetters(
      hive,
      agent,
      ids.map((id) => ({ id, diedAt: 0 })),
    )
    if (letters.length === 0) return 0
    const answer = await bus.run(redriveScript, requestId, (moment) => ({
      keys: [
        ...inboxKeys(bus, agent, moment),
        ...letters.flatMap(({ message, body }) => [
          bus.keys.sentShort(message.from_agent, moment.short),
          bus.keys.sentLong(message.from_agent, moment.long),
          bodyKey(bus.keys, agent, body ?? '-'),
        ]),
      ],
      args: [
        agent,
        String(letters.length),
        ...letters.flatMap(({ dead_letter_id, message }) => [dead_letter_id, digestOf(message)]),
      ],
    }))
    if (answer[0] === 'unknown') throw unknownAgent(agent)
    await wakeAfter(hive, agent, requestId, Number(answer[2]), answer[3])
    return Number(answer[4])
  })
}

/**
 * Throws dead letters away; their status becomes discarded. Returns how many; those that are no longer dead are
 * passed over. Raises agent.unknown, redis.unavailable.
 */
export async function discard(hive: Hive, agent: string, selection: DeadLetterSelection): Promise<number> {
  const { bus } = hive
  return overSelection(hive, agent, selection, async (ids) => {
    const requestId = hive.ids.requestId()
    const answer = await bus.run(discardScript, requestId, (moment) => {
      const recent = recentOutcomes(bus, agent, moment)
      return {
        keys: [...inboxKeys(bus, agent, moment), ...recent.keys],
        args: [agent, recent.groups, String(ids.length), ...ids],
      }
    })
    if (answer[0] === 'unknown') throw unknownAgent(agent)
    await Promise.all([
      wakeAfter(hive, agent, requestId, Number(answer[2]), null),
      dropBodies(hive, agent, answer[3] as string[]),
    ])
    return Number(answer[4])
  })
}

/** The ledger's entry of a message to a topic is about all of its recipients, and stays as it is. */
const digestOf = (message: AgentMessage): string =>
  parseAddress(message.to_agent).kind === 'topic' ? '' : contentDigest(message)

/** Applies an action to chunks of the selected; `all` means those that are dead when it is asked. */
async function overSelection(
  hive: Hive,
  agent: string,
  selection: DeadLetterSelection,
  act: (ids: string[]) => Promise<number>,
): Promise<number> {
  await mustExist(hive, agent)
  const { bus } = hive
  const ids =
    'ids' in selection
      ? [...new Set(selection.ids)].filter((id) => /^\d{1,17}$/.test(id))
      : await bus.ask((redis) => redis.zrange<string[]>(bus.keys.dead(agent), 0, -1))
  let done = 0
  for (let i = 0; i < ids.length; i += chunk) done += await act(ids.slice(i, i + chunk))
  return done
}
