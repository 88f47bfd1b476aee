import type { InvalidText, SqliteValue } from '../../value.ts'
import { exactText } from './exact-text.ts'
import { Irregular } from './page-file.ts'

/** What has to be known of a table to read its records. */
export type RecordShape = {
  /** How many columns it has. */
  columns: number
  /** The one that is another name of the rowid; −1 for none. */
  rowidAlias: number
  /** Those that hold numbers as doubles only, and have whole ones stored as integers. */
  reals: readonly boolean[]
}

/**
 * A row as its file has it: a header that names each value's type and size, and the values one after another
 * (https://www.sqlite.org/fileformat2.html#record_format). It was checked: each column has its value within the bytes.
 */
export class StoredRecord {
  readonly shape: RecordShape
  readonly rowid: bigint
  readonly bytes: Buffer
  /** Where the types begin, and where the values do. */
  readonly types: number
  readonly body: number
  /** Bytes of all of it. */
  readonly size: number

  constructor(shape: RecordShape, rowid: bigint, bytes: Buffer, start: number, size: number) {
    const { columns, rowidAlias } = shape
    const end = start + size
    let at = start
    // a header of two bytes of length has room for more columns than there are mostly
    let head = bytes[at++] as number
    if (head > 0x7f) {
      const low = bytes[at++] as number
      if (low > 0x7f) throw new Irregular()
      head = ((head & 0x7f) << 7) | low
    }
    const types = at
    const body = start + head
    if (body > end) throw new Irregular()
    let next = body
    let column = 0
    while (at < body) {
      let type = bytes[at++] as number
      if (type > 0x7f) {
        const long = longVarint(bytes, at - 1, body)
        type = long.value
        at = long.end
      }
      if (type === 10 || type === 11 || (column === rowidAlias && type !== 0)) throw new Irregular()
      const length = type >= 12 ? (type - 12) >>> 1 : (sizes[type] as number)
      if (type === 7 && next + 8 <= end && Number.isNaN(bytes.readDoubleBE(next))) throw new Irregular()
      next += length
      column++
    }
    if (at !== body || column !== columns || next !== end) throw new Irregular()
    this.shape = shape
    this.rowid = rowid
    this.bytes = bytes
    this.types = types
    this.body = body
    this.size = size
  }

  get values(): SqliteValue[] {
    const { bytes, shape, rowid } = this
    const values: SqliteValue[] = []
    let at = this.types
    let next = this.body
    for (let column = 0; column < shape.columns; column++) {
      let type = bytes[at++] as number
      if (type > 0x7f) {
        const long = longVarint(bytes, at - 1, this.body)
        type = long.value
        at = long.end
      }
      if (type >= 12) {
        const end = next + ((type - 12) >>> 1)
        values.push(type % 2 === 0 ? copyOf(bytes, next, end) : textOf(bytes, next, end))
        next = end
      } else {
        if (type === 0) values.push(column === shape.rowidAlias ? rowid : null)
        else if (type === 7) values.push(bytes.readDoubleBE(next))
        else if (shape.reals[column]) values.push(Number(wholeAt(bytes, next, type)))
        else values.push(BigInt(wholeAt(bytes, next, type)))
        next += sizes[type] as number
      }
    }
    return values
  }
}

/** Bytes of a value of each type below 12. */
export const sizes: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0]

/** A whole number of one of the types for them; as a bigint where it has eight bytes. */
export function wholeAt(bytes: Buffer, at: number, type: number): number | bigint {
  switch (type) {
    case 1:
      return bytes.readInt8(at)
    case 2:
      return bytes.readInt16BE(at)
    case 3:
      return (((bytes[at] as number) << 24) >> 8) | bytes.readUInt16BE(at + 1)
    case 4:
      return bytes.readInt32BE(at)
    case 5:
      return bytes.readInt16BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 2)
    case 6:
      return bytes.readBigInt64BE(at)
    default:
      return type - 8
  }
}

/** A number of more than one byte, seven bits in each; ones that no size can be are irregular. */
export function longVarint(bytes: Buffer, start: number, limit: number): { value: number; end: number } {
  let value = 0
  for (let at = start; at < limit && at < start + 5; at++) {
    const byte = bytes[at] as number
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      if (value > 0x7fff_ffff) break
      return { value, end: at + 1 }
    }
  }
  throw new Irregular()
}

function copyOf(bytes: Buffer, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}

function textOf(bytes: Buffer, start: number, end: number): string | InvalidText {
  let at = start
  while (at < end && (bytes[at] as number) < 0x80) at++
  return at === end ? bytes.toString('latin1', start, end) : exactText(copyOf(bytes, start, end), 'UTF-8')
}
