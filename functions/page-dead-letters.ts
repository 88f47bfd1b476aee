import { type DeadLetter, listDeadLetters } from '../core/bus/dead-letters.ts'
import type { Hive } from '../core/hive.ts'
import type { Page } from '../core/records/page.ts'

/** Ten messages of the largest kind stay below what one answer of Upstash carries. */
const readAtOnce = 10
/** An answer of Lambda ends at 6 MB, in which JSON may take twice its size. */
const enoughBytes = 1.5 * 1024 * 1024

/** Dead letters of an agent, oldest first; a page ends at `limit`, or earlier when its messages are large. */
export async function pageDeadLetters(
  hive: Hive,
  agent: string,
  query: { limit: number; cursor?: string },
): Promise<Page<DeadLetter>> {
  const page: Page<DeadLetter> = { items: [], next_cursor: query.cursor ?? null }
  let bytes = 0
  do {
    const limit = Math.min(readAtOnce, query.limit - page.items.length)
    const read = await listDeadLetters(hive, agent, { limit, cursor: page.next_cursor ?? undefined })
    page.items.push(...read.items)
    page.next_cursor = read.next_cursor
    bytes += Buffer.byteLength(JSON.stringify(read.items))
  } while (page.next_cursor !== null && page.items.length < query.limit && bytes < enoughBytes)
  return page
}
