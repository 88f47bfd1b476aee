import { columns } from '../../records/columns.ts'
import { piecesOf } from '../pieces.ts'
import type { SqliteValue } from '../value.ts'
import { copyInto, type MigrationClient } from './migration-client.ts'

/** Values that are stored in pieces, by their places in the row. */
export type Large = { place: number; value: SqliteValue }

/** Bytes that are handed to the connection at once: it copies them. */
const chunkBytes = 65_536
// https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": signature, flags, length of the extension
const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const trailer = Buffer.from([0xff, 0xff])

/** Writes large values to migration_pieces as they are cut: no more than a piece of them is there once more at a time. */
export async function copyPieces(
  client: MigrationClient,
  tableId: string,
  large: readonly { row: number; values: Large[] }[],
): Promise<void> {
  let rows = 0
  function* parts(): Generator<Buffer> {
    yield header
    for (const { row, values } of large) {
      for (const { place, value } of values) {
        let piece = 0
        for (const bytes of piecesOf(value)) {
          yield tupleHead(BigInt(tableId), row, place, piece++, bytes.byteLength)
          for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
            yield Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(chunkBytes, bytes.byteLength - at))
          }
          rows++
        }
      }
    }
    yield trailer
  }
  await copyInto(client, 'migration_pieces', columns.migration_pieces, { parts, rows: () => rows, format: 'binary' })
}

/** All of a row but its bytes: the number of fields, and each field's length before it. */
function tupleHead(tableId: bigint, row: number, place: number, piece: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(2 + 12 + 12 + 8 + 8 + 4)
  let at = head.writeInt16BE(5, 0)
  for (const id of [tableId, BigInt(row)]) at = head.writeBigInt64BE(id, head.writeInt32BE(8, at))
  for (const number of [place, piece]) at = head.writeInt32BE(number, head.writeInt32BE(4, at))
  head.writeInt32BE(length, at)
  return head
}
