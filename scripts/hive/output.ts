import { once } from 'node:events'
import Table from 'cli-table3'
import { createColors } from 'picocolors'
import { cut, visibleJson, visibleJsonPieces, visibleLine, visibleLines, visibleListPieces } from './visible-text.ts'

export type Output = {
  readonly json: boolean
  /** The one answer of a command: the document itself with --json, else the text made for people. */
  answer(document: unknown, forPeople: () => string): void
  /** The same with --json for a document of a list that is too long to be held, and what there is to say behind it. */
  answerList(name: string, items: AsyncIterable<unknown>, others: () => Record<string, unknown>): Promise<void>
  /** One line of a stream: a line of NDJSON with --json, else the text made for people. */
  line(document: unknown, forPeople: () => string): void
  /** Something people want to know while they wait; goes to stderr, and nowhere with --json. */
  note(text: string): void
  /** Something that nobody may miss and that is not in the answer; goes to stderr, as a line of JSON with --json. */
  warn(text: string): void
}

export function createOutput(json: boolean): Output {
  const write = (text: string) => process.stdout.write(text)
  const writeLines = (text: string) => write(`${visibleLines(text, colors.isColorSupported)}\n`)
  return {
    json,
    answer(document, forPeople) {
      if (!json) return void writeLines(forPeople())
      for (const piece of visibleJsonPieces(document)) write(piece)
      write('\n')
    },
    async answerList(name, items, others) {
      for await (const piece of visibleListPieces(name, items, others)) {
        if (!write(piece)) await once(process.stdout, 'drain')
      }
      write('\n')
    },
    line: (document, forPeople) => (json ? write(`${visibleJson(document)}\n`) : writeLines(forPeople())),
    note: (text) => {
      if (!json) process.stderr.write(`${visibleLine(text)}\n`)
    },
    warn: (text) => {
      process.stderr.write(`${json ? visibleJson({ code: 'warning', detail: text }) : visibleLine(text)}\n`)
    },
  }
}

/** Colours only on a terminal, so that what is piped or tested is plain text. */
export const colors = createColors(process.stdout.isTTY === true && !process.env.NO_COLOR)

/** A painted one is a word of this program's own, in a colour. */
export type Cell = string | number | boolean | null | undefined | Painted
type Painted = { word: string; paint: (word: string) => string }

/** The most characters of a cell, which every other row is padded to, and of one with somebody's data. */
const mostOfCell = 400
const mostOfValue = 80

/** A table without borders, as wide as its content. Empty cells show as a dash, long ones are cut: --json has all of them. */
export function table(head: string[], rows: Cell[][]): string {
  const blank = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
  }
  const drawn = new Table({
    head: head.map((title) => colors.bold(title)),
    chars: {
      ...blank,
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) drawn.push(row.map(tableCell))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Name and value a line, for one thing looked at: nothing is cut. */
export function sheet(entries: Record<string, Exclude<Cell, Painted>>): string {
  const width = Math.max(...Object.keys(entries).map((name) => name.length))
  return Object.entries(entries)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${colors.bold(name.padEnd(width))}  ${visibleLine(textOf(value))}`)
    .join('\n')
}

function tableCell(value: Cell): string {
  if (typeof value === 'object' && value !== null) return value.paint(value.word)
  // cut before it is looked through: it may be as large as a value of SQLite
  return visibleLine(cut(textOf(value), mostOfCell))
}

const textOf = (value: Exclude<Cell, Painted>): string =>
  value === null || value === undefined || value === '' ? '-' : String(value)

/** A value of an answer as one cell: text as it is, anything else as JSON. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return ''
  return cut(typeof value === 'string' ? value : JSON.stringify(value), mostOfValue)
}
