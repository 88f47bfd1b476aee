const magic = 'SQLite format 3\0'

export type Fault = { state: string; detail: string }

export const describeFault = ({ state, detail }: Fault): string => `${state}: ${detail}`

/** What else files that are called like databases are, by their first bytes, each of which is one character here. */
const otherFormats: [start: string, at: number, detail: string][] = [
  ['\x1f\x8b\x08', 0, 'it is compressed with gzip: unpack it'],
  ['PK\x03\x04', 0, 'it is a ZIP archive: unpack it'],
  ['\xfd7zXZ\0', 0, 'it is compressed with xz: unpack it'],
  ['\x28\xb5\x2f\xfd', 0, 'it is compressed with zstd: unpack it'],
  ['BZh', 0, 'it is compressed with bzip2: unpack it'],
  ["7z\xbc\xaf'\x1c", 0, 'it is a 7-Zip archive: unpack it'],
  ['version https://git-lfs', 0, 'it is a pointer of Git LFS: fetch the file that it stands for'],
  ['** This file contains an SQLite 2', 0, 'it is of SQLite 2, whose files SQLite 3 does not read'],
  ['DUCK', 8, 'it is of DuckDB'],
  ['\0\x01\0\0Standard ', 0, 'it is of Microsoft Access'],
  ['\x37\x7f\x06\x82', 0, 'it is the -wal of a database, not the database'],
  ['\x37\x7f\x06\x83', 0, 'it is the -wal of a database, not the database'],
  ['\xd9\xd5\x05\xf9\x20\xa1\x63\xd7', 0, 'it is the -journal of a database, not the database'],
]

export const hasMagic = (start: Buffer): boolean => start.toString('latin1', 0, magic.length) === magic

/** What is wrong with a file, told by its first bytes; undefined for what may be a database. */
export function diagnoseHeader(header: Buffer, size: number): Fault | undefined {
  if (size === 0) return { state: 'empty', detail: 'it has 0 bytes' }
  if (!hasMagic(header)) {
    const other = otherFormats.find(([start, at]) => header.toString('latin1', at, at + start.length) === start)
    if (other) return { state: 'not SQLite', detail: other[2] }
    return looksRandom(header)
      ? { state: 'encrypted', detail: 'it has no SQLite header, and its bytes look random: it needs a key' }
      : { state: 'not SQLite', detail: 'it has no SQLite header' }
  }
  if (size < 100) return { state: 'truncated', detail: `it ends within its header, after ${size} bytes` }
  const version = header.readUInt8(19)
  if (version > 2) return { state: 'unreadable', detail: `it is of a later format of SQLite, version ${version}` }
  const stored = header.readUInt16BE(16)
  const pageSize = stored === 1 ? 65_536 : stored
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) {
    return { state: 'malformed', detail: `its header says pages of ${pageSize} bytes` }
  }
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

/** What is wrong with a file that begins like a database and that SQLite does not open or read. */
export function diagnoseError(error: unknown): Fault {
  const detail = error instanceof Error ? error.message : String(error)
  if (/malformed|corrupt/i.test(detail)) return { state: 'malformed', detail }
  if (/not a database/i.test(detail)) {
    return {
      state: 'malformed',
      detail: 'it begins like a database, and the rest is none: it is damaged, or encrypted',
    }
  }
  return { state: 'unreadable', detail }
}
