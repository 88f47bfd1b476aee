import type { Connection, Submittable } from 'pg'

/** Bytes that are handed to the connection at once. */
const chunk = 64 * 1024

/**
 * `COPY … FROM STDIN` with data that is there as a whole: a query object for the clients of `pg` and of Neon's driver,
 * whose sockets tell no end of a write, so that stream packages hang on it. Give it to `client.query`, await `done`.
 */
export class CopyIn implements Submittable {
  readonly done: Promise<number>
  readonly #text: string
  readonly #data: readonly Buffer[]
  #rows = 0
  #fault: Error | undefined
  #resolve: (rows: number) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(text: string, data: readonly Buffer[]) {
    this.#text = text
    this.#data = data
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // whoever gave it away without waiting is told by the next statement
    this.done.catch(() => {})
  }

  submit(connection: Connection): void {
    ;(connection as unknown as CopyConnection).query(this.#text)
  }

  handleCopyInResponse(connection: Connection): void {
    const copying = connection as unknown as CopyConnection
    for (const part of this.#data) {
      for (let at = 0; at < part.length; at += chunk) copying.sendCopyFromChunk(part.subarray(at, at + chunk))
    }
    copying.endCopyFrom()
  }

  handleCommandComplete(message: { text: string }): void {
    this.#rows = Number(/\d+$/.exec(message.text)?.[0] ?? 0)
  }

  handleError(error: Error): void {
    this.#fault = error
    this.#reject(error)
  }

  handleReadyForQuery(): void {
    if (!this.#fault) this.#resolve(this.#rows)
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyData(): void {}
}

type CopyConnection = { query(text: string): void; sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }

/** Characters of text that become one buffer: all of a batch may be more than a string holds. */
const partLength = 1_048_576

/** Rows in COPY's text format, in parts. */
export function copyData(rows: Iterable<readonly (string | null)[]>): Buffer[] {
  const parts: Buffer[] = []
  let lines: string[] = []
  let length = 0
  const end = () => {
    if (length > 0) parts.push(Buffer.from(lines.join(''), 'utf8'))
    lines = []
    length = 0
  }
  for (const row of rows) {
    const line = `${row.map(field).join('\t')}\n`
    lines.push(line)
    length += line.length
    if (length >= partLength) end()
  }
  end()
  return parts
}

const special = /[\\\n\r\t]/g
const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const field = (value: string | null) =>
  value === null ? '\\N' : value.replace(special, (found) => escapes[found] as string)
