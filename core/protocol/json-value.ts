export type JsonObject = { [key: string]: unknown }

/** True for what `{…}` in JSON is read as: neither null, nor an array, nor an instance of a class. */
export function isJsonObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export type Inspection = {
  /** How many members all the objects have together. */
  members: number
  /** Holds a number of 1e21 or more, which JSON writes with an exponent whether or not it was given with one. */
  huge: boolean
  /** Its JSON takes no more bytes than this in UTF-8, without white space; mostly it takes far fewer. */
  mostBytes: number
  /** Holds what does not survive being written as JSON, sent and stored; see `inspectJson`. */
  faulty: boolean
}

/**
 * Looks through a value in one pass. Faulty is whatever would come back changed or not at all:
 * NaN, the infinities, undefined, functions and instances of classes; nesting deeper than `depth` arrays and objects;
 * a number that JSON writes as an integer beyond ±(2^53 − 1), where other readers see other digits;
 * a lone surrogate, which has no UTF-8; U+0000, which Postgres stores neither in text nor in JSONB.
 */
export function inspectJson(value: unknown, depth: number): Inspection {
  const found: Inspection = { members: 0, huge: false, mostBytes: 0, faulty: false }
  inspect(value, depth, found)
  return found
}

function inspect(value: unknown, depth: number, found: Inspection): void {
  // a number is the longest of what is no text; what is within an array or an object counts for itself
  found.mostBytes += 26
  if (typeof value === 'string') {
    inspectText(value, found)
  } else if (typeof value === 'number') {
    inspectNumber(value, found)
  } else if (Array.isArray(value)) {
    if (depth === 0) found.faulty = true
    else for (let i = 0; i < value.length; i++) inspect(value[i], depth - 1, found)
  } else if (isJsonObject(value)) {
    if (depth === 0) found.faulty = true
    else
      for (const key in value) {
        found.members++
        inspectText(key, found)
        inspect(value[key], depth - 1, found)
      }
  } else if (value !== null && typeof value !== 'boolean') {
    found.faulty = true
  }
}

function inspectText(text: string, found: Inspection): void {
  // an escape takes six bytes, quotes and a colon three
  found.mostBytes += 6 * text.length + 3
  if (!isStorable(text)) found.faulty = true
}

function inspectNumber(value: number, found: Inspection): void {
  if (value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER) return
  if (Math.abs(value) >= 1e21 && Number.isFinite(value)) found.huge = true
  else found.faulty = true
}

/** False for text with a lone surrogate or U+0000. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}
