import type { IntegerLimit } from '../plan/target-limits.ts'
import type { SqliteValue } from '../value.ts'
import type { Affinity } from './affinity.ts'
import { isNull, Refusal, type Rule } from './rule.ts'

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A number as a double. Infinity stays; what a double does not hold exactly is kept beside it. */
export function copyDouble(otherwise: number | undefined, affinity: Affinity): Rule {
  return {
    write(value) {
      if (typeof value === 'number') return doubleText(value)
      const number = numberOf(value, otherwise)
      return number instanceof Refusal ? number : doubleText(number)
    },
    read: (text) => (text === null ? null : sourceNumber(Number(text), affinity)),
    surelyExact: (value) => typeof value === 'number' && affinity === 'REAL',
  }
}

/** A whole number between two bounds; others are rejected, never rounded or clamped. */
export function copyInteger(otherwise: number | undefined, limit: IntegerLimit, affinity: Affinity): Rule {
  return {
    write(value) {
      const number = numberOf(value, otherwise)
      if (number instanceof Refusal) return number
      if (!Number.isInteger(number)) return new Refusal('is not a whole number, and its target takes no other')
      if (number < limit.least || number > limit.most) {
        return new Refusal(`is not from ${limit.least} to ${limit.most}`)
      }
      return String(number)
    },
    read: (text) => (text === null ? null : sourceNumber(Number(text), affinity)),
  }
}

/** What a column of an affinity holds where it is this number. */
export function sourceNumber(number: number, affinity: Affinity): SqliteValue {
  if (affinity === 'REAL') return number
  if (affinity === 'TEXT') return doubleText(number)
  return Number.isSafeInteger(number) && !Object.is(number, -0) ? BigInt(number) : number
}

function numberOf(value: SqliteValue, otherwise: number | undefined): number | Refusal {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value === null || value === '') {
    if (otherwise !== undefined) return otherwise
    return value === null ? isNull : new Refusal('is empty text, not a number')
  }
  if (typeof value !== 'string') return new Refusal('is bytes, not a number')
  if (!decimal.test(value)) return new Refusal('is text that is not a number')
  const number = Number(value)
  return Number.isFinite(number) ? number : new Refusal('is a number too large for a double')
}

/** A double in the shortest digits that mean it. */
export function doubleText(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number)
}
