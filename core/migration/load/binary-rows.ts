import type { Kind } from '../convert/equal-rows.ts'
import { fromPostgres } from '../convert/timestamp/moment.ts'

/** Bytes of rows that become one part of the data. */
const partBytes = 65_536
// https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": signature, flags, length of the extension
const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const trailer = Buffer.from([0xff, 0xff])
const none = Buffer.alloc(0)
/** The number of fields, and the id with its length. */
const headBytes = 2 + 12

/**
 * Rows with an id and some fields in COPY's binary format, laid out as they come: Postgres has no digits to read. Text and JSON are
 * sent in UTF-8, numbers as doubles, moments as microseconds since 2000.
 */
export class BinaryRows {
  readonly format = 'binary'
  readonly #fields: readonly Kind[]
  readonly #parts: Buffer[] = []
  #part = none
  #at = 0
  #rows = 0

  constructor(fields: readonly Kind[]) {
    this.#fields = fields
  }

  rows(): number {
    return this.#rows
  }

  /** Adds a row of texts as COPY's text format has them, before escaping. */
  add(row: readonly (string | null)[], id: bigint): void {
    let most = headBytes
    // a unit of UTF-16 is at most three bytes of UTF-8
    for (const text of row) most += 13 + 3 * (text?.length ?? 0)
    this.#makeRoom(most)
    let at = this.#begin(id)
    for (let i = 0; i < this.#fields.length; i++) at = this.#field(at, this.#fields[i] as Kind, row[i] ?? null)
    this.#at = at
    this.#rows++
  }

  /**
   * Adds a row of which `layOut` writes the fields, from a place on: at most so many bytes; it tells the place behind them.
   * False, and no row is added, where it gives a negative one, or they may be too many.
   */
  addLaidOut<Row>(id: bigint, most: number, layOut: (into: Buffer, at: number, row: Row) => number, row: Row): boolean {
    if (headBytes + most > partBytes) return false
    this.#makeRoom(headBytes + most)
    const end = layOut(this.#part, this.#at + headBytes, row)
    if (end < 0) return false
    this.#begin(id)
    this.#at = end
    this.#rows++
    return true
  }

  /** What was gathered, in order. */
  parts(): readonly Buffer[] {
    this.#cut()
    return [header, ...this.#parts, trailer]
  }

  #begin(id: bigint): number {
    const part = this.#part
    const at = this.#at
    part.writeInt16BE(1 + this.#fields.length, at)
    part.writeInt32BE(8, at + 2)
    part.writeBigInt64BE(id, at + 6)
    return at + headBytes
  }

  #field(at: number, field: Kind, text: string | null): number {
    const part = this.#part
    if (text === null) return part.writeInt32BE(-1, at)
    let start = at + 4
    let end: number
    if (field === 'number') end = part.writeDoubleBE(Number(text), start)
    else if (field === 'timestamp') end = part.writeBigInt64BE(microseconds(text), start)
    else {
      // the version of JSONB's form
      if (field === 'jsonb') part[start++] = 1
      end = start + part.write(text, start)
    }
    part.writeInt32BE(end - at - 4, at)
    return end
  }

  #makeRoom(bytes: number): void {
    if (this.#part.length - this.#at >= bytes) return
    this.#cut()
    this.#part = Buffer.allocUnsafeSlow(Math.max(partBytes, bytes))
  }

  #cut(): void {
    if (this.#at > 0) this.#parts.push(this.#part.subarray(0, this.#at))
    this.#part = none
    this.#at = 0
  }
}

const epochMs = 946_684_800_000

function microseconds(text: string): bigint {
  const moment = fromPostgres(text)
  if (moment === undefined) throw new Error('it is no moment that was written here')
  return BigInt(moment.ms - epochMs) * 1000n + BigInt(moment.us)
}
