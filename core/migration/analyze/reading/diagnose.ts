const magic = 'SQLite format 3\0'

export type Fault = { state: string; detail: string }

/** What is wrong with a file, told by its first bytes; undefined for what may be a database. */
export function diagnoseHeader(header: Buffer, size: number): Fault | undefined {
  if (size === 0) return { state: 'empty', detail: 'it has 0 bytes' }
  if (header.toString('latin1', 0, 16) !== magic) {
    return looksRandom(header)
      ? { state: 'encrypted', detail: 'it has no SQLite header, and its bytes look random: it needs a key' }
      : { state: 'not SQLite', detail: 'it has no SQLite header' }
  }
  if (size < 100) return { state: 'truncated', detail: `it ends within its header, after ${size} bytes` }
  const stored = header.readUInt16BE(16)
  const pageSize = stored === 1 ? 65_536 : stored
  const pages = header.readUInt32BE(28)
  if (size < pages * pageSize && header.readUInt32BE(24) === header.readUInt32BE(92)) {
    return { state: 'truncated', detail: `it has ${size} of ${pages * pageSize} bytes` }
  }
  return undefined
}

/** Encrypted bytes use nearly all values; text and other formats do not. */
function looksRandom(bytes: Buffer): boolean {
  return bytes.length >= 512 && new Set(bytes).size > 180
}

/** What is wrong with a database that SQLite does not open or read. */
export function diagnoseError(error: unknown): Fault {
  const detail = error instanceof Error ? error.message : String(error)
  if (/malformed|corrupt/i.test(detail)) return { state: 'malformed', detail }
  return { state: /not a database/i.test(detail) ? 'not SQLite' : 'unreadable', detail }
}
