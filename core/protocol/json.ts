import { type FieldError, HiveError } from '../errors.ts'
import { fieldPath, mostFaults } from './field-errors.ts'
import { inspectJson, isStorable } from './json-value.ts'

/** Arrays and objects within each other, at most, in one JSON text. */
export const deepestJson = 128

/**
 * Reads JSON strictly: the value is what `JSON.parse` gives, and nothing in the text was lost on the way. Refused,
 * each by its path, is what readers of JSON disagree about or what cannot be stored:
 * - a key given twice in one object;
 * - an integer beyond ±(2^53 − 1), and any other number that would be written back as one; a number too large to be
 *   finite (1e400);
 * - a lone surrogate and U+0000, escaped or not, in values and in keys;
 * - more than 128 arrays and objects within each other.
 *
 * `__proto__` is a key like any other. Throws HiveError `request.invalid_json`; its text never shows the input.
 */
export function parseJson(text: string): unknown {
  const shape = scan(text)
  if (shape.depth > deepestJson) {
    throw new HiveError('request.invalid_json', `the JSON is nested deeper than ${deepestJson} levels`)
  }
  const value = parseSyntax(text)
  const found = inspectJson(value, deepestJson)
  // JSON.parse keeps the last of two members with one key, so that fewer members than colons tell of a repeated key.
  const repeated = found.members !== shape.colons
  // 1e21 and more is fine as it is, unless written as an integer, which takes 22 digits.
  if (found.faulty || repeated || (found.huge && /\d{22}/.test(text))) {
    const faults = findFaults(text)
    if (faults.length > 0) {
      const [first] = faults
      throw new HiveError(
        'request.invalid_json',
        `the JSON cannot be taken as it is: ${first?.field} ${first?.message}`,
        {
          errors: faults,
        },
      )
    }
  }
  return value
}

function parseSyntax(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    // The engine's message quotes the text; only the place is taken from it.
    const place =
      error instanceof Error ? /at position \d+ \(line \d+ column \d+\)/.exec(error.message)?.[0] : undefined
    const what = text.trim() === '' ? 'the JSON is empty' : 'the text is not JSON'
    throw new HiveError(
      'request.invalid_json',
      place === undefined ? what : `${what}: see ${place.slice('at '.length)}`,
    )
  }
}

/** Counts colons outside of strings and measures nesting, before anything is built. Makes no sense of broken JSON. */
function scan(text: string): { colons: number; depth: number } {
  let colons = 0
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at)
        break
      case 0x3a: // :
        colons++
        break
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > deepest) deepest = depth
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
    }
  }
  return { colons, depth: deepest }
}

/** The index of the quote that closes the string opened at `start`; the text's length when nothing closes it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === 0x5c) before--
    if ((end - before) % 2 === 1) return end
  }
  return text.length
}

/** Walks the text of valid JSON to name what is refused. Slow, and so run only once something is known to be odd. */
function findFaults(text: string): FieldError[] {
  const faults: FieldError[] = []
  const steps: PropertyKey[] = []
  const scalar = /[^\s,\]}]+/y
  let at = 0

  const fault = (message: string) => faults.push({ field: steps.reduce<string>(fieldPath, '') || '$', message })
  const full = () => faults.length >= mostFaults
  const skipSpace = () => {
    while (text.charCodeAt(at) <= 0x20) at++
  }
  const readString = (): string => {
    const start = at
    at = endOfString(text, at) + 1
    return JSON.parse(text.slice(start, at)) as string
  }
  const checkText = (read: string) => {
    if (!isStorable(read)) fault(read.isWellFormed() ? 'holds U+0000' : 'holds a lone surrogate')
  }
  /** Reads what stands between brackets, one part after the other; `at` is on the opening one. */
  const readParts = (close: string, readPart: (index: number) => void) => {
    const place = steps.length
    for (let index = 0; text[at] !== close && !full(); index++) {
      at++
      skipSpace()
      if (text[at] === close) break
      steps[place] = index
      readPart(index)
    }
    steps.length = place
    at++
  }
  const readMembers = () => {
    const keys = new Set<string>()
    const place = steps.length
    readParts('}', () => {
      const key = readString()
      steps[place] = key
      checkText(key)
      if (keys.has(key)) fault('is given twice')
      keys.add(key)
      skipSpace()
      at++
      readValue()
    })
  }
  const readValue = (): void => {
    skipSpace()
    if (text[at] === '{') readMembers()
    else if (text[at] === '[') readParts(']', readValue)
    else if (text[at] === '"') checkText(readString())
    else {
      scalar.lastIndex = at
      const read = scalar.exec(text)?.[0] ?? ''
      at += read.length
      const refusal = refuseNumber(read)
      if (refusal !== undefined) fault(refusal)
    }
    skipSpace()
  }
  readValue()
  return faults.slice(0, mostFaults)
}

function refuseNumber(read: string): string | undefined {
  const value = Number(read)
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || Number.isNaN(value)) return undefined
  if (!Number.isFinite(value)) return 'is a number too large to be held'
  if (Math.abs(value) >= 1e21 && /[.eE]/.test(read)) return undefined
  return 'is an integer beyond ±(2^53 − 1), which readers of JSON round: give it as a string'
}
