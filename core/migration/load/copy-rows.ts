import { numberBytes, writeAscii, writeWhole } from './ascii.ts'

/** Bytes of rows that become one part of the data: what is out of JavaScript's hands soon costs its garbage collector little. */
const partBytes = 65_536
/** Texts of no more units are written one by one: a call out of JavaScript takes longer. */
const shortText = 96
const none = Buffer.alloc(0)

/** Rows in COPY's text format, laid out as they come. */
export class CopyRows {
  readonly #parts: Buffer[] = []
  #part = none
  #at = 0
  #rows = 0

  rows(): number {
    return this.#rows
  }

  /** Adds a row; `first` are fields that come before its own. */
  add(row: readonly (string | null)[], first = ''): void {
    if (first !== '') this.#write(first)
    for (let at = 0; at < row.length; at++) {
      if (at > 0 || first !== '') this.#unit(tab)
      const value = row[at] as string | null
      if (value === null) this.#write('\\N')
      else if (!this.#writePlain(value)) this.#write(escaped(value))
    }
    this.#unit(newLine)
    this.#rows++
  }

  /**
   * Adds a row that begins with a name and a number and of which `layOut` writes the rest, from a place on, as COPY takes it:
   * at most so many bytes; it tells the place behind them. False, and no row is added, where it gives a negative one, or they
   * may be too many.
   */
  addLaidOut<Row>(
    name: string,
    number: number,
    most: number,
    layOut: (into: Buffer, at: number, row: Row) => number,
    row: Row,
  ): boolean {
    const fits = name.length + numberBytes + most + 3
    if (fits > partBytes) return false
    this.#makeRoom(fits)
    const part = this.#part
    let at = writeAscii(part, this.#at, name)
    part[at++] = tab
    at = writeWhole(part, at, number)
    part[at++] = tab
    const end = layOut(part, at, row)
    if (end < 0) return false
    part[end] = newLine
    this.#at = end + 1
    this.#rows++
    return true
  }

  /** What was gathered, in order. */
  parts(): readonly Buffer[] {
    this.#cut()
    return this.#parts
  }

  #unit(unit: number): void {
    this.#makeRoom(1)
    this.#part[this.#at++] = unit
  }

  /** Writes a short text in which nothing has to be escaped; false when it is none. */
  #writePlain(text: string): boolean {
    const { length } = text
    if (length > shortText) return false
    this.#makeRoom(shortText)
    const part = this.#part
    let at = this.#at
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f || unit < 0x20 || unit === backslash) return false
      part[at++] = unit
    }
    this.#at = at
    return true
  }

  #write(text: string): void {
    // a unit of UTF-16 is at most three bytes of UTF-8
    const most = 3 * text.length
    if (most > partBytes) {
      this.#cut()
      this.#parts.push(Buffer.from(text, 'utf8'))
      return
    }
    this.#makeRoom(most)
    this.#at += this.#part.write(text, this.#at)
  }

  #makeRoom(bytes: number): void {
    if (this.#part.length - this.#at >= bytes) return
    this.#cut()
    this.#part = Buffer.allocUnsafeSlow(partBytes)
  }

  #cut(): void {
    if (this.#at > 0) this.#parts.push(this.#part.subarray(0, this.#at))
    this.#part = none
    this.#at = 0
  }
}

const tab = 0x09
const newLine = 0x0a
const backslash = 0x5c
const special = /[\\\n\r\t]/
const allSpecial = /[\\\n\r\t]/g
const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const escaped = (value: string) =>
  special.test(value) ? value.replace(allSpecial, (found) => escapes[found] as string) : value
