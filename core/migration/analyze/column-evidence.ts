import { affinityOf } from '../convert/affinity.ts'
import { booleanOf } from '../convert/boolean.ts'
import { parseJsonText } from '../convert/json-text.ts'
import { InvalidText, Omitted, type SqliteValue } from '../value.ts'
import { fitsDecimal } from './decimal.ts'
import type { ColumnReport, StorageCounts } from './report.ts'
import type { AnalysedColumn } from './source.ts'
import { isCalledTime, timeEvidence } from './time-evidence.ts'

/** Values above this many bytes are stored in pieces. */
const large = 1_048_576
const mostExamples = 3
const mostDistinct = 12

/** Collects what there is to know about a column from its values, one after the other. Bounded memory. */
export function columnEvidence(column: AnalysedColumn) {
  const affinity = affinityOf(column.declaredType)
  const isNumeric = affinity === 'INTEGER' || affinity === 'REAL' || affinity === 'NUMERIC'
  const storage: StorageCounts = { null: 0, integer: 0, real: 0, text: 0, invalid_text: 0, blob: 0 }
  const time = timeEvidence(column.name, column.declaredType)
  const odd = new Map<string, { count: number; examples: string[] }>()
  const distinct = new Set<string>()
  let [booleans, documents, longest, empty] = [0, 0, 0, 0]
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [minimum, maximum]: (bigint | number | undefined)[] = []

  const note = (what: string, example?: string) => {
    const seen = odd.get(what) ?? { count: 0, examples: [] }
    seen.count++
    if (example !== undefined && seen.examples.length < mostExamples) seen.examples.push(example)
    odd.set(what, seen)
  }

  function addNumber(value: bigint | number) {
    if (typeof value === 'bigint') {
      storage.integer++
      if (value > 9007199254740991n || value < -9007199254740991n) note('integers beyond ±(2^53 − 1)', String(value))
    } else {
      storage.real++
      if (!Number.isFinite(value)) note('infinite numbers', String(value))
      else if (affinity === 'INTEGER')
        note('numbers with a fraction, or too large, in a column of integers', String(value))
    }
    const number = Number(value)
    if (number < least) [least, minimum] = [number, value]
    if (number > most) [most, maximum] = [number, value]
    if (!fitsDecimal(column.declaredType, number)) note(`numbers beyond ${column.declaredType}`, String(value))
  }

  function addText(text: string) {
    storage.text++
    // three bytes a unit at most: counted exactly only where it matters
    const bytes = text.length * 3 > longest ? Buffer.byteLength(text) : 0
    if (bytes > longest) longest = bytes
    if (bytes > large) note('values of more than 1 MiB')
    if (text.includes('\0')) note('texts with U+0000', shorten(text))
    if (!text.isWellFormed()) note('texts with lone surrogates')
    if (text === '') {
      empty++
      if (isNumeric) note('empty texts in a column of numbers')
      else if (isCalledTime(column.name, column.declaredType)) note('empty texts in a column of times')
    } else if (/^[+-]?(?:nan|inf(?:inity)?)$/i.test(text)) note('texts that name no finite number', text)
    else if (isNumeric && !isTimeType(column.declaredType)) note('texts in a column of numbers', shorten(text))
    if (parseJsonText(text) !== undefined) documents++
    else if (/^\s*[{[]/.test(text))
      note('texts that begin like JSON and are none, or none that JSONB keeps', shorten(text))
  }

  return {
    add(value: SqliteValue) {
      if (value instanceof Omitted) return addOmitted(value)
      time.add(value)
      if (value === null) {
        storage.null++
        return
      }
      if (booleanOf(value) !== undefined) booleans++
      else if (/BOOL/i.test(column.declaredType)) note('values that do not say true or false', shorten(shown(value)))
      if (distinct.size <= mostDistinct) distinct.add(shorten(shown(value)))
      if (typeof value === 'bigint' || typeof value === 'number') addNumber(value)
      else if (typeof value === 'string') addText(value)
      else addBytes(value)
    },
    report(): ColumnReport {
      const values = storage.integer + storage.real + storage.text + storage.invalid_text + storage.blob
      const moments = time.report()
      const booleanLike = values > 0 && booleans === values && (/BOOL/i.test(column.declaredType) || distinct.size > 1)
      return {
        name: column.name,
        declared_type: column.declaredType,
        affinity,
        not_null: column.notNull,
        ...(column.primaryKey > 0 && { primary_key: column.primaryKey }),
        ...(column.generated && { generated: true }),
        storage,
        ...(minimum !== undefined && { minimum: String(minimum), maximum: String(maximum) }),
        ...(longest > 0 && { longest_bytes: longest }),
        ...(empty > 0 && { empty_texts: empty }),
        ...(moments && { time: moments }),
        ...(documents > 0 && { json_documents: documents }),
        ...(booleanLike && { boolean: true }),
        ...(distinct.size > 0 && distinct.size <= mostDistinct && { values: [...distinct].sort() }),
        odd: [...odd].map(([what, { count, examples }]) => ({ what, count, ...(examples.length > 0 && { examples }) })),
      }
    },
  }

  function addOmitted({ storage: kind, size }: Omitted) {
    storage[kind]++
    if (size > longest) longest = size
    note('values too large to be moved, unless the plan allows it', `${size} bytes`)
  }

  function addBytes(value: InvalidText | Uint8Array) {
    const isText = value instanceof InvalidText
    const { byteLength } = isText ? value.bytes : value
    if (isText) storage.invalid_text++
    else storage.blob++
    if (byteLength > longest) longest = byteLength
    if (byteLength > large) note('values of more than 1 MiB')
    if (isText) note('texts that are not valid UTF-8', shorten(shown(value)))
    else if (affinity === 'TEXT') note('BLOBs in a column of text')
  }
}

const isTimeType = (declaredType: string) => /DATE|TIME/i.test(declaredType)

function shown(value: Exclude<SqliteValue, null | Omitted>): string {
  if (value instanceof InvalidText) return Buffer.from(value.bytes.subarray(0, 64)).toString('latin1')
  return value instanceof Uint8Array ? `x'${Buffer.from(value.subarray(0, 16)).toString('hex')}'` : String(value)
}

/** Short, and on one line whatever it holds. */
function shorten(text: string): string {
  const quoted = JSON.stringify(text.slice(0, 40).toWellFormed()).slice(1, -1)
  return text.length > 40 ? `${quoted}…` : quoted
}
