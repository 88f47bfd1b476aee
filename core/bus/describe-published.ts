import type { Hive } from '../hive.ts'
import { isoTime } from '../iso-time.ts'
import { parseAddress } from '../protocol/agent-name.ts'
import type { AgentMessage } from '../protocol/message.ts'
import type { Status } from '../protocol/status.ts'
import { recipientStatuses } from './message-status.ts'
import type { Published } from './publish.ts'
import { readProgress } from './relay/handed.ts'
import { countMembers } from './relay/members.ts'
import { relayOf } from './relay/relay-name.ts'

/** What the script says of an accepted message: `recipient` is the inbox that it went to the first time. */
export type ResultRow = [duplicate: number, acceptedAt: string, sequence: string, recipient: string]

/** Puts the rows of `publishScript` into words; a duplicate is answered with what became of the first. */
export async function describePublished(
  hive: Hive,
  batch: { message: AgentMessage }[],
  results: ResultRow[],
): Promise<Published[]> {
  const topics = new Set<string>()
  for (const { message } of batch) {
    const { kind, name } = parseAddress(message.to_agent)
    if (kind === 'topic') topics.add(name)
  }
  const isNew = results.every(([duplicate]) => Number(duplicate) === 0)
  // most are new and to agents, and then there is nothing to wait for
  const asked = isNew && topics.size === 0 ? undefined : await ask(hive, results, [...topics])
  const { places, members, statuses }: Found = asked ?? {
    places: results.map(firstPlace),
    members: none,
    statuses: none,
  }
  return batch.map(({ message }, i) => {
    const [duplicate, acceptedAt] = results[i] as ResultRow
    const isDuplicate = Number(duplicate) === 1
    const { inbox, sequence } = places[i] as Place
    const { kind, name } = parseAddress(message.to_agent)
    const published: Published = {
      message_id: message.message_id,
      from_agent: message.from_agent,
      to_agent: message.to_agent,
      status: (isDuplicate && statuses.get(`${inbox}\n${sequence}`)) || 'pending',
      accepted_at: isoTime(Number(acceptedAt)),
      duplicate: isDuplicate,
    }
    if (kind === 'topic') published.recipients = members.get(name) ?? 0
    if (kind === 'capability' && !relayOf(inbox)) published.routed_to = inbox
    return published
  })
}

type Found = { places: Place[]; members: ReadonlyMap<string, number>; statuses: ReadonlyMap<string, Status> }
const none: ReadonlyMap<string, never> = new Map<string, never>()

/** What Redis knows of topics, and of the messages that were accepted before. */
async function ask(hive: Hive, results: ResultRow[], topics: string[]): Promise<Found> {
  const [places, members] = await Promise.all([
    Promise.all(results.map((row) => placeOf(hive, row))),
    countMembers(hive, topics),
  ])
  const statuses = await statusesOf(
    hive,
    places.filter((_, i) => Number(results[i]?.[0]) === 1),
  )
  return { places, members, statuses }
}

type Place = { inbox: string; sequence: string }

const firstPlace = ([, , sequence, inbox]: ResultRow): Place => ({ inbox, sequence })

/** Where a message is now: what waited for a capability has gone on to an agent. */
async function placeOf(hive: Hive, row: ResultRow): Promise<Place> {
  const [duplicate, , sequence, inbox] = row
  if (Number(duplicate) === 1 && relayOf(inbox)?.kind === 'capability') {
    const { to } = await readProgress(hive, inbox, sequence)
    if (to) return { inbox: to.agent, sequence: to.sequence }
  }
  return firstPlace(row)
}

async function statusesOf(hive: Hive, places: Place[]): Promise<Map<string, Status>> {
  const statuses = new Map<string, Status>()
  for (const [inbox, group] of Map.groupBy(places, (place) => place.inbox)) {
    const sequences = group.map(({ sequence }) => sequence)
    const found = await recipientStatuses(hive, inbox, sequences)
    for (const [i, status] of found.entries()) {
      if (status) statuses.set(`${inbox}\n${sequences[i]}`, status.status)
    }
  }
  return statuses
}
