import Table from 'cli-table3'
import { createColors } from 'picocolors'

export type Output = {
  readonly json: boolean
  /** The one answer of a command: the document itself with --json, else the text made for people. */
  answer(document: unknown, forPeople: () => string): void
  /** One line of a stream: a line of NDJSON with --json, else the text made for people. */
  line(document: unknown, forPeople: () => string): void
  /** Something people want to know while they wait; goes to stderr, and nowhere with --json. */
  note(text: string): void
}

export function createOutput(json: boolean): Output {
  const write = (text: string) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return {
    json,
    answer: (document, forPeople) => write(json ? JSON.stringify(document, null, 2) : forPeople()),
    line: (document, forPeople) => write(json ? JSON.stringify(document) : forPeople()),
    note: (text) => {
      if (!json) process.stderr.write(`${text}\n`)
    },
  }
}

/** Colours only on a terminal, so that what is piped or tested is plain text. */
export const colors = createColors(process.stdout.isTTY === true && !process.env.NO_COLOR)

export type Cell = string | number | boolean | null | undefined

/** A table without borders, as wide as its content. Empty cells show as a dash. */
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
  drawn.push(...rows.map((row) => row.map(cell)))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Name and value a line, for one thing looked at. */
export function sheet(entries: Record<string, Cell>): string {
  const width = Math.max(...Object.keys(entries).map((name) => name.length))
  return Object.entries(entries)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${colors.bold(name.padEnd(width))}  ${cell(value)}`)
    .join('\n')
}

const cell = (value: Cell): string => (value === null || value === undefined || value === '' ? '-' : String(value))

/** A value of an answer as one cell: text as it is, anything else as JSON. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
