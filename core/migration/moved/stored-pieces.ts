import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { PieceKind } from '../run/decode-row.ts'
import { InvalidText, type SqliteValue } from '../value.ts'

/** A value that is stored in pieces, which are read where they are needed. */
export class StoredPieces {
  readonly kind: PieceKind
  /** All its bytes. */
  readonly size: number
  readonly #client: MigrationClient
  readonly #key: [tableId: string, row: number, place: number]

  constructor(
    client: MigrationClient,
    key: [tableId: string, row: number, place: number],
    kind: PieceKind,
    size: number,
  ) {
    this.#client = client
    this.#key = key
    this.kind = kind
    this.size = size
  }

  /** Its bytes in order, a piece at a time. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    for (let after = -1; ; ) {
      const [piece] = await rowsOf<{ piece: number; bytes: Buffer }>(
        this.#client,
        `SELECT piece, bytes FROM migration_pieces WHERE table_id = $1 AND row = $2 AND place = $3 AND piece > $4
         ORDER BY piece LIMIT 1`,
        [...this.#key, after],
      )
      if (!piece) return
      yield piece.bytes
      after = piece.piece
    }
  }

  /** The value. Text of a database in UTF-8 comes as its bytes: that is how it is written, and a string would be a copy. */
  async whole(encoding: string): Promise<SqliteValue> {
    const bytes = new Uint8Array(this.size)
    let at = 0
    for await (const piece of this.pieces()) {
      bytes.set(piece, at)
      at += piece.byteLength
    }
    switch (this.kind) {
      case 'blob':
        return bytes
      case 'text':
        return new InvalidText(bytes)
      case 'utf8':
        return encoding === 'UTF-8' ? new InvalidText(bytes) : Buffer.from(bytes.buffer).toString('utf8')
      case 'utf16':
        return Buffer.from(bytes.buffer).toString('utf16le')
    }
  }
}
