import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Bytes that are read at once: pages one after another mostly belong to one table. */
const chunkBytes = 65_536

/** What is not as SQLite writes it, or not simple enough to be read without it. */
export class Irregular extends Error {
  override readonly name = 'Irregular'
}

/** Where a page is. The bytes stay as they are, whatever is read afterwards. */
export type Page = { bytes: Buffer; at: number }

/** The pages of a database file that nobody writes to. What cannot be read raises Irregular. */
export class PageFile {
  readonly pageSize: number
  /** Bytes of a page that hold something: some extensions reserve its end. */
  readonly usable: number
  readonly pages: number
  readonly #file: number
  readonly #pagesAChunk: number
  #chunk: Buffer = Buffer.alloc(0)
  #first = 1

  constructor(path: string) {
    this.#file = openSync(path, 'r')
    try {
      const head = Buffer.alloc(100)
      readSync(this.#file, head, 0, 100, 0)
      // https://www.sqlite.org/fileformat2.html#the_database_header
      const size = head.readUInt16BE(16)
      this.pageSize = size === 1 ? 65_536 : size
      this.usable = this.pageSize - head.readUInt8(20)
      if (this.pageSize < 512 || (this.pageSize & (this.pageSize - 1)) !== 0 || this.usable < 480) throw new Irregular()
      this.pages = Math.floor(fstatSync(this.#file).size / this.pageSize)
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
    this.#pagesAChunk = Math.max(1, chunkBytes / this.pageSize)
  }

  /** A page by its number, from 1. */
  page(number: number): Page {
    if (number < 1 || number > this.pages) throw new Irregular()
    const { pageSize } = this
    let place = number - this.#first
    if (place < 0 || place * pageSize >= this.#chunk.length) {
      this.#first = number
      place = 0
      const pages = Math.min(this.#pagesAChunk, this.pages - number + 1)
      this.#chunk = Buffer.allocUnsafeSlow(pages * pageSize)
      const read = readSync(this.#file, this.#chunk, 0, this.#chunk.length, (number - 1) * pageSize)
      if (read !== this.#chunk.length) throw new Irregular()
    }
    return { bytes: this.#chunk, at: place * pageSize }
  }

  close(): void {
    closeSync(this.#file)
  }
}
