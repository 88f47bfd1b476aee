import type { Connection, Submittable } from 'pg'

/** Bytes that may wait to be sent over a WebSocket. */
const mostWaiting = 1_048_576

/**
 * `COPY … FROM STDIN`: a query object for the clients of `pg` and of Neon's driver, whose sockets do not tell reliably when
 * to go on, so that stream packages hang on them. Takes the data part by part, as the socket gets rid of them. Give it to
 * `client.query`, await `done`.
 */
export class CopyIn implements Submittable {
  readonly done: Promise<number>
  readonly #text: string
  readonly #data: Iterator<Buffer>
  #rows = 0
  #fault: Error | undefined
  #resolve: (rows: number) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(text: string, data: Iterable<Buffer>) {
    this.#text = text
    this.#data = data[Symbol.iterator]()
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
    this.#send(connection as unknown as CopyConnection)
  }

  #send(connection: CopyConnection): void {
    try {
      // the server has said that it takes no more
      while (!this.#fault) {
        const { done, value } = this.#data.next()
        if (done) {
          connection.endCopyFrom()
          return
        }
        send(connection, value)
        if (hasToWait(connection.stream, () => this.#send(connection))) return
      }
    } catch (error) {
      connection.sendCopyFail(error instanceof Error ? error.message : String(error))
    }
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

const copyData = 0x64

/** As one message. Where the socket takes it as it is, nothing is copied: garbage of large values is large. */
function send(connection: CopyConnection, data: Buffer): void {
  const { stream } = connection
  if (stream.ws) {
    connection.sendCopyFromChunk(data)
    return
  }
  const head = Buffer.allocUnsafe(5)
  head[0] = copyData
  head.writeUInt32BE(4 + data.byteLength, 1)
  stream.cork?.()
  stream.write(head)
  stream.write(data)
  stream.uncork?.()
}

type CopyConnection = {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
  sendCopyFail(message: string): void
  stream: CopyStream
}
/** A socket of Node, or what Neon's driver puts around a WebSocket: that one gathers what is written until the next turn. */
type CopyStream = {
  writableNeedDrain?: boolean
  cork?(): void
  uncork?(): void
  write(data: Buffer): void
  once(event: 'drain', go: () => void): void
  ws?: { bufferedAmount: number } | null
}

/** Whether the socket has enough for now; if so it is told when to go on, as far as the socket tells. */
function hasToWait(stream: CopyStream, go: () => void): boolean {
  if (stream.ws) {
    const { ws } = stream
    const look = (): void => void (ws.bufferedAmount > mostWaiting ? setTimeout(look, 1) : go())
    setTimeout(look, 0)
    return true
  }
  if (!stream.writableNeedDrain) return false
  stream.once('drain', go)
  return true
}
