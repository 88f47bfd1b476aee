import { Irregular, type Page, PageFile } from './page-file.ts'
import { longVarint, type RecordShape, StoredRecord } from './stored-record.ts'
import type { StoredTable } from './stored-table.ts'

// https://www.sqlite.org/fileformat2.html#b_tree_pages
const interior = 5
const leaf = 13
const leafHead = 8
const interiorHead = 12

/**
 * The rows of a table in the order of their rowids, some of a page together, from its b-tree as the file has it. Raises Irregular
 * at what it does not know for sure, and at a row of more than `largest` bytes: rows before that are those that SQLite gives first.
 */
export function* tableRecords({ path, root, shape }: StoredTable, largest: number): Generator<StoredRecord[]> {
  const file = new PageFile(path)
  try {
    const open: { page: Page; cells: number; next: number }[] = []
    let visited = 0
    let number = root
    for (;;) {
      // a page that is its own descendant would be read for ever
      if (++visited > file.pages) throw new Irregular()
      const page = file.page(number)
      const { bytes, at } = page
      const cells = bytes.readUInt16BE(at + 3)
      const isLeaf = bytes[at] === leaf
      if ((!isLeaf && bytes[at] !== interior) || (cells === 0 && !(isLeaf && number === root))) throw new Irregular()
      // SQLite gives no row of a page of which a cell is amiss
      checkCells(file, page, cells, isLeaf)
      if (isLeaf) {
        let records: StoredRecord[] = []
        let held = 0
        for (let i = 0; i < cells; i++) {
          const record = readCell(file, page, bytes.readUInt16BE(at + leafHead + 2 * i), shape, largest)
          records.push(record)
          held += record.size
          // rows that go on in other pages are not held together
          if (held > file.pageSize) {
            yield records
            records = []
            held = 0
          }
        }
        yield records
      } else open.push({ page, cells, next: 0 })
      for (;;) {
        const above = open.at(-1)
        if (!above) return
        const { page: parent, cells: children, next } = above
        if (next > children) {
          open.pop()
          continue
        }
        number = childOf(parent, children, above.next++)
        break
      }
    }
  } finally {
    file.close()
  }
}

/** As SQLite does with cell_size_check: each cell is behind the pointers and ends within the page. */
function checkCells(file: PageFile, { bytes, at }: Page, cells: number, isLeaf: boolean): void {
  const { usable } = file
  const head = isLeaf ? leafHead : interiorHead
  const least = head + 2 * cells
  const most = usable - (isLeaf ? 4 : 5)
  // a cell has four bytes at least, and two that point at it; SQLite's MX_CELL
  if (least > most || cells > (file.pageSize - leafHead) / 6) throw new Irregular()
  for (let i = 0; i < cells; i++) {
    const pointer = bytes.readUInt16BE(at + head + 2 * i)
    if (pointer < least || pointer > most) throw new Irregular()
    let end = at + pointer
    let size = 0
    if (isLeaf) {
      size = bytes[end++] as number
      if (size > 0x7f) {
        const long = longVarint(bytes, end - 1, at + usable)
        size = long.value
        end = long.end
      }
      if (size > usable - 35) size = localBytes(usable, size) + 4
    } else end += 4
    for (let read = 1; (bytes[end++] as number) > 0x7f && read < 9; read++);
    end += size
    if (end > at + usable) throw new Irregular()
  }
}

/** Behind the last cell comes the page of what is larger than all of them. */
function childOf({ bytes, at }: Page, cells: number, place: number): number {
  if (place === cells) return bytes.readUInt32BE(at + 8)
  return bytes.readUInt32BE(at + bytes.readUInt16BE(at + interiorHead + 2 * place))
}

function readCell(
  file: PageFile,
  { bytes, at: start }: Page,
  pointer: number,
  shape: RecordShape,
  largest: number,
): StoredRecord {
  const { usable } = file
  const end = start + usable
  let at = start + pointer
  if (at + 4 > end) throw new Irregular()
  let size = bytes[at++] as number
  if (size > 0x7f) {
    const long = longVarint(bytes, at - 1, end)
    size = long.value
    at = long.end
  }
  // nine bytes at most, the last of which counts whole
  let rowid = 0n
  let low = 0
  let read = 0
  for (;;) {
    if (at >= end) throw new Irregular()
    const byte = bytes[at++] as number
    if (++read === 9) {
      rowid = BigInt.asIntN(64, (rowid << 8n) | BigInt(byte))
      break
    }
    if (read <= 4) {
      low = low * 128 + (byte & 0x7f)
      rowid = byte < 0x80 || read === 4 ? BigInt(low) : rowid
    } else rowid = (rowid << 7n) | BigInt(byte & 0x7f)
    if (byte < 0x80) break
  }
  if (size <= usable - 35) {
    if (at + size > end) throw new Irregular()
    return new StoredRecord(shape, rowid, bytes, at, size)
  }
  if (size > largest) throw new Irregular()
  return new StoredRecord(shape, rowid, overflowing(file, bytes, at, end, size), 0, size)
}

/** A record that goes on in pages of its own, put together (section 1.6 of the file format). */
function overflowing(file: PageFile, bytes: Buffer, at: number, end: number, size: number): Buffer {
  const { usable } = file
  const local = localBytes(usable, size)
  if (at + local + 4 > end) throw new Irregular()
  const whole = Buffer.allocUnsafeSlow(size)
  bytes.copy(whole, 0, at, at + local)
  let next = bytes.readUInt32BE(at + local)
  for (let done = local; done < size; ) {
    const page = file.page(next)
    const part = Math.min(usable - 4, size - done)
    page.bytes.copy(whole, done, page.at + 4, page.at + 4 + part)
    done += part
    next = page.bytes.readUInt32BE(page.at)
  }
  return whole
}

/** How many bytes of a record that is too large for its page are in it. */
function localBytes(usable: number, size: number): number {
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const fitting = least + ((size - least) % (usable - 4))
  return fitting <= usable - 35 ? fitting : least
}
