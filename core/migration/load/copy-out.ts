import type { Connection, Submittable } from 'pg'
import type { MigrationClient } from './migration-client.ts'

/** Room for what comes at first. */
const firstRoom = 262_144

/** Rows as COPY sends them in its binary format, one after another in one place. */
export class CopiedRows {
  readonly bytes: Buffer
  readonly rows: number
  /** Where each row's fields begin: each is its length in four bytes, −1 for NULL, and so many bytes. */
  readonly #starts: Uint32Array

  // https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
  constructor(bytes: Buffer) {
    const starts: number[] = []
    let at = signature.length + 8 + bytes.readInt32BE(signature.length + 4)
    for (;;) {
      const fields = bytes.readInt16BE(at)
      at += 2
      if (fields === -1) break
      starts.push(at)
      for (let field = 0; field < fields; field++) {
        at = behindField(bytes, at)
      }
    }
    this.bytes = bytes
    this.rows = starts.length
    this.#starts = Uint32Array.from(starts)
  }

  /** Where the fields of the i-th row begin. */
  start(i: number): number {
    return this.#starts[i] as number
  }
}

/** Where a field or an element ends that begins at a place. */
export function behindField(bytes: Buffer, start: number): number {
  return start + 4 + Math.max(bytes.readInt32BE(start), 0)
}

/**
 * Where the elements of an array of one dimension begin, which is a field that begins at a place: each is its length in four bytes,
 * −1 for NULL, and so many bytes, as a row's fields are. NULL has no elements. Layout: array_send in PostgreSQL's arrayfuncs.c.
 */
export function elementStarts(bytes: Buffer, start: number): Uint32Array {
  if (bytes.readInt32BE(start) < 0 || bytes.readInt32BE(start + 4) === 0) return new Uint32Array(0)
  const starts = new Uint32Array(bytes.readInt32BE(start + 16))
  let at = start + 24
  for (let i = 0; i < starts.length; i++) {
    starts[i] = at
    at = behindField(bytes, at)
  }
  return starts
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')

/**
 * `COPY … TO STDOUT (FORMAT binary)`: a query object for the clients of `pg` and of Neon's driver. All of a result is one
 * piece of memory: rows as objects would cost more than what is done with them.
 */
class CopyOut implements Submittable {
  readonly done: Promise<Buffer>
  readonly #text: string
  #bytes = Buffer.allocUnsafeSlow(firstRoom)
  #length = 0
  #fault: Error | undefined
  #resolve: (bytes: Buffer) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(text: string) {
    this.#text = text
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // whoever gave it away without waiting is told by the next statement
    this.done.catch(() => {})
  }

  submit(connection: Connection): void {
    ;(connection as unknown as { query(text: string): void }).query(this.#text)
  }

  /** The client uses the memory of a chunk again. */
  handleCopyData({ chunk }: { chunk: Uint8Array }): void {
    const length = this.#length + chunk.length
    if (length > this.#bytes.length) {
      const more = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length))
      more.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = more
    }
    this.#bytes.set(chunk, this.#length)
    this.#length = length
  }

  handleError(error: Error): void {
    this.#fault = error
    this.#reject(error)
  }

  handleReadyForQuery(): void {
    if (!this.#fault) this.#resolve(this.#bytes.subarray(0, this.#length))
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
}

/** The rows of a query that has no parameters. */
export async function copyOut(client: MigrationClient, query: string): Promise<CopiedRows> {
  const copy = new CopyOut(`COPY (${query}) TO STDOUT (FORMAT binary)`)
  client.query(copy)
  return new CopiedRows(await copy.done)
}
