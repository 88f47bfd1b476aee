import { open } from 'node:fs/promises'

const walHead = 32
const frameHead = 24

/**
 * What is wrong with a `-wal`: SQLite passes over what it does not take for one, and over all that comes behind the first
 * frame that is amiss, without a word. Undefined where nothing is, or nothing but frames of an earlier turn is behind the last.
 */
export async function faultOfWal(file: string): Promise<string | undefined> {
  const handle = await open(file)
  try {
    const head = Buffer.alloc(walHead)
    const { bytesRead } = await handle.read(head, 0, walHead, 0)
    if (bytesRead === 0) return undefined
    // https://www.sqlite.org/fileformat2.html#the_write_ahead_log
    const magic = head.readUInt32BE(0)
    const isBig = magic === 0x377f0683
    const pageSize = head.readUInt32BE(8)
    const whole = bytesRead === walHead && (isBig || magic === 0x377f0682) && pageSize >= 512 && pageSize <= 65_536
    let sums: Sums = whole ? checksum(head, 0, walHead - 8, isBig, [0, 0]) : [-1, -1]
    if (!isAt(head, walHead - 8, sums))
      return 'is no log of SQLite, or a damaged one: rows that were only there are missing'
    const frame = Buffer.alloc(frameHead + pageSize)
    for (let number = 1, at = walHead; ; number++, at += frame.length) {
      const read = await handle.read(frame, 0, frame.length, at)
      // frames of an earlier turn have other salts
      if (read.bytesRead < frameHead || head.compare(frame, 8, 16, 16, 24) !== 0) return undefined
      if (read.bytesRead < frame.length)
        return `ends within its frame ${number}: rows that were committed there are missing`
      sums = checksum(frame, frameHead, frame.length, isBig, checksum(frame, 0, 8, isBig, sums))
      if (!isAt(frame, 16, sums))
        return `is damaged in its frame ${number}: rows that were committed there or later are missing`
    }
  } finally {
    await handle.close()
  }
}

/** Whether a `-journal` has what a transaction that did not end had overwritten: SQLite puts it back. */
export async function isHotJournal(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(12), 0, 12, 0)
    return buffer.toString('hex', 0, 8) === 'd9d505f920a163d7' && buffer.readUInt32BE(8) > 0
  } finally {
    await handle.close()
  }
}

type Sums = readonly [number, number]

function checksum(bytes: Buffer, from: number, to: number, isBig: boolean, [first, second]: Sums): Sums {
  const words = new DataView(bytes.buffer, bytes.byteOffset)
  let [one, other] = [first, second]
  for (let at = from; at < to; at += 8) {
    one = (one + words.getUint32(at, !isBig) + other) >>> 0
    other = (other + words.getUint32(at + 4, !isBig) + one) >>> 0
  }
  return [one, other]
}

const isAt = (bytes: Buffer, at: number, [one, other]: Sums): boolean =>
  bytes.readUInt32BE(at) === one && bytes.readUInt32BE(at + 4) === other
