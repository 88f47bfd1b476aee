import type { Published } from '../../../core/bus/publish.ts'
import { batches } from '../batches.ts'
import type { HiveClient } from '../client.ts'
import { HiveProblem } from '../problem.ts'
import type { OldestMessage } from './envelope.ts'

export type Rejection = { message_id: string; reason: string }
export type Accepted = { message: OldestMessage; published: Published }
export type PublishedBatch = { accepted: Accepted[]; rejected: Rejection[] }

/**
 * Publishes messages in batches, in their order. The hive takes a batch whole or not at all; the messages that it names
 * as wrong are left out and the rest is sent again, so that one bad row never stops the others.
 */
export async function* publishRows(
  client: HiveClient,
  messages: Iterable<OldestMessage>,
): AsyncGenerator<PublishedBatch> {
  for await (const batch of batches(messages, (message) => message)) yield publishBatch(client, batch)
}

async function publishBatch(client: HiveClient, batch: OldestMessage[]): Promise<PublishedBatch> {
  const rejected: Rejection[] = []
  let left = batch
  while (left.length > 0) {
    try {
      const results = await client.publishBatch(left)
      const accepted = left.map((message, index) => ({ message, published: results[index] as Published }))
      return { accepted, rejected }
    } catch (error) {
      const faults = error instanceof HiveProblem ? faultsByIndex(error) : new Map<number, string>()
      if (faults.size === 0) throw error
      for (const [index, reason] of faults) {
        const message = left[index]
        if (message) rejected.push({ message_id: message.message_id, reason })
      }
      const kept = left.filter((_message, index) => !faults.has(index))
      if (kept.length === left.length) throw error
      left = kept
    }
  }
  return { accepted: [], rejected }
}

function faultsByIndex(problem: HiveProblem): Map<number, string> {
  const faults = new Map<number, string>()
  for (const { field, message, code = problem.code } of problem.errors) {
    // a full inbox is no fault of the row: the client has waited for room as long as it does
    if (code === 'inbox.full') continue
    const [, digits, rest = ''] = /^messages\[(\d+)\]\.?(.*)$/.exec(field) ?? []
    if (digits === undefined) continue
    const earlier = faults.get(Number(digits))
    const said = `${rest}${rest === '' ? '' : ' '}${message} (${code})`
    faults.set(Number(digits), earlier === undefined ? said : `${earlier}; ${said}`)
  }
  return faults
}
