import { describe, expect, it } from 'vitest'
import xxhashWasm from 'xxhash-wasm'
import { checksumAt, putChecksum, rowChecksum } from './row-checksum.ts'
import { InvalidText, Omitted, type SqliteValue } from './value.ts'

const { h64Raw } = await xxhashWasm()

/** As the definition has it, with no thought of speed. */
function byDefinition(values: readonly SqliteValue[]): bigint {
  const parts: Buffer[] = []
  for (const value of values) {
    let [kind, bytes] = [0, Buffer.alloc(0)]
    if (typeof value === 'bigint') {
      ;[kind, bytes] = [1, Buffer.alloc(8)]
      bytes.writeBigInt64BE(value)
    } else if (typeof value === 'number') {
      ;[kind, bytes] = [2, Buffer.alloc(8)]
      bytes.writeDoubleBE(value)
    } else if (typeof value === 'string') {
      ;[kind, bytes] = value.isWellFormed() ? [3, Buffer.from(value)] : [5, Buffer.from(value, 'utf16le')]
    } else if (value instanceof InvalidText) {
      ;[kind, bytes] = [3, Buffer.from(value.bytes)]
    } else if (value instanceof Omitted) {
      ;[kind, bytes] = [6, Buffer.from(`${value.storage} ${value.size}`)]
    } else if (value !== null) {
      ;[kind, bytes] = [4, Buffer.from(value)]
    }
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    parts.push(Buffer.from([kind]), length, bytes)
  }
  return h64Raw(Buffer.concat(parts))
}

describe('the checksum of a row', () => {
  it.each<[what: string, values: SqliteValue[]]>([
    ['no value', []],
    ['each storage class', [null, 1n, -1.5, 'text', new Uint8Array([1, 2, 255])]],
    ['bounds of integers', [2n ** 63n - 1n, -(2n ** 63n)]],
    ['zeros and infinities', [0, -0, Number.POSITIVE_INFINITY, 5e-324]],
    ['text beyond ASCII', ['aü', 'ü', '😀x', `${'a'.repeat(63)}ü`, 'ÿ'.repeat(70)]],
    ['text that has no UTF-8', ['\ud800', `${'a'.repeat(100)}\udfff`]],
    ['text that is not valid', [new InvalidText(new Uint8Array([255, 254]))]],
    ['long text', ['x'.repeat(21_800), 'y'.repeat(30_000), 'ü'.repeat(70_000)]],
    ['rows at the edge of what is laid out at once', ['z'.repeat(21_845), 'z'.repeat(21_843), 7n]],
    ['what was not read', [new Omitted('blob', 300_000_000)]],
    ['large BLOBs', [new Uint8Array(65_531), new Uint8Array(65_532).fill(7), new Uint8Array(1_000_000)]],
  ])('is the one of its definition: %s', (_, values) => {
    expect(rowChecksum(values)).toBe(byDefinition(values))
    for (const value of values) expect(rowChecksum([value, null])).toBe(byDefinition([value, null]))
  })

  it('is found again among the bytes of several', () => {
    const checksums = [[1n], ['ü'], [null]].map((values) => rowChecksum(values))
    const bytes = new DataView(new ArrayBuffer(24))
    for (const [at, checksum] of checksums.entries()) putChecksum(bytes, at, checksum)
    expect(checksums.map((_, at) => checksumAt(bytes, at))).toEqual(checksums)
  })
})

it('keeps no copy of a large value', () => {
  const value = Buffer.alloc(64 * 1_048_576, 'large')
  const before = process.memoryUsage().external
  expect(rowChecksum([value, 1n])).not.toBe(rowChecksum([value, 2n]))
  expect(process.memoryUsage().external - before).toBeLessThan(16 * 1_048_576)
})
