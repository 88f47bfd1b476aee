/** Characters of text that become one buffer: what is out of JavaScript's hands soon costs its garbage collector little. */
const partLength = 16_384

/** Rows in COPY's text format, gathered as they come. */
export class CopyRows {
  readonly #parts: Buffer[] = []
  #text = ''
  #rows = 0

  rows(): number {
    return this.#rows
  }

  /** Adds a row; `first` are fields that come before its own. */
  add(row: readonly (string | null)[], first = ''): void {
    let line = first
    for (let at = 0; at < row.length; at++) {
      const value = row[at] as string | null
      const field = value === null ? '\\N' : escaped(value)
      line += at === 0 && first === '' ? field : `\t${field}`
    }
    this.#text += `${line}\n`
    this.#rows++
    if (this.#text.length >= partLength) this.#cut()
  }

  /** What was gathered, in order. */
  parts(): readonly Buffer[] {
    this.#cut()
    return this.#parts
  }

  #cut(): void {
    if (this.#text !== '') this.#parts.push(Buffer.from(this.#text, 'utf8'))
    this.#text = ''
  }
}

const special = /[\\\n\r\t]/
const allSpecial = /[\\\n\r\t]/g
const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const escaped = (value: string) =>
  special.test(value) ? value.replace(allSpecial, (found) => escapes[found] as string) : value
