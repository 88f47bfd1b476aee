import type { RebuiltProjection } from './rebuild-projection.ts'

/** How many records were brought. */
export type Brought = Omit<RebuiltProjection, 'next_cursor'>

/**
 * Asks for one part of a rebuild after the other until all is brought, and gives how much that was. `report` hears of it after
 * each part but the last.
 */
export async function rebuildWhole(
  ask: (from: { cursor?: string }) => Promise<RebuiltProjection>,
  report: (soFar: Brought) => void = () => {},
): Promise<Brought> {
  const total: Brought = { agents: 0, keys: 0, capabilities: 0, subscriptions: 0 }
  let cursor: string | null = null
  for (;;) {
    const part: RebuiltProjection = await ask(cursor === null ? {} : { cursor })
    for (const kind of Object.keys(total) as (keyof Brought)[]) total[kind] += part[kind]
    cursor = part.next_cursor
    if (cursor === null) return total
    report(total)
  }
}
