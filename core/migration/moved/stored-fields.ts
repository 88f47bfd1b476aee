import type { CompiledTable, TargetRow } from '../convert/conversion.ts'
import { doubleText } from '../convert/number.ts'
import { isInRange, toPostgres } from '../convert/timestamp/moment.ts'

type Field = 'text' | 'double' | 'moment'

/** How each column of a target is read: moments and doubles as Postgres holds them, all else as it says them. */
function fieldsOf({ target, columns, kinds }: CompiledTable): Field[] {
  return columns.map((name, at) => {
    if (kinds[at] === 'timestamp') return 'moment'
    return target === 'agent_metrics' && name === 'value' ? 'double' : 'text'
  })
}

/** What is selected of a target, in the order of its compiled columns. */
export function selectFields(compiled: CompiledTable): string {
  const fields = fieldsOf(compiled)
  return compiled.columns.map((name, at) => (fields[at] === 'text' ? `"${name}"::text` : `"${name}"`)).join(', ')
}

/** A reader of the row whose fields begin at a place, as text. */
export function fieldReader(compiled: CompiledTable): (bytes: Buffer, start: number) => TargetRow {
  const fields = fieldsOf(compiled)
  return (bytes, start) => {
    let at = start
    return fields.map((field) => {
      const length = bytes.readInt32BE(at)
      const from = at + 4
      at = from + Math.max(length, 0)
      if (length < 0) return null
      if (field === 'double') return doubleText(bytes.readDoubleBE(from))
      return field === 'moment' ? momentText(bytes.readBigInt64BE(from)) : bytes.toString('utf8', from, at)
    })
  }
}

const epochMs = 946_684_800_000

/** Microseconds since 2000; moments that no source has are no moments as text either. */
function momentText(micros: bigint): string {
  const us = Number(((micros % 1000n) + 1000n) % 1000n)
  const ms = Number((micros - BigInt(us)) / 1000n) + epochMs
  return isInRange(ms) ? toPostgres({ ms, us }) : `${micros} microseconds after 2000`
}
