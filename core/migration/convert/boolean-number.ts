import { booleanOf } from './boolean.ts'
import { isNull, Refusal, type Rule } from './rule.ts'

/** 1 for true and 0 for false. Only INTEGER 0 and 1 come back by themselves. */
export const booleanNumber: Rule = {
  write(value) {
    if (value === null) return isNull
    const meaning = booleanOf(value)
    return meaning === undefined ? new Refusal('does not say true or false') : meaning ? '1' : '0'
  },
  read: (text) => (text === null ? null : BigInt(Number(text))),
}
