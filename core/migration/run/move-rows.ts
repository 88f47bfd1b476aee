import { setImmediate as turn } from 'node:timers/promises'
import { type Moved, PreparedBatch } from './prepared-batch.ts'
import { heldRow, type SourceRow } from './source-row.ts'
import { prepareRows, storeBatch, type TableStore } from './store-batch.ts'
import { isUnique } from './unique-targets.ts'

/** What one batch holds at most. */
const batchRows = 5_000
const batchBytes = 1_048_576
/** Rows that are prepared before the connection gets its turn. */
const rowsATurn = 128
/** Rows for which ids are reserved at once. */
const idsAhead = 8 * batchRows

/**
 * Moves rows in batches and tells what became of each batch; `left` is how many rows there seem to be. `stop` is asked after
 * each batch: when it says so, rows are left. Gives whether it was stopped.
 */
export async function moveRows(
  store: TableStore,
  rows: Iterable<SourceRow>,
  left: number,
  count: (moved: Moved) => void,
  stop: () => boolean = () => false,
): Promise<boolean> {
  if (isUnique(store.compiled)) return moveInTurn(store, rows, count, stop)
  return moveAhead(store, rows, left, count, stop)
}

/** Each batch asks first which of its keys are taken. */
async function moveInTurn(
  store: TableStore,
  rows: Iterable<SourceRow>,
  count: (moved: Moved) => void,
  stop: () => boolean,
): Promise<boolean> {
  let batch: SourceRow[] = []
  let bytes = 0
  const pass = async () => {
    count(await storeBatch(store, await prepareRows(store, batch)))
    batch = []
    bytes = 0
  }
  for (const row of rows) {
    batch.push(heldRow(row))
    bytes += row.bytes
    if (batch.length < batchRows && bytes < batchBytes) continue
    await pass()
    if (stop()) return true
  }
  if (batch.length > 0) await pass()
  return false
}

/** While batches are stored on the lanes in turn the next one is read, converted and laid out. */
async function moveAhead(
  store: TableStore,
  rows: Iterable<SourceRow>,
  left: number,
  count: (moved: Moved) => void,
  stop: () => boolean,
): Promise<boolean> {
  const { compiled, ids } = store
  const lanes = store.lanes.map((client) => ({ store: { ...store, client }, storing: Promise.resolve() }))
  let last: Promise<void> | undefined
  let passed = 0
  let batch: PreparedBatch | undefined
  let bytes = 0
  const pass = async (full: PreparedBatch) => {
    const lane = lanes[passed++ % lanes.length] as (typeof lanes)[number]
    await lane.storing
    last = storeBatch(lane.store, full, last).then(count)
    lane.storing = last
    // it is told where it is waited for
    last.catch(() => {})
    // two batches of large values are not held at once
    if (bytes > batchBytes) await last
    batch = undefined
    bytes = 0
  }
  try {
    for (const row of rows) {
      if (!ids.has(compiled.width)) {
        if (batch) await pass(batch)
        await last
        await ids.reserve(Math.min(left, idsAhead) * compiled.width)
      }
      batch ??= new PreparedBatch(store, row.place)
      batch.add(row)
      bytes += row.bytes
      if (batch.moved.rows >= batchRows || bytes >= batchBytes) {
        await pass(batch)
        if (stop()) {
          await last
          return true
        }
      } else if (batch.moved.rows % rowsATurn === 0) await turn()
    }
    if (batch) await pass(batch)
    await last
    return false
  } finally {
    // nothing else may use the connections before
    await Promise.allSettled(lanes.map(({ storing }) => storing))
  }
}
